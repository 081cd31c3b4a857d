package events

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tripod/store"
)

// TestRepairKeepsAllThatIsSound flips each byte of a part, one by one: repair
// loses at most the block that the byte is in, sets the part aside, and leaves
// a sound folder.
func TestRepairKeepsAllThatIsSound(t *testing.T) {
	dir := sealedDir(t)
	files := readTree(t, dir)
	for name, whole := range files {
		if !strings.HasSuffix(name, ".part") || len(whole) < 4096 {
			continue
		}
		ats := []int{0, 9}
		for at := 0; at < len(whole)-22; at += max(1, len(whole)/40) {
			ats = append(ats, at)
		}
		for at := len(whole) - 22; at < len(whole); at++ {
			ats = append(ats, at)
		}
		for _, at := range ats {
			writeTree(t, dir, files)
			bad := bytes.Clone(whole)
			bad[at] ^= 1 << (at % 8)
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			r := checked(t, dir, true)
			for _, f := range r.Faults {
				if f.Repaired == "" {
					t.Errorf("flipped at %d of %d: %v was not repaired", at, len(whole), f)
				}
			}
			if aside, err := os.ReadFile(name + ".damaged"); err != nil || !bytes.Equal(aside, bad) {
				t.Errorf("flipped at %d: set aside %d bytes, %v", at, len(aside), err)
			}
			if r := checked(t, dir, false); len(r.Faults) > 0 || r.Days[0].Rows < 230-10 {
				t.Errorf("flipped at %d of %d: after repair %d rows, %v", at, len(whole), r.Days[0].Rows, r.Faults)
			} else if inData := at < len(whole)*2/3; !inData && at >= len(whole)-22 && r.Days[0].Rows != 230 {
				t.Errorf("flipped in the tail at %d: %d rows are left", at, r.Days[0].Rows)
			}
			var d damage
			s, err := Open(dir, Options{MaxBlockRows: 10, NewDigest: func() Digest { return &countDigest{} }, Events: d.events()})
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, err := range s.Scan(t.Context(), Query{Range: everything}) {
				if err != nil {
					t.Error(err)
				}
				seen++
			}
			if seen < 260-10 || len(d.files) > 0 {
				t.Errorf("flipped at %d: %d events are left, reported %v", at, seen, d.files)
			}
			s.Close()
		}
	}
}

// TestRepairTakesRowsOfABrokenBlock: what other columns say of rows that have
// nothing in the broken one.
func TestRepairTakesRowsOfABrokenBlock(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	list := numbered(0, 100)
	const long = "a text that stands in one row alone, and is not packed away"
	list[50].Fields = append(list[50].Fields, Field{"only", store.String(long)})
	if err := s.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	name := s.parts[0].name
	s.Close()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(long))
	if at < 0 {
		t.Fatal("the text does not stand in the part")
	}
	b[at] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	checked(t, dir, true)
	if r := checked(t, dir, false); len(r.Faults) > 0 || r.Days[0].Rows != 99 {
		t.Errorf("got %+v", r)
	}
}

// TestRepairThatStopsBeforeTheManifest leaves nothing changed but a file that
// Open removes.
func TestRepairThatStopsBeforeTheManifest(t *testing.T) {
	dir := sealedDir(t)
	parts, _ := filepath.Glob(filepath.Join(dir, "*", "*.part"))
	for _, name := range parts {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[9] ^= 1
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := os.ReadFile(manifestName(dir))
	if err != nil {
		t.Fatal(err)
	}
	before := readTree(t, dir)
	checked(t, dir, true)
	fresh := 0
	for name, b := range readTree(t, dir) { // as if it had stopped: the new parts are there, all else is as before
		if _, ok := before[name]; !ok && strings.HasSuffix(name, ".part") {
			before[name] = b
			fresh++
		}
	}
	if fresh != len(parts) {
		t.Errorf("%d new parts for %d", fresh, len(parts))
	}
	writeTree(t, dir, before)
	if now, err := os.ReadFile(manifestName(dir)); err != nil || !bytes.Equal(now, manifest) {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{MaxBlockRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if r := checked(t, dir, true); len(r.Faults) == 0 || r.Days[0].Rows < 220 {
		t.Errorf("got %+v", r)
	}
	if r := checked(t, dir, false); len(r.Faults) > 0 || r.Days[0].Rows < 230-20 {
		t.Errorf("got %+v", r)
	}
}

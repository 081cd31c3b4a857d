package events

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sealedDir is the folder of a closed store with an indexed part, a plain part
// and a journal; 20 blocks of 10 rows are in the first.
func sealedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := openTest(t, dir, Options{MaxBlockRows: 10, NewDigest: func() Digest { return &countDigest{} }})
	for n := 0; n < 200; n += 200 / mergeRun {
		if err := s.Append(t.Context(), numbered(n, n+200/mergeRun)); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
	}
	mergeAll(t, s)
	sealAll(t, s)
	for range 2 {
		if err := s.Append(t.Context(), numbered(300, 330)); err != nil {
			t.Fatal(err)
		}
		if s.head.rows == 30 && len(s.parts) == 1 {
			flush(t, s)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func checked(t *testing.T, dir string, repair bool) Report {
	t.Helper()
	r, err := Check(t.Context(), dir, CheckOptions{Repair: repair, NewDigest: func() Digest { return &countDigest{} }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCheckExplainsASoundFolder(t *testing.T) {
	dir := sealedDir(t)
	before := readTree(t, dir)
	r := checked(t, dir, false)
	if len(r.Faults) > 0 {
		t.Errorf("faults: %v", r.Faults)
	}
	if len(r.Days) != 1 || r.Days[0].Parts != 2 || r.Days[0].Sealed != 1 || r.Days[0].Rows != 230 || r.Journal != 30 {
		t.Errorf("got %+v", r)
	}
	var columns, parts, all int64
	for _, c := range r.Columns {
		columns += c.Bytes
		if c.Name == "n" && c.Values != 230 {
			t.Errorf("got %+v", c)
		}
	}
	for _, f := range r.Files {
		if all += f.Bytes; f.Kind == "parts" {
			parts = f.Bytes
		}
	}
	if columns > parts || columns < parts/2 {
		t.Errorf("columns of %d bytes in parts of %d", columns, parts)
	}
	var onDisk int64
	for name, b := range readTree(t, dir) {
		onDisk += int64(len(b))
		if string(before[name]) != string(b) {
			t.Errorf("%s was changed", name)
		}
	}
	if all > onDisk {
		t.Errorf("files of %d bytes, %d are there", all, onDisk)
	}
}

// TestCheckFindsEveryFlippedBit but those of no meaning, and repairs what can
// be made anew.
func TestCheckFindsEveryFlippedBit(t *testing.T) {
	dir := sealedDir(t)
	files := readTree(t, dir)
	for name, whole := range files {
		for at := 0; at < len(whole); at += max(1, len(whole)/25) {
			writeTree(t, dir, files)
			bad := append([]byte(nil), whole...)
			bad[at] ^= 1 << (at % 8)
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if r := checked(t, dir, false); len(r.Faults) == 0 {
				t.Errorf("%s flipped at %d of %d: no fault", filepath.Base(name), at, len(whole))
			}
			r := checked(t, dir, true)
			repaired := false
			for _, f := range r.Faults {
				repaired = repaired || f.Repaired != ""
			}
			again := checked(t, dir, false)
			if strings.Contains(name, indexSuffix) && (!repaired || len(again.Faults) > 0) {
				t.Errorf("%s flipped at %d: %v, after repair %v", name, at, r.Faults, again.Faults)
			}
			if repaired && len(again.Faults) >= len(r.Faults) {
				t.Errorf("%s flipped at %d: repaired %v, still %v", name, at, r.Faults, again.Faults)
			}
		}
	}
}

// TestDamagedIndexIsMadeAnew: an index that is broken or lost never changes an
// answer.
func TestDamagedIndexIsMadeAnew(t *testing.T) {
	dir := sealedDir(t)
	files := readTree(t, dir)
	for name, whole := range files {
		if !strings.Contains(name, indexSuffix) {
			continue
		}
		for at := 0; at < len(whole); at += max(1, len(whole)/10) {
			writeTree(t, dir, files)
			bad := append([]byte(nil), whole...)
			bad[at] ^= 1 << (at % 8)
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			var d damage
			s, err := Open(dir, Options{MaxBlockRows: 10, Events: d.events()})
			if err != nil {
				t.Fatal(err)
			}
			if got := collect(t, s, Query{Range: everything, Where: Equal{"n", "150"}}); len(got) != 1 {
				t.Errorf("%s flipped at %d: found %d", name, at, len(got))
			}
			if len(d.files) == 0 || s.parts[0].sealed.Load() {
				t.Errorf("%s flipped at %d: reported %q, sealed %v", name, at, d.files, s.parts[0].sealed.Load())
			}
			sealAll(t, s)
			if got := collect(t, s, Query{Range: everything, Where: Equal{"n", "150"}}); len(got) != 1 || !s.parts[0].sealed.Load() {
				t.Errorf("after making it anew: found %d", len(got))
			}
			s.Close()
		}
	}
}

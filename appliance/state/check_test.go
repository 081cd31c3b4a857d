package state

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string][]byte{}
	for i := range 2000 {
		set[fmt.Sprintf("/var/log/%d.log", i)] = bytes.Repeat([]byte("x"), 50)
	}
	if err := s.SaveCursors(set, nil); err != nil {
		t.Fatal(err)
	}
	s.Slot("shop")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := Check(path); err != nil || n != 2001 {
		t.Errorf("a sound file: %d entries, %v", n, err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, sound) {
		t.Error("a check changed the file")
	}
	for name, harmed := range map[string][]byte{
		"empty":      {},
		"cut":        sound[:20<<10],
		"no headers": append(make([]byte, 8<<10), sound[8<<10:]...),
		"zeroes":     append(bytes.Clone(sound[:16<<10]), make([]byte, len(sound)-16<<10)...),
		"a text":     bytes.Repeat([]byte("no database at all\n"), 1000),
	} {
		if err := os.WriteFile(path, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := Check(path); err == nil {
			t.Errorf("%s: sound with %d entries", name, n)
		}
	}
}

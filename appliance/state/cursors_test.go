package state

import (
	"path/filepath"
	"testing"
)

func TestCursorsSurviveRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCursors(map[string][]byte{"a": []byte("1"), "b": []byte("2")}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCursors(map[string][]byte{"a": []byte("3")}, []string{"b", "none"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Cursors()
	if err != nil || len(got) != 1 || string(got["a"]) != "3" {
		t.Errorf("got %q, %v", got, err)
	}
}

package state

import (
	"fmt"
	"path/filepath"
	"testing"
)

func TestSlotsFollowFirstAppearanceAndSurviveRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if got, want := s.Slot(fmt.Sprintf("service-%d", i)), i%10+1; got != want {
			t.Errorf("service %d: slot %d, want %d", i, got, want)
		}
	}
	if got := s.Slot("service-3"); got != 4 {
		t.Errorf("asked again: slot %d, want 4", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Slot("service-7"); got != 8 {
		t.Errorf("after a restart: slot %d, want 8", got)
	}
	if got := s.Slot("new"); got != 3 {
		t.Errorf("a thirteenth service: slot %d, want 3", got)
	}
}

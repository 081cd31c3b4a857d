package events

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// thinning keeps of every part the events whose number is one of ten.
type thinning struct {
	now  time.Time
	told []string
	o    Options
}

func newThinning(t *testing.T) *thinning {
	th := &thinning{now: time.Unix(0, testDay)}
	th.o = Options{
		MaxBlockRows: 16, Retention: 24 * time.Hour, RetentionThin: 10 * 24 * time.Hour, Now: func() time.Time { return th.now },
		NewDigest: func() Digest { return &sumDigest{} },
		Thin: func(_ context.Context, r store.TimeRange) (func(*Event) bool, error) {
			return func(e *Event) bool {
				if !r.Has(e.Time) {
					t.Errorf("asked for %v to %v, and about an event at %d", r.From, r.To, e.Time)
				}
				v, _ := e.Get("n")
				return v.Int()%10 == 0
			}, nil
		},
		Events: Events{
			Dropped: func(day, reason string) { th.told = append(th.told, "dropped "+day+" "+reason) },
			Thinned: func(day string, kept, of int) {
				th.told = append(th.told, fmt.Sprint("thinned ", day, " ", kept, " of ", of))
			},
		},
	}
	return th
}

// days fills a store with a part a day, each of a hundred numbers.
func (th *thinning) days(t *testing.T, s *Store, n int) {
	t.Helper()
	for i := range n {
		ev := numbered(100*i, 100*(i+1))
		for k := range ev {
			ev[k].Time = th.now.UnixNano() + int64(k)
		}
		if err := s.Append(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
		th.now = th.now.Add(24 * time.Hour)
	}
}

func (th *thinning) retain(t *testing.T, s *Store) {
	t.Helper()
	if err := s.retain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func digestSum(t *testing.T, s *Store) (n int64) {
	t.Helper()
	if err := s.Digests(t.Context(), everything, func(d Digest) { n += d.(*sumDigest).n }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestThin(t *testing.T) {
	th, dir := newThinning(t), t.TempDir()
	s := openTest(t, dir, th.o)
	th.days(t, s, 4)
	all := digestSum(t, s)
	th.retain(t, s)
	if want := []string{"thinned 2026-03-01 10 of 100", "thinned 2026-03-02 10 of 100", "thinned 2026-03-03 10 of 100"}; !slices.Equal(th.told, want) {
		t.Errorf("told %q, want %q", th.told, want)
	}
	kept := func(s *Store) []int64 {
		got := numbers(t, s)
		for _, n := range got {
			if n < 300 && n%10 != 0 {
				t.Errorf("%d is kept", n)
			}
		}
		return got
	}
	want := kept(s)
	if len(want) != 130 || digestSum(t, s) != all {
		t.Errorf("%d events, which sum up to %d of %d", len(want), digestSum(t, s), all)
	}
	if got := s.Thinned(); !got.Equal(time.Unix(0, testDay+2*day+90)) {
		t.Errorf("thinned up to %v", got)
	}
	th.retain(t, s) // nothing more to do
	again := func(name string) {
		s.Close()
		s = openTest(t, dir, th.o)
		if got := kept(s); !slices.Equal(got, want) || digestSum(t, s) != all || s.Thinned().IsZero() {
			t.Errorf("%s: got %d events, sum %d", name, len(got), digestSum(t, s))
		}
	}
	again("opened again")
	if err := os.Remove(manifestName(dir)); err != nil {
		t.Fatal(err)
	}
	again("with a manifest made anew")
	th.told = nil
	th.now = th.now.Add(7 * 24 * time.Hour)
	th.retain(t, s)
	if want := "thinned 2026-03-04 10 of 100, dropped 2026-03-01 age"; strings.Join(th.told, ", ") != want && strings.Join(th.told, ", ") != "dropped 2026-03-01 age, thinned 2026-03-04 10 of 100" {
		t.Errorf("told %q, want %s", th.told, want)
	}
}

func TestThinKeepsAReaderWhole(t *testing.T) {
	th := newThinning(t)
	s := openTest(t, t.TempDir(), th.o)
	th.days(t, s, 3)
	n := 0
	for _, err := range s.Scan(t.Context(), Query{Range: everything}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			th.retain(t, s)
		}
	}
	if n != 300 {
		t.Errorf("the reader got %d events, want 300", n)
	}
}

func TestThinOfNothing(t *testing.T) {
	th := newThinning(t)
	th.o.Thin = func(context.Context, store.TimeRange) (func(*Event) bool, error) {
		return func(*Event) bool { return false }, nil
	}
	s := openTest(t, t.TempDir(), th.o)
	th.days(t, s, 2)
	th.retain(t, s)
	if want := []string{"dropped 2026-03-01 thinned", "thinned 2026-03-01 0 of 100"}; !slices.Equal(th.told, want) || len(numbers(t, s)) != 100 {
		t.Errorf("told %q, %d events left", th.told, len(numbers(t, s)))
	}
}

// TestThinForRoom thins the oldest first, and drops what was thinned where that
// takes half of the room.
func TestThinForRoom(t *testing.T) {
	th := newThinning(t)
	th.o.Retention, th.o.RetentionThin = 0, 0
	s := openTest(t, t.TempDir(), th.o)
	th.days(t, s, 4)
	s.o.MaxBytes = s.Usage().Bytes - 1
	th.retain(t, s)
	if want := []string{"thinned 2026-03-01 10 of 100"}; !slices.Equal(th.told, want) {
		t.Errorf("told %q, want %q", th.told, want)
	}
	th.told, s.o.MaxBytes = nil, 1
	th.retain(t, s)
	if len(s.parts) != 0 || th.told[0] != "dropped 2026-03-01 bytes" {
		t.Errorf("told %q, %d parts left", th.told, len(s.parts))
	}
}

// TestThinThatFails keeps the part whole as long as what is thinned.
func TestThinThatFails(t *testing.T) {
	th := newThinning(t)
	var failed []string
	th.o.Thin = func(context.Context, store.TimeRange) (func(*Event) bool, error) { return nil, errors.New("broken") }
	th.o.Events.Failed = func(what string, err error) { failed = append(failed, fmt.Sprint(what, " ", err)) }
	s := openTest(t, t.TempDir(), th.o)
	th.days(t, s, 2)
	th.retain(t, s)
	th.retain(t, s)
	if !slices.Equal(failed, []string{"thin broken"}) || len(numbers(t, s)) != 200 {
		t.Errorf("failed %q, %d events left", failed, len(numbers(t, s)))
	}
	th.now = th.now.Add(11 * 24 * time.Hour)
	th.retain(t, s)
	if len(s.parts) != 0 {
		t.Errorf("%d parts left", len(s.parts))
	}
}

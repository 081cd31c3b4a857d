package metrics

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

func appendSeries(t *testing.T, s *Store, at time.Time, name string, from, to int) (refused int) {
	t.Helper()
	app := s.Appender(context.Background())
	for i := from; i < to; i++ {
		_, err := app.Append(0, labels.FromStrings("__name__", name, "i", fmt.Sprint(i)), at.UnixMilli(), 1)
		switch {
		case errors.Is(err, ErrTooManySeries) && Refused(err):
			refused++
		case err != nil:
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return refused
}

// The bound refuses new series and nothing else, and counts those that were
// there before a start.
func TestSeriesAreBounded(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	o := Options{MaxSeries: 10, Now: func() time.Time { return now }}
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := appendSeries(t, s, now, "a", 0, 14); n != 4 {
		t.Errorf("%d of 14 series were refused, want 4", n)
	}
	now = now.Add(time.Second)
	if n := appendSeries(t, s, now, "a", 0, 10); n != 0 {
		t.Errorf("%d samples of known series were refused", n)
	}
	if !s.Full() {
		t.Error("does not say that it is full")
	}
	if u := s.Usage(); u.Series != 10 || u.Accepted != 20 || u.Rejected != 4 || s.births.refused.Load() != 4 || s.Refusals()["too_many_series"] != 4 {
		t.Errorf("usage %+v", u)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.MaxSeries = 11
	if s, err = Open(dir, o); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.births.live.Load(); got != 10 || s.births.born.Load() != 0 {
		t.Errorf("after a start %d series live and %d are new", got, s.births.born.Load())
	}
	if n := appendSeries(t, s, now.Add(time.Second), "b", 0, 3); n != 2 {
		t.Errorf("%d of 3 series were refused, want 2", n)
	}
	var _ storage.Appendable = s
}

func TestNewSeriesOfTheLastHour(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s, err := Open(t.TempDir(), Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := func(a, b int64) {
		t.Helper()
		by, all := s.births.lastHour()
		if by["a"] != a || by["b"] != b || all != a+b {
			t.Errorf("got %v, %d, want %d of a and %d of b", by, all, a, b)
		}
	}
	appendSeries(t, s, now, "a", 0, 5)
	now = now.Add(30 * time.Minute)
	appendSeries(t, s, now, "a", 0, 6)
	appendSeries(t, s, now, "b", 0, 2)
	want(6, 2)
	now = now.Add(45 * time.Minute)
	want(1, 2)
	now = now.Add(5 * time.Hour)
	want(0, 0)
}

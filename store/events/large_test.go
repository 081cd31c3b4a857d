package events

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

// TestLargeEventsSpareTheirNeighbours appends what is too large for a journal
// among events that are not, and finds all that was acknowledged at the next
// start.
func TestLargeEventsSpareTheirNeighbours(t *testing.T) {
	line := func(n int) string { // a template learns nearly all of it
		return fmt.Sprintf(`{"number":%d,"form%d":"%s"}`, n, n, strings.Repeat("word ", 3<<20/5))
	}
	var names, lines []Field
	for i := range 5 {
		names = append(names, Field{strings.Repeat("x", 1<<20) + string(rune('a'+i)), store.Int(1)})
		lines = append(lines, Field{"raw", store.String(line(i))})
	}
	many := make([]Field, maxRowFields+1)
	for i := range many {
		many[i].Name = fmt.Sprintf("%0300d", i)
	}
	for name, c := range map[string]struct {
		bad     []Field
		refused string // what the error names
	}{
		"a name":                               {[]Field{{strings.Repeat("k", maxFrame+1<<20), store.Int(1)}}, `"kkkk`},
		"names":                                {names, `"xxxx`},
		"names of values":                      {many, `"0000`},
		"a name that is not the event's fault": {[]Field{{strings.Repeat("k", 2<<20), store.Int(1)}}, ""},
		"lines of an event":                    {lines, `"raw"`},
	} {
		t.Run(name, func(t *testing.T) {
			var ev []Event
			for _, e := range numbered(0, 6) {
				ev = append(ev, e, Event{Time: e.Time, Fields: append(slices.Clone(c.bad), Field{"large", store.Bool(true)})})
			}
			keepsAll(t, ev, c.refused)
		})
	}
	t.Run("lines", func(t *testing.T) { // each of which is small for itself
		var ev []Event
		for i, e := range numbered(0, 8) {
			ev = append(ev, Event{Time: e.Time, Fields: []Field{{"n", store.Int(int64(i))}, {"raw", store.String(line(i))}}})
		}
		keepsAll(t, ev, "")
	})
}

// keepsAll appends events, of which those that are large are refused if an error
// is to name something, and looks for the others.
func keepsAll(t *testing.T, ev []Event, refused string) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	err := s.Append(t.Context(), ev)
	var partial *store.PartialError
	if errors.As(err, &partial) != (refused != "") || partial != nil && !strings.Contains(partial.Reason, refused) || partial == nil && err != nil {
		t.Fatalf("got %.200v, want an error that names %q", err, refused)
	}
	var want []string
	for i := range ev {
		if _, large := ev[i].Get("large"); !large || refused == "" {
			want = append(want, show(&ev[i]))
		}
	}
	for _, state := range []string{"head", "replayed", "flushed"} {
		switch state {
		case "replayed":
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openTest(t, dir, Options{Events: Events{Damaged: func(file string, at int64, err error) {
				t.Errorf("%s at %d: %v", file, at, err)
			}}})
		case "flushed":
			flush(t, s)
		}
		got := collect(t, s, Query{Range: everything, Oldest: true})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d events, want %d", state, len(got), len(want))
		}
	}
}

// TestRefusedEventsLeaveNothingBehind: a batch with one is the batch without it.
func TestRefusedEventsLeaveNothingBehind(t *testing.T) {
	long := store.String(strings.Repeat("x", maxRowBytes))
	batchOf := func(bad bool) []byte {
		w := newBatchWriter()
		w.reset(&lineMemory{})
		for i := range 20 {
			e := formOfLine(i%2, i)
			if err := w.add(&e); err != nil {
				t.Fatal(err)
			}
			if e = formOfLine(5+i, i); bad {
				e.Fields = append(e.Fields, Field{fmt.Sprintf("refused%d", i), store.Int(1)}, Field{"long", long})
				if err := w.add(&e); !errors.Is(err, store.ErrTooLarge) {
					t.Fatalf("got %v, want ErrTooLarge", err)
				}
			}
		}
		return w.frame().batch.data
	}
	if got, want := batchOf(true), batchOf(false); string(got) != string(want) {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestFrameThatNoReplayTakesIsRefused(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	c := &commit{frames: []frame{{batch: &batch{data: make([]byte, maxFrame+1)}}}}
	if err := s.enqueue(c); !errors.Is(err, store.ErrTooLarge) || queued(s) != 0 {
		t.Errorf("got %v with %d in the queue, want ErrTooLarge", err, queued(s))
	}
}

package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"tripod/store"
)

// told gathers what Tally tells: events by class, fields by name and kind, and
// their values.
type told struct {
	counts map[string]int64
	field  string
}

func (t *told) Events(counts [Classes]int64) {
	for class, n := range counts {
		t.add(fmt.Sprint("class ", class), n)
	}
}

func (t *told) Field(name string, kind store.Kind, events int64) {
	t.field = fmt.Sprintf("%s=%d", name, kind)
	t.add(t.field, events)
}

func (t *told) Value(v store.Value, events int64) { t.add(t.field+":"+v.Text(), events) }

func (t *told) add(key string, n int64) {
	if n > 0 {
		t.counts[key] += n
	}
}

// compareTally counts the values of fields, all or some.
func compareTally(t *testing.T, s *Store, o *oracle, q Query) {
	t.Helper()
	some := map[string]bool{}
	for _, name := range q.Fields {
		some[name] = true
	}
	got, want := &told{counts: map[string]int64{}}, &told{counts: map[string]int64{}}
	q.Fields, q.Named = nil, func(name string) bool { return len(some) == 0 || some[name] }
	if err := s.Tally(t.Context(), q, got); err != nil {
		t.Fatal(err)
	}
	for i := range o.events {
		e := &o.events[i]
		if !q.Range.Has(e.Time) || q.Where != nil && !q.Where.Match(e) {
			continue
		}
		want.add(fmt.Sprint("class ", e.Class), 1)
		for _, f := range e.Fields {
			if f.Value.Kind == store.KindEmpty {
				continue
			}
			want.Field(f.Name, f.Value.Kind, 1)
			if f.Value.Kind < store.KindBytes && q.Named(f.Name) {
				want.Value(f.Value, 1)
			}
		}
	}
	if !maps.Equal(got.counts, want.counts) {
		t.Fatalf("%#v: got %v, want %v", q, got.counts, want.counts)
	}
}

func TestTallyEndsWithItsRequest(t *testing.T) {
	s := filled(t, 5000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Tally(ctx, Query{Range: everything}, &told{counts: map[string]int64{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"tripod/store"
)

// TraceEngine keeps spans.
type TraceEngine interface {
	Append(context.Context, []store.Span) error
	Trace(context.Context, store.TraceID) (store.Trace, error)
	Search(context.Context, store.TraceQuery) ([]store.TraceSummary, error)
	Services(context.Context) ([]string, error)
	Operations(ctx context.Context, service string) ([]store.Operation, error)
	RED(context.Context, store.TimeRange, time.Duration) ([]store.RED, error)
	Usage() store.Usage
	Close() error
}

// Traces is the contract of a trace engine; open opens one in a folder.
func Traces(t *testing.T, lacks Lacks, open func(t *testing.T, dir string) TraceEngine) {
	spans := SpanCorpus(1, 1500)
	dir := t.TempDir()
	e := open(t, dir)
	empty(t, e)
	for batch := range slices.Chunk(spans, 100) {
		if err := e.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if !lacks.Reopen {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = open(t, dir)
	}
	t.Cleanup(func() { e.Close() })
	byTrace := map[store.TraceID][]store.Span{}
	for _, s := range spans {
		byTrace[s.TraceID] = append(byTrace[s.TraceID], s)
	}
	t.Run("a trace comes back whole", func(t *testing.T) { wholeTraces(t, e, byTrace, lacks) })
	t.Run("late and doubled spans join", func(t *testing.T) { lateSpans(t, e) })
	t.Run("search finds all that fits, newest first", func(t *testing.T) { searchTraces(t, e, byTrace) })
	t.Run("services and operations", func(t *testing.T) { servicesAndOperations(t, e, spans) })
	t.Run("rates, errors, durations", func(t *testing.T) { rates(t, e, spans) })
	t.Run("bad spans are refused alone", func(t *testing.T) { refused(t, e) })
}

func empty(t *testing.T, e TraceEngine) {
	t.Helper()
	if _, err := e.Trace(t.Context(), store.TraceID{1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("trace of an empty store: got %v, want ErrNotFound", err)
	}
	got, err := e.Search(t.Context(), store.TraceQuery{Range: everything})
	if err != nil || len(got) != 0 {
		t.Errorf("search in an empty store: got %v, %v", got, err)
	}
	if u := e.Usage(); u.Items != 0 || u.Oldest != 0 {
		t.Errorf("usage of an empty store: got %+v", u)
	}
}

var everything = store.TimeRange{From: Start.Add(-time.Hour).UnixNano(), To: Start.Add(2 * time.Hour).UnixNano()}

func wholeTraces(t *testing.T, e TraceEngine, byTrace map[store.TraceID][]store.Span, lacks Lacks) {
	n := 0
	for id, want := range byTrace {
		if n++; n > 60 {
			return
		}
		got, err := e.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != id || len(got.Spans) != len(want) {
			t.Fatalf("trace %s: got %d spans, want %d", id, len(got.Spans), len(want))
		}
		if !slices.IsSortedFunc(got.Spans, func(a, b store.Span) int { return cmp.Compare(a.Start, b.Start) }) {
			t.Errorf("trace %s: not in order of start", id)
		}
		for _, w := range want {
			i := slices.IndexFunc(got.Spans, func(s store.Span) bool { return s.SpanID == w.SpanID })
			if i < 0 {
				t.Fatalf("trace %s: no span %s", id, w.SpanID)
			}
			if g, w := plain(got.Spans[i]), plain(w); !lacks.Types && !reflect.DeepEqual(g, w) {
				t.Fatalf("span came back changed:\ngot  %+v\nwant %+v", g, w)
			}
		}
	}
}

// plain makes spans comparable: pointers go, and empty lists are nil.
func plain(s store.Span) map[string]any {
	m := map[string]any{"attrs": fmt.Sprintf("%#v", []store.Attr(s.Attrs))}
	if len(s.Attrs) == 0 {
		m["attrs"] = ""
	}
	if s.Resource != nil {
		m["resource"] = fmt.Sprintf("%#v", *s.Resource)
	}
	if s.Scope != nil {
		m["scope"] = fmt.Sprintf("%#v", *s.Scope)
	}
	for i, ev := range s.Events {
		m[fmt.Sprint("event", i)] = fmt.Sprint(ev.Time, ev.Name, ev.Dropped, len(ev.Attrs)) + fmt.Sprintf("%#v", append(store.Attrs{}, ev.Attrs...))
	}
	for i, l := range s.Links {
		m[fmt.Sprint("link", i)] = fmt.Sprint(l.TraceID, l.SpanID, l.TraceState, l.Flags, l.Dropped) + fmt.Sprintf("%#v", append(store.Attrs{}, l.Attrs...))
	}
	s.Attrs, s.Resource, s.Scope, s.Events, s.Links = nil, nil, nil, nil, nil
	m["span"] = s
	return m
}

func lateSpans(t *testing.T, e TraceEngine) {
	id, at := store.TraceID{0xaa, 15: 1}, Start.Add(-30*time.Minute).UnixNano()
	span := func(n, parent byte, start int64) store.Span {
		return store.Span{TraceID: id, SpanID: store.SpanID{n}, ParentID: store.SpanID{parent}, Name: fmt.Sprint(n), Service: "late", Start: at + start, End: at + start + 100}
	}
	for _, s := range []store.Span{span(4, 3, 7), span(3, 2, 5), span(3, 2, 5), span(2, 1, 5), span(1, 0, 0)} {
		if err := e.Append(t.Context(), []store.Span{s}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := e.Trace(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var names string
	for _, s := range got.Spans {
		names += s.Name
	}
	if names != "1234" {
		t.Errorf("got spans %s, want 1234: once each, parents first", names)
	}
	sum, err := e.Search(t.Context(), store.TraceQuery{Range: everything, Service: "late"})
	if err != nil || len(sum) != 1 || sum[0].Spans != 4 || sum[0].RootName != "1" {
		t.Errorf("got %+v, %v", sum, err)
	}
}

func refused(t *testing.T, e TraceEngine) {
	at := Start.UnixNano()
	good := store.Span{TraceID: store.TraceID{9, 9}, SpanID: store.SpanID{1}, Name: "good", Start: at, End: at}
	err := e.Append(t.Context(), []store.Span{{Name: "no ids"}, good})
	var partial *store.PartialError
	if !errors.As(err, &partial) || partial.Rejected != 1 || partial.Reason == "" {
		t.Errorf("got %v, want a PartialError of 1", err)
	}
	if tr, err := e.Trace(t.Context(), good.TraceID); err != nil || len(tr.Spans) != 1 {
		t.Errorf("the good span beside it: got %v, %v", tr, err)
	}
}

package traces

import (
	"context"
	"slices"
	"testing"
	"unsafe"

	"tripod/store"
	"tripod/store/storetest"
)

// TestSpansWhoseTextsDoNotLast sees everything come back of spans whose memory
// is used for something else after Append.
func TestSpansWhoseTextsDoNotLast(t *testing.T) {
	storetest.Traces(t, storetest.Lacks{}, func(t *testing.T, dir string) storetest.TraceEngine {
		return fleeting{openTest(t, dir, Options{})}
	})
	spans := storetest.SpanCorpus(5, 1500)
	lasts, passes := openTest(t, t.TempDir(), Options{}), fleeting{openTest(t, t.TempDir(), Options{})}
	for batch := range slices.Chunk(spans, 100) {
		if err := lasts.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if err := passes.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	services, err := lasts.Services(t.Context())
	if passing, err2 := passes.Services(t.Context()); err != nil || err2 != nil || !slices.Equal(passing, services) {
		t.Errorf("services %q, %v, %v; want %q", passing, err, err2, services)
	}
	for _, service := range services {
		want, err := lasts.Operations(t.Context(), service)
		if got, err2 := passes.Operations(t.Context(), service); err != nil || err2 != nil || !slices.Equal(got, want) {
			t.Errorf("operations %v, %v, %v; want %v", got, err, err2, want)
		}
	}
	want, got := gotEdges(t, lasts, always), gotEdges(t, passes.Store, always)
	if len(want) == 0 || len(got) != len(want) {
		t.Fatalf("%d dependencies, want %d", len(got), len(want))
	}
	for e, n := range want {
		if got[e] != n {
			t.Errorf("%v: got %v, want %v", e, got[e], n)
		}
	}
}

// fleeting hands over spans whose texts lie in memory that is then overwritten.
type fleeting struct{ *Store }

func (f fleeting) Append(ctx context.Context, spans []store.Span) error {
	var m fleetingMemory
	defer m.overwrite()
	list := slices.Clone(spans)
	for i := range list {
		s := &list[i]
		for _, text := range []*string{&s.TraceState, &s.Name, &s.StatusMessage, &s.Service} {
			*text = m.text(*text)
		}
		s.Attrs = m.attrs(s.Attrs)
		s.Events = slices.Clone(s.Events)
		for j := range s.Events {
			s.Events[j].Name, s.Events[j].Attrs = m.text(s.Events[j].Name), m.attrs(s.Events[j].Attrs)
		}
		if s.Resource != nil {
			r := *s.Resource
			r.Attrs, r.SchemaURL, s.Resource = m.attrs(r.Attrs), m.text(r.SchemaURL), &r
		}
		if s.Scope != nil {
			c := *s.Scope
			c.Attrs, c.Name, c.Version, s.Scope = m.attrs(c.Attrs), m.text(c.Name), m.text(c.Version), &c
		}
	}
	return f.Store.Append(ctx, list)
}

type fleetingMemory struct{ all [][]byte }

func (m *fleetingMemory) text(s string) string {
	b := []byte(s)
	m.all = append(m.all, b)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (m *fleetingMemory) attrs(in store.Attrs) store.Attrs {
	out := slices.Clone(in)
	for i := range out {
		out[i].Key = m.text(out[i].Key)
		if out[i].Value.Kind == store.KindString {
			out[i].Value = store.String(m.text(out[i].Value.Str()))
		}
	}
	return out
}

func (m *fleetingMemory) overwrite() {
	for _, b := range m.all {
		for i := range b {
			b[i] = '#'
		}
	}
}

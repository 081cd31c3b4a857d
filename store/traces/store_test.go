package traces

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
)

func openTest(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Traces(t, storetest.Lacks{}, func(t *testing.T, dir string) storetest.TraceEngine {
		return openTest(t, dir, Options{})
	})
}

func TestSpansBeforeTheTimeThatIsKeptAreRefused(t *testing.T) {
	now := time.Unix(0, benchStart)
	s := openTest(t, t.TempDir(), Options{Retention: 24 * time.Hour, Now: func() time.Time { return now }})
	span := func(id byte, start, end time.Duration) store.Span {
		return store.Span{TraceID: store.TraceID{id}, SpanID: store.SpanID{id}, Start: now.Add(start).UnixNano(), End: now.Add(end).UnixNano()}
	}
	err := s.Append(t.Context(), []store.Span{
		span(1, -25*time.Hour, -24*time.Hour-time.Second), span(2, -48*time.Hour, -time.Hour), {TraceID: store.TraceID{3}}, span(4, -time.Hour, 0),
	})
	var partial *store.PartialError
	if !errors.As(err, &partial) || partial.Rejected != 2 || !strings.Contains(partial.Reason, "before the time that is kept") {
		t.Errorf("got %v", err)
	}
	for id, kept := range map[byte]bool{1: false, 2: true, 4: true} {
		if _, err := s.Trace(t.Context(), store.TraceID{id}); (err == nil) != kept {
			t.Errorf("trace %d: %v", id, err)
		}
	}
}

func TestATraceNeverEndsBeforeItStarts(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	span := store.Span{TraceID: store.TraceID{1}, SpanID: store.SpanID{1}, Start: benchStart, End: benchStart - 5e6}
	if err := s.Append(t.Context(), []store.Span{span}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Search(t.Context(), store.TraceQuery{Range: everyHour})
	if err != nil || len(got) != 1 || got[0].Duration() != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

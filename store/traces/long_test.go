package traces

import (
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
	"tripod/store/traces/traceql"
)

func TestLeastDurationOfAQuery(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`{ traceDuration > 1s }`: time.Second, `{ traceDuration >= 1s && traceDuration > 2s }`: 2 * time.Second, `{ trace:duration = 5ms && name = "a" }`: 5 * time.Millisecond,
		`{ traceDuration > 1s || traceDuration > 3s }`: time.Second, `{ traceDuration > 1s || name = "a" }`: 0,
		`{ traceDuration < 1s }`: 0, `{ traceDuration != 1s }`: 0, `{ duration > 1s }`: 0, `{}`: 0, `{ traceDuration > -1s }`: 0,
	} {
		q, err := traceql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		plan := q.Plan()
		if got := leastOf(traceql.All(append(plan.Trace, plan.Span))); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// A long trace is found by spans that lie far apart, hours into a scan, and
// those that are not long are never read.
func TestLongTracesAreFoundByTheirTimes(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	var spans []store.Span
	for i := range 50 {
		id, start := store.TraceID{9, byte(i)}, at+int64(i)*int64(7*time.Minute)
		spans = append(spans, store.Span{TraceID: id, SpanID: store.SpanID{1}, Start: start, End: start + int64(time.Second)})
	}
	spans = append(spans, longTrace(1, at)...)
	spans = append(spans, longTrace(2, at+int64(3*time.Hour))...)
	spans = append(spans, longTrace(3, at+int64(5*time.Hour))...) // its end lies behind the range
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	within := store.TimeRange{From: at, To: at + int64(5*time.Hour) + int64(10*time.Minute)}
	for name, q := range map[string]store.SpanQuery{
		"a condition": {Text: `{ traceDuration > 20m }`, Range: within},
		"a parameter": {Text: `{}`, Range: within, MinDuration: 20 * time.Minute},
	} {
		a, err := s.FindSpans(t.Context(), q)
		if err != nil || len(a.Traces) != 3 || a.Inspected != 3 {
			t.Fatalf("%s: got %d traces of %d, %v; want the 3 long ones alone", name, len(a.Traces), a.Inspected, err)
		}
		for i := range a.Traces {
			if tr := &a.Traces[i].Trace; tr.ID[0] != byte(3-i) || tr.Spans != 2 || time.Duration(tr.Duration()) != 31*time.Minute {
				t.Errorf("%s: trace %d is %+v", name, i, tr)
			}
		}
	}
}

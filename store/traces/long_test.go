package traces

import (
	"math/rand/v2"
	"slices"
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
	receipt := &store.Receipt{}
	m, err := s.SpanMetrics(t.Context(), store.SpanMetricQuery{Text: `{ traceDuration > 20m } | count_over_time()`, Range: within, Receipt: receipt})
	if err != nil || len(m.Series) != 1 {
		t.Fatalf("%d series, %v", len(m.Series), err)
	}
	if got := m.Series[0].Points; len(got) == 0 || got[len(got)-1].Value != 5 { // the last one's end is behind the range
		t.Errorf("got %v, want 5 spans", got)
	}
	if !slices.Contains(receipt.Reads, "3 traces read whole") {
		t.Errorf("read %q", receipt.Reads)
	}
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

// farTrace has a root that lasts so long, and a child so far behind its start.
func farTrace(no byte, at int64, lasts, far, child time.Duration) []store.Span {
	id := store.TraceID{no}
	return []store.Span{
		{TraceID: id, SpanID: store.SpanID{1}, Start: at, End: at + int64(lasts)},
		{TraceID: id, SpanID: store.SpanID{2}, ParentID: store.SpanID{1}, Start: at + int64(far), End: at + int64(far+child)},
	}
}

// A root that lasts long enough is found though a later span of its trace, in
// the range or behind it, lies more than an hour behind its start.
func TestLongRootIsFoundBeforeSpansThatLieFar(t *testing.T) {
	at := storetest.Start.UnixNano()
	for name, c := range map[string]struct{ far, child time.Duration }{
		"in the range":           {70 * time.Minute, time.Minute},
		"behind the range":       {110 * time.Minute, time.Minute},
		"behind it, and as long": {110 * time.Minute, 95 * time.Minute},
	} {
		s := openTest(t, t.TempDir(), Options{})
		spans := append(farTrace(1, at, 90*time.Minute, c.far, c.child), farTrace(2, at-int64(5*time.Minute), time.Second, 0, time.Second)...)
		if err := s.Append(t.Context(), spans); err != nil {
			t.Fatal(err)
		}
		for _, to := range []time.Duration{5 * time.Minute, 100 * time.Minute} {
			r := store.TimeRange{From: at - int64(10*time.Minute), To: at + int64(to)}
			for _, least := range []time.Duration{30 * time.Minute, time.Hour, 90 * time.Minute} {
				found, err := s.Search(t.Context(), store.TraceQuery{Range: r, MinDuration: least})
				if err != nil || len(found) != 1 || found[0].ID[0] != 1 || found[0].Start != at {
					t.Errorf("%s, at least %v, to %v: got %+v, %v", name, least, to, found, err)
				}
			}
			a, err := s.FindSpans(t.Context(), store.SpanQuery{Text: `{ traceDuration > 30m }`, Range: r})
			if err != nil || len(a.Traces) != 1 || a.Traces[0].Trace.ID[0] != 1 {
				t.Errorf("%s, a condition, to %v: got %+v, %v", name, to, a.Traces, err)
			}
		}
	}
}

// Of random traces of which spans lie hours apart, those are found whose first
// span lies in the range and lasts long enough by itself, and none whose spans
// all together do not.
func TestLongTracesOfSpansThatLieHoursApart(t *testing.T) {
	g := rand.New(rand.NewPCG(4, 9))
	at := storetest.Start.UnixNano()
	minutes := func(n int) int64 { return int64(g.IntN(n)) * int64(time.Minute) }
	var spans []store.Span
	starts, ends, alone := map[store.TraceID]int64{}, map[store.TraceID]int64{}, map[store.TraceID]int64{}
	for i := range 400 {
		id, start := store.TraceID{byte(i >> 8), byte(i), 3}, at+minutes(600)
		starts[id] = start
		for no := range 1 + g.IntN(5) {
			s := store.Span{TraceID: id, SpanID: store.SpanID{byte(no + 1)}, Start: start + int64(no), End: start + int64(no) + minutes(120)}
			if no > 0 {
				s.ParentID = store.SpanID{1}
				far := minutes(180)
				s.Start, s.End = s.Start+far, s.Start+far+minutes(4)
			} else {
				alone[id] = s.End - s.Start
			}
			ends[id] = max(ends[id], s.End)
			spans = append(spans, s)
		}
	}
	g.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	inStates(t, spans, func(t *testing.T, s *Store) {
		sure := 0
		for range 60 {
			r := store.TimeRange{From: at + minutes(500)}
			r.To = r.From + int64(time.Minute) + minutes(300)
			least := time.Nanosecond + time.Duration(minutes(100))
			list, err := s.Search(t.Context(), store.TraceQuery{Range: r, MinDuration: least, Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			found := map[store.TraceID]bool{}
			for i := range list {
				id := list[i].ID
				if found[id] = true; ends[id]-starts[id] < int64(least) || list[i].Duration() < int64(least) || !r.Has(list[i].Start) {
					t.Errorf("at least %v in %+v: found %+v", least, r, list[i])
				}
			}
			for id, start := range starts {
				if must := r.Has(start) && alone[id] >= int64(least); must && !found[id] {
					t.Errorf("at least %v in %+v: %v, that starts at %d and lasts %v, is not found", least, r, id, start, time.Duration(alone[id]))
				} else if must {
					sure++
				}
			}
		}
		if sure < 1000 {
			t.Errorf("only %d traces had to be found: the test says little", sure)
		}
	})
}

// A trace whose spans lie hours apart is once in an answer, also when it is met
// again after it was read.
func TestTraceOfHoursIsOnceInAnAnswer(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	var spans []store.Span
	for i := range byte(100) {
		spans = append(spans, farTrace(i+1, at+int64(i)*int64(time.Minute), 20*time.Minute, 3*time.Hour, 20*time.Minute)...)
	}
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	for _, least := range []time.Duration{0, 10 * time.Minute} {
		list, err := s.Search(t.Context(), store.TraceQuery{Range: store.TimeRange{From: at, To: at + int64(6*time.Hour)}, MinDuration: least, Limit: 120})
		seen := map[store.TraceID]bool{}
		for i := range list {
			seen[list[i].ID] = true
		}
		if err != nil || len(list) != 100 || len(seen) != 100 {
			t.Errorf("at least %v: got %d traces, %d of them different, %v; want each of 100 once", least, len(list), len(seen), err)
		}
	}
}

// Traces that lie behind the range are no candidates for numbers of it, with a
// second condition or without; one that starts before it is, if it reaches into
// it.
func TestLongTracesBehindTheRangeAreNotCandidates(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	service := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("a")}}}
	pair := func(no byte, start int64) []store.Span { // with half a minute between them
		list := farTrace(no, start, time.Second, 30*time.Second, time.Second)
		for i := range list {
			list[i].Service, list[i].Resource = "a", service
		}
		return list
	}
	var spans []store.Span
	for i := range byte(40) { // behind the range, within an hour and the hour behind that
		spans = append(spans, pair(100+i, at+int64(10*time.Minute)+int64(i)*int64(2*time.Minute))...)
	}
	for i := range byte(5) {
		spans = append(spans, pair(1+i, at+int64(i)*int64(time.Minute))...)
	}
	spans = append(spans, pair(9, at-int64(15*time.Second))...) // its second span lies in the range
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	within := store.TimeRange{From: at, To: at + int64(10*time.Minute)}
	for _, text := range []string{`{ traceDuration > 20s && resource.service.name = "a" }`, `{ traceDuration > 20s }`} {
		q, err := traceql.Parse(text + " | count_over_time()")
		if err != nil {
			t.Fatal(err)
		}
		f := newFinder(s, q, nil, false)
		f.hunt.most = 10
		m, err := f.numbers(t.Context(), store.SpanMetricQuery{Range: within})
		if err != nil || m.Cut || len(m.Series) != 1 || m.Series[0].Points[0].Value != 11 || f.inspected != 6 {
			t.Errorf("%s: got %+v of %d traces, %v; want 11 spans of 6 traces", text, m, f.inspected, err)
		}
	}
}

// A trace that lasts longer than a hunt for long traces sees is counted though
// none of its spans does.
func TestTraceOfMoreThanAnHourIsCounted(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	spans := farTrace(1, at, time.Second, 40*time.Minute, time.Second)
	last := spans[1]
	last.SpanID, last.Start, last.End = store.SpanID{3}, at+int64(80*time.Minute), at+int64(81*time.Minute)
	spans = append(append(spans, last), farTrace(2, at, time.Second, time.Minute, time.Second)...)
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	within := store.TimeRange{From: at, To: at + int64(2*time.Hour)}
	m, err := s.SpanMetrics(t.Context(), store.SpanMetricQuery{Text: `{ traceDuration > 70m } | count_over_time()`, Range: within})
	if err != nil || len(m.Series) != 1 || m.Series[0].Points[0].Value != 3 {
		t.Errorf("got %+v, %v; want 3 spans", m, err)
	}
}

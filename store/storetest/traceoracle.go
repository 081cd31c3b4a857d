package storetest

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"tripod/store"
)

func searchTraces(t *testing.T, e TraceEngine, byTrace map[store.TraceID][]store.Span) {
	middle := store.TimeRange{From: Start.Add(5 * time.Minute).UnixNano(), To: Start.Add(12 * time.Minute).UnixNano()}
	for name, q := range map[string]store.TraceQuery{
		"everything":          {Range: everything, Limit: 1000},
		"the newest few":      {Range: everything, Limit: 7},
		"the default number":  {Range: everything},
		"a range":             {Range: middle, Limit: 1000},
		"a service":           {Range: middle, Service: "streak-worker", Limit: 1000},
		"an operation":        {Range: middle, Service: "planner-api", Operation: "SELECT tasks", Limit: 10},
		"errors":              {Range: everything, Errors: true, Limit: 1000},
		"the error tag":       {Range: everything, Tags: map[string]string{"error": "true"}, Limit: 1000},
		"a tag of the span":   {Range: middle, Tags: map[string]string{"http.response.status_code": "500", "yes": "true"}, Limit: 1000},
		"a resource's tag":    {Range: middle, Tags: map[string]string{"host.name": "node-1"}, Limit: 1000},
		"long ones":           {Range: everything, MinDuration: 2500 * time.Millisecond, Limit: 1000},
		"short ones":          {Range: everything, MaxDuration: 300 * time.Millisecond, Service: "planner-web", Limit: 5},
		"long spans":          {Range: everything, Service: "planner-api", SpanMin: 400 * time.Millisecond, Limit: 1000},
		"short spans":         {Range: middle, SpanMax: 10 * time.Millisecond, Limit: 30},
		"spans of a length":   {Range: everything, SpanMin: 100 * time.Millisecond, SpanMax: 300 * time.Millisecond, MinDuration: time.Second, Limit: 1000},
		"what is not there":   {Range: everything, Service: "absent"},
		"a value not there":   {Range: everything, Tags: map[string]string{"text": "absent"}},
		"errors of a service": {Range: middle, Service: "planner-web", Errors: true, MinDuration: time.Second, Limit: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := e.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := searchOracle(byTrace, q)
			// The traces of the other cases are beside the corpus.
			got = slices.DeleteFunc(got, func(s store.TraceSummary) bool { _, ours := byTrace[s.ID]; return !ours })
			if len(got) != len(want) {
				t.Fatalf("got %d traces, want %d", len(got), len(want))
			}
			for i := range got {
				checkSummary(t, &got[i], byTrace[got[i].ID])
				if got[i].ID != want[i] {
					t.Fatalf("trace %d is %s, want %s", i, got[i].ID, want[i])
				}
			}
		})
	}
}

func searchOracle(byTrace map[store.TraceID][]store.Span, q store.TraceQuery) []store.TraceID {
	starts := map[store.TraceID]int64{}
	for id, spans := range byTrace {
		start, end := extent(spans)
		took := time.Duration(end - start)
		if q.Range.Has(start) && took >= q.MinDuration && (q.MaxDuration == 0 || took <= q.MaxDuration) &&
			slices.ContainsFunc(spans, func(s store.Span) bool { return fits(&s, q) }) {
			starts[id] = start
		}
	}
	ids := slices.SortedFunc(maps.Keys(starts), func(a, b store.TraceID) int {
		return cmp.Or(cmp.Compare(starts[b], starts[a]), slices.Compare(a[:], b[:]))
	})
	if q.Limit == 0 {
		q.Limit = 20
	}
	return ids[:min(len(ids), q.Limit)]
}

func extent(spans []store.Span) (start, end int64) {
	start, end = spans[0].Start, spans[0].End
	for _, s := range spans {
		start, end = min(start, s.Start), max(end, s.End)
	}
	return start, end
}

func fits(s *store.Span, q store.TraceQuery) bool {
	if q.Service != "" && s.Service != q.Service || q.Operation != "" && s.Name != q.Operation ||
		q.Errors && s.Status != store.StatusError {
		return false
	}
	if took := time.Duration(s.Duration()); took < q.SpanMin || q.SpanMax > 0 && took > q.SpanMax {
		return false
	}
	for key, text := range q.Tags {
		if key == "error" && text == "true" && s.Status == store.StatusError {
			continue
		}
		has := func(a store.Attr) bool { return a.Key == key && a.Value.Text() == text }
		if !slices.ContainsFunc(s.Attrs, has) && (s.Resource == nil || !slices.ContainsFunc(s.Resource.Attrs, has)) {
			return false
		}
	}
	return true
}

func checkSummary(t *testing.T, got *store.TraceSummary, spans []store.Span) {
	t.Helper()
	start, end := extent(spans)
	failed, shares := 0, 0
	for _, s := range spans {
		if s.Status == store.StatusError {
			failed++
		}
	}
	for _, s := range got.Services {
		shares += s.Spans
		if s.Self < 0 {
			t.Errorf("self time %d", s.Self)
		}
	}
	if got.Start != start || got.End != end || got.Spans != len(spans) || got.Errors != failed || shares != len(spans) {
		t.Errorf("got %+v, want %d spans, %d errors, %d to %d", got, len(spans), failed, start, end)
	}
}

func servicesAndOperations(t *testing.T, e TraceEngine, spans []store.Span) {
	got, err := e.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		if !slices.Contains(got, s) {
			t.Errorf("no service %s in %v", s, got)
		}
	}
	want := map[store.Operation]bool{}
	for _, s := range spans {
		if s.Service == services[1] {
			want[store.Operation{Name: s.Name, Kind: s.Kind}] = true
		}
	}
	ops, err := e.Operations(t.Context(), services[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		if !want[op] {
			t.Errorf("operation %+v is not there or twice", op)
		}
		delete(want, op)
	}
	if len(want) > 0 {
		t.Errorf("operations missing: %v", want)
	}
	if ops, err := e.Operations(t.Context(), "absent"); err != nil || len(ops) != 0 {
		t.Errorf("operations of an absent service: got %v, %v", ops, err)
	}
}

func rates(t *testing.T, e TraceEngine, spans []store.Span) {
	for name, c := range map[string]struct {
		from, to time.Duration
		step     time.Duration
	}{
		"minutes":                 {0, 20 * time.Minute, time.Minute},
		"from within a minute":    {90*time.Second + 1, 11*time.Minute + 7, 2 * time.Minute},
		"steps below a minute":    {0, 5 * time.Minute, 10 * time.Second},
		"a range within a minute": {10 * time.Second, 20 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := store.Between(Start.Add(c.from), Start.Add(c.to))
			got, err := e.RED(t.Context(), r, c.step)
			if err != nil {
				t.Fatal(err)
			}
			for _, service := range services {
				i := slices.IndexFunc(got, func(r store.RED) bool { return r.Service == service })
				if i < 0 { // rightly, if it has no requests
					got, i = append(got, store.RED{Service: service}), len(got)
				}
				checkRED(t, &got[i], spans, r, c.step)
			}
		})
	}
}

func checkRED(t *testing.T, got *store.RED, spans []store.Span, r store.TimeRange, step time.Duration) {
	t.Helper()
	n := map[int64]int64{}
	var took []int64
	var failed int64
	for _, s := range spans {
		entry := s.ParentID.IsZero() || s.Kind == store.SpanServer || s.Kind == store.SpanConsumer
		if s.Service != got.Service || !entry || !r.Has(s.Start) {
			continue
		}
		n[s.Start/int64(step)*int64(step)]++
		took = append(took, s.Duration())
		if s.Status == store.StatusError {
			failed++
		}
	}
	slices.Sort(took)
	if got.Requests != int64(len(took)) || got.Errors != failed {
		t.Errorf("%s: got %d requests, %d errors; want %d, %d", got.Service, got.Requests, got.Errors, len(took), failed)
	}
	near := func(q float64, have time.Duration) {
		at := int(q * float64(len(took)-1))
		low, high := took[max(0, at-1)], took[min(len(took)-1, at+1)]
		if float64(have) < float64(low)*0.85 || float64(have) > float64(high)*1.15 {
			t.Errorf("%s: quantile %v of %d: got %v, want about %v to %v", got.Service, q, len(took), have, time.Duration(low), time.Duration(high))
		}
	}
	if len(took) > 20 {
		near(0.5, got.P50)
		near(0.95, got.P95)
	}
	if len(took) == 0 {
		return
	}
	first := r.From / int64(step) * int64(step)
	if want := int((r.To-1)/int64(step)-r.From/int64(step)) + 1; len(got.Points) != want {
		t.Fatalf("got %d points, want %d", len(got.Points), want)
	}
	for i, p := range got.Points {
		if p.Start != first+int64(i)*int64(step) || p.Requests != n[p.Start] {
			t.Errorf("%s: point %d: got %+v, want %d requests", got.Service, i, p, n[p.Start])
		}
	}
}

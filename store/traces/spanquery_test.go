package traces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/storetest"
	"tripod/store/traces/traceql"
)

func wholeTraces(spans []store.Span) map[store.TraceID][]store.Span {
	byTrace := map[store.TraceID][]store.Span{}
	for _, s := range spans {
		byTrace[s.TraceID] = append(byTrace[s.TraceID], s)
	}
	for id, list := range byTrace {
		slices.SortStableFunc(list, func(a, b store.Span) int { return cmp.Compare(a.Start, b.Start) })
		byTrace[id] = assemble(list)
	}
	return byTrace
}

// bruteForce evaluates a query over every trace.
func bruteForce(t *testing.T, byTrace map[store.TraceID][]store.Span, q store.SpanQuery) []string {
	t.Helper()
	parsed, err := traceql.Parse(q.Text)
	if err != nil {
		t.Fatal(err)
	}
	type match struct {
		start int64
		text  string
	}
	var all []match
	for id, spans := range byTrace {
		start, end := spans[0].Start, spans[0].End
		for _, s := range spans {
			start, end = min(start, s.Start), max(end, s.End)
		}
		took := max(0, time.Duration(end-start))
		if !q.Range.Has(start) || took < q.MinDuration || q.MaxDuration > 0 && took > q.MaxDuration {
			continue
		}
		sets, err := parsed.Eval(context.Background(), traceql.NewTree(id, spans))
		if err != nil {
			t.Fatal(err)
		}
		if len(sets) == 0 {
			continue
		}
		text := id.String()
		for _, set := range sets {
			text += fmt.Sprintf(" %d%s:", len(set.Spans), store.Map(set.Attrs()).Text())
			for _, at := range set.Spans {
				text += fmt.Sprintf(" %s %d %d", spans[at].SpanID, spans[at].Start, spans[at].Duration())
			}
		}
		all = append(all, match{start, text})
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(a.text, b.text)) })
	var out []string
	for _, m := range all[:min(len(all), cmp.Or(q.Limit, defaultLimit))] {
		out = append(out, m.text)
	}
	return out
}

func answerTexts(a store.SpanAnswer) (out []string) {
	for _, m := range a.Traces {
		text := m.Trace.ID.String()
		for _, set := range m.Sets {
			text += fmt.Sprintf(" %d%s:", set.Matched, store.Map(set.Attrs).Text())
			for _, s := range set.Spans {
				text += fmt.Sprintf(" %s %d %d", s.ID, s.Start, s.Duration)
			}
		}
		out = append(out, text)
	}
	return out
}

func TestFindSpansAgreesWithBruteForce(t *testing.T) {
	g := oddSpans{rand.New(rand.NewPCG(3, 4))}
	spans := g.traces(200)
	byTrace := wholeTraces(slices.Clone(spans))
	queries := make([]store.SpanQuery, 100)
	for i := range queries {
		from := storetest.Start.Add(time.Duration(g.IntN(10)) * time.Minute)
		queries[i] = store.SpanQuery{Text: g.query(), Spans: 100, Limit: oneOfThese(g, 0, 1, 5, 1000, 1000),
			Range: store.Between(from, from.Add(time.Duration(1+g.IntN(15))*time.Minute))}
		if g.IntN(4) == 0 {
			queries[i].MinDuration, queries[i].MaxDuration = 2*time.Millisecond, oneOfThese(g, 0, 4*time.Millisecond)
		}
	}
	for _, text := range []string{`{ span.d = "x" }`, `{ .d = "y" && status = error }`, `{ resource.d = 3 }`, `{ span.d = 3 } >> { name = "x" }`,
		`{ traceDuration > 3ms }`, `{ traceDuration >= 2ms && status = error }`, `{ traceDuration > 4ms || traceDuration > 1s }`, `{ traceDuration > 3ms } && { name = "x" }`, `{ traceDuration > 1h }`, `{ !(traceDuration < 3ms) }`} {
		queries = append(queries, store.SpanQuery{Text: text, Spans: 100, Limit: 1000,
			Range: store.Between(storetest.Start.Add(-time.Hour), storetest.Start.Add(time.Hour))})
	}
	found := 0
	inStates(t, spans, func(t *testing.T, s *Store) {
		for i, q := range queries {
			want := bruteForce(t, byTrace, q)
			q.Receipt = &store.Receipt{}
			a, err := s.FindSpans(t.Context(), q)
			if err != nil || a.Cut || a.Damage != nil {
				t.Fatalf("%s: %v, %+v", q.Text, err, a)
			}
			got := answerTexts(a)
			found += len(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s (%+v): got %d traces, want %d\ngot  %.600s\nwant %.600s", q.Text, q, len(got), len(want),
					strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
			if i%8 == 0 {
				agreeInNumbers(t, s, spans, byTrace, q)
				oneStepIsAll(t, s, q)
			}
			if a.Inspected < len(got) || len(q.Receipt.Stages) == 0 || len(q.Receipt.Reads) == 0 {
				t.Fatalf("%s: %d traces inspected, receipt %+v", q.Text, a.Inspected, q.Receipt)
			}
		}
	})
	if found < 4000 {
		t.Errorf("only %d traces found by all queries: the test says little", found)
	}
	t.Logf("%d traces found by all queries", found)
}

// agreeInNumbers counts what a query finds: from whole traces or, where each
// span alone decides, from all that came.
func agreeInNumbers(t *testing.T, s *Store, spans []store.Span, byTrace map[store.TraceID][]store.Span, found store.SpanQuery) {
	t.Helper()
	q := store.SpanMetricQuery{Text: found.Text + " | sum_over_time(duration) by (.a, name)", Range: found.Range, Step: 3 * time.Minute, Receipt: &store.Receipt{}}
	parsed, err := traceql.Parse(q.Text)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	add := func(tree *traceql.Tree) {
		sets, err := parsed.Eval(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		once := map[int]bool{}
		for _, set := range sets {
			for _, at := range set.Spans {
				if sp := &tree.Spans[at]; !once[at] && q.Range.Has(sp.Start) {
					once[at] = true
					want[fmt.Sprint(sp.Name, labelOf(sp), floorDiv(sp.Start, int64(q.Step)))] += float64(sp.Duration()) / 1e9
				}
			}
		}
	}
	if parsed.PerSpan() {
		for _, one := range spans {
			add(traceql.Alone(one))
		}
	} else {
		for id, list := range byTrace {
			add(traceql.NewTree(id, list))
		}
	}
	a, err := s.SpanMetrics(t.Context(), q)
	if err != nil || a.Cut || a.Damage != nil {
		t.Fatalf("%s: %v, %+v", q.Text, err, a)
	}
	got := map[string]float64{} // "5" and 5 are two series
	for _, series := range a.Series {
		for _, p := range series.Points {
			got[fmt.Sprint(series.Labels.Text("name"), series.Labels.Text(".a"), floorDiv(p.Time, int64(q.Step)))] += p.Value
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: got %d numbers, want %d", q.Text, len(got), len(want))
	}
	for key, w := range want {
		if g, ok := got[key]; !ok || math.Abs(w-g) > 1e-9*math.Abs(w) {
			t.Fatalf("%s: %s: got %v, want %v, %v", q.Text, key, g, w, ok)
		}
	}
}

// oneStepIsAll counts what a query finds in steps, and in one.
func oneStepIsAll(t *testing.T, s *Store, found store.SpanQuery) {
	t.Helper()
	count := func(step time.Duration) (n float64) {
		q := store.SpanMetricQuery{Text: found.Text + " | count_over_time()", Range: found.Range, Step: step}
		a, err := s.SpanMetrics(t.Context(), q)
		if err != nil || step == 0 && len(a.Series) > 0 && len(a.Series[0].Points) != 1 {
			t.Fatalf("%s: %v, %+v", q.Text, err, a)
		}
		for _, series := range a.Series {
			for _, p := range series.Points {
				n += p.Value
			}
		}
		return n
	}
	if one, many := count(0), count(7*time.Minute); one != many {
		t.Fatalf("%s: %v in one step, %v in several", found.Text, one, many)
	}
}

// labelOf is what a query calls .a.
func labelOf(s *store.Span) string {
	v, _ := s.Attrs.Get("a")
	if v.Kind == store.KindEmpty && s.Resource != nil {
		v, _ = s.Resource.Attrs.Get("a")
	}
	if v.Kind == store.KindEmpty {
		return "<nil>"
	}
	return v.Text()
}

// longTrace has its error half an hour behind its start.
func longTrace(no byte, at int64) []store.Span {
	id := store.TraceID{no}
	return []store.Span{
		{TraceID: id, SpanID: store.SpanID{1}, Name: "start", Start: at, End: at + 1},
		{TraceID: id, SpanID: store.SpanID{2}, ParentID: store.SpanID{1}, Name: "end", Start: at + int64(30*time.Minute), End: at + int64(31*time.Minute), Status: store.StatusError},
	}
}

func TestFindSpansBehindTheRange(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	if err := s.Append(t.Context(), append(longTrace(1, at), longTrace(2, at+5)...)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    store.SpanQuery
		want int
	}{
		"starts in the range":         {store.SpanQuery{Range: store.TimeRange{From: at, To: at + 10}}, 2},
		"one of them":                 {store.SpanQuery{Range: store.TimeRange{From: at + 1, To: at + 10}}, 1},
		"the newest":                  {store.SpanQuery{Range: store.TimeRange{From: at, To: at + 10}, Limit: 1}, 1},
		"the error alone lies within": {store.SpanQuery{Range: store.TimeRange{From: at + 10, To: at + int64(time.Hour)}}, 0},
		"longer than half an hour":    {store.SpanQuery{Range: always, MinDuration: 30 * time.Minute}, 2},
		"shorter than half an hour":   {store.SpanQuery{Range: always, MaxDuration: 30 * time.Minute}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.Text = `{ status = error }`
			a, err := s.FindSpans(t.Context(), c.q)
			if err != nil || len(a.Traces) != c.want {
				t.Fatalf("got %d traces, %v, want %d", len(a.Traces), err, c.want)
			}
			if c.want == 1 && a.Traces[0].Trace.ID != (store.TraceID{2}) {
				t.Errorf("got %s first", a.Traces[0].Trace.ID)
			}
		})
	}
}

func TestWrongSpanQueries(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	r := store.TimeRange{To: 1e9}
	for name, q := range map[string]store.SpanQuery{
		"no query":       {Range: r},
		"numbers":        {Text: `{} | rate()`, Range: r},
		"an empty range": {Text: `{}`},
	} {
		if _, err := s.FindSpans(t.Context(), q); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, q := range map[string]store.SpanMetricQuery{
		"no query": {Range: r, Step: 1e9}, "no numbers": {Text: `{}`, Range: r, Step: 1e9}, "a step back": {Text: `{} | rate()`, Range: r, Step: -1},
	} {
		if _, err := s.SpanMetrics(t.Context(), q); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := s.FormatTraceQL("{"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if got, err := s.FormatTraceQL(`{name="a"}`); err != nil || got != `{name = "a"}` {
		t.Errorf("got %q, %v", got, err)
	}
}

// Of more spans than may be held, fewer traces are read at a time.
func TestManySpansAreReadByHalves(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	g := oddSpans{rand.New(rand.NewPCG(1, 1))}
	spans := g.traces(50)
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	q, err := traceql.Parse(`{}`)
	if err != nil {
		t.Fatal(err)
	}
	f := newFinder(s, q, nil, false)
	most := 0
	f.most, f.hunt.r, f.hunt.limit, f.each = 10, always, 1000, f.match
	read := f.hunt.read
	f.hunt.read = func(ctx context.Context, ids []string, r store.TimeRange) error {
		most = max(most, len(ids))
		return read(ctx, ids, r)
	}
	if err := f.hunt.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(f.hunt.found) != 50 || f.inspected != 50 || most != 50 {
		t.Errorf("got %d traces, %d inspected, %d asked for at once", len(f.hunt.found), f.inspected, most)
	}
}

func TestWhatIsShownIsBounded(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	spans := make([]store.Span, 1500)
	for i := range spans {
		spans[i] = store.Span{TraceID: store.TraceID{1}, SpanID: store.SpanID{1, byte(i >> 8), byte(i)}, Name: "a", Start: at + int64(i), End: at + 2000}
	}
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text                string
		spans               int
		sets, matched, show int
	}{
		"three spans":      {`{}`, 0, 1, 1500, 3},
		"as many as asked": {`{}`, 7, 1, 1500, 7},
		"too many spans":   {`{}`, 5000, 1, 1500, 1000},
		"fewer than none":  {`{}`, -1, 1, 1500, 0},
		"too many groups":  {`{} | by(span:id)`, 5, 1000, 1, 1},
	} {
		a, err := s.FindSpans(t.Context(), store.SpanQuery{Text: c.text, Range: store.TimeRange{From: at, To: at + 1}, Spans: c.spans})
		if err != nil || len(a.Traces) != 1 {
			t.Fatalf("%s: got %d traces, %v", name, len(a.Traces), err)
		}
		sets := a.Traces[0].Sets
		if len(sets) != c.sets || sets[0].Matched != c.matched || len(sets[0].Spans) != c.show {
			t.Errorf("%s: got %d sets, %d matched, %d shown", name, len(sets), sets[0].Matched, len(sets[0].Spans))
		}
	}
}

func TestTooManyCandidatesAreSaid(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at := storetest.Start.UnixNano()
	for i := range byte(40) {
		id := store.TraceID{1, i}
		if err := s.Append(t.Context(), []store.Span{
			{TraceID: id, SpanID: store.SpanID{1}, Name: "a", Start: at + int64(i), End: at + 100},
			{TraceID: id, SpanID: store.SpanID{2}, ParentID: store.SpanID{1}, Name: "b", Start: at + int64(i), End: at + 100},
		}); err != nil {
			t.Fatal(err)
		}
	}
	q, err := traceql.Parse(`{ name = "a" } > { name = "b" } | count_over_time()`)
	if err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{10, 39, 40, 41} {
		f := newFinder(s, q, nil, false)
		f.hunt.most, f.hunt.r = most, store.TimeRange{From: at, To: at + 1000}
		series, err := q.NewSeries(f.hunt.r, time.Hour, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.each = func(ctx context.Context, tree *traceql.Tree) error { return f.add(ctx, tree, series) }
		if err := f.whole(t.Context(), where(q.Plan().Span), f.hunt.r); err != nil {
			t.Fatal(err)
		}
		list, err := series.Answer()
		if err != nil || len(list) != 1 || list[0].Points[0].Value != float64(min(most, 40)) || f.hunt.cut != (most < 40) {
			t.Errorf("of %d candidates: got %v, %v, cut %v", most, list, err, f.hunt.cut)
		}
	}
	f := newFinder(s, q, nil, false)
	f.hunt.most, f.hunt.r, f.hunt.limit, f.hunt.group, f.each = 10, store.TimeRange{From: at, To: at + 1000}, 40, 5, f.match
	if err := f.hunt.run(t.Context()); err != nil || !f.hunt.cut || len(f.hunt.found) != 10 {
		t.Errorf("got %d traces, %v, cut %v", len(f.hunt.found), err, f.hunt.cut)
	}
}

func TestDamageIsSaid(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	g := oddSpans{rand.New(rand.NewPCG(1, 1))}
	if err := s.Append(t.Context(), g.traces(200)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	s.Close()
	flushed := make(chan int, 10)
	ev, err := events.Open(dir, events.Options{HeadAge: 1, NewDigest: func() events.Digest { return newDigest() },
		Events: events.Events{Flushed: func(rows int, _ int64, _ time.Duration) { flushed <- rows }}})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ev.Run(ctx); close(done) }()
	<-flushed
	cancel()
	<-done
	ev.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.part"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[100] ^= 0xff // in its first block
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s = openTest(t, dir, Options{})
	a, err := s.FindSpans(t.Context(), store.SpanQuery{Text: `{}`, Range: always})
	if err != nil || a.Damage == nil {
		t.Errorf("got %d traces, %v, damage %v", len(a.Traces), err, a.Damage)
	}
	m, err := s.SpanMetrics(t.Context(), store.SpanMetricQuery{Text: `{} | rate()`, Range: store.Between(storetest.Start, storetest.Start.Add(time.Hour)), Step: time.Minute})
	if err != nil || m.Damage == nil {
		t.Errorf("got %v, damage %v", err, m.Damage)
	}
}

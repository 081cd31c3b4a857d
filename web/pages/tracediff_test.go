package pages

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// paths counts the spans of a trace by service and name from the root to them.
func paths(t *tree) map[string]int {
	out := map[string]int{}
	var walk func(n *node, at string)
	walk = func(n *node, at string) {
		name := "/not received"
		if n.span != nil {
			name = n.span.Service + "/" + n.span.Name
		}
		out[at+">"+name]++
		for _, c := range n.children {
			walk(c, at+">"+name)
		}
	}
	for _, r := range t.roots {
		walk(r, "")
	}
	return out
}

func TestPairsAgainstPaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for round := range 300 {
		some := func() *tree {
			spans := anySpans(rng, 1+rng.IntN(15))
			for i := range spans {
				spans[i].Name = string("xyz"[rng.IntN(3)])
			}
			return growTree(spans)
		}
		a, b := some(), some()
		left, right := paths(a), paths(b)
		var at []string
		for _, p := range pairUp(shapesOf(a), shapesOf(b)) {
			s := p.any()
			at = append(at[:s.depth], s.service+"/"+s.name)
			path := ">" + strings.Join(at, ">")
			for side, s := range map[*map[string]int]*shape{&left: p.a, &right: p.b} {
				calls := 0
				if s != nil {
					calls = s.calls
				}
				if (*side)[path] != calls {
					t.Fatalf("round %d: %s is called %d times, counted %d", round, path, calls, (*side)[path])
				}
				delete(*side, path)
			}
		}
		if len(left)+len(right) > 0 {
			t.Fatalf("round %d: no pair has %v %v", round, left, right)
		}
	}
}

func named(s store.Span, name string) store.Span {
	s.Name = name
	return s
}

// usualSpans are those of a trace as it mostly is.
func usualSpans() []store.Span {
	return []store.Span{
		named(sp(1, 0, "web", 0, 100), "POST /tasks"),
		named(sp(2, 1, "api", 10, 90), "POST /api"),
		named(sp(3, 2, "api", 15, 20), "acquire"),
		named(sp(4, 2, "api", 30, 60), "insert"),
		named(sp(5, 4, "db", 35, 55), "INSERT"),
		named(sp(6, 2, "api", 70, 80), "touch"),
	}
}

func typicalOfUsual(n int) *typical {
	ty := &typical{top: &usual{depth: -1}}
	var shapes []*shape
	var lengths []int64
	var ids []store.TraceID
	for i := range n {
		spans := usualSpans()
		if i == 0 {
			spans = append(spans, named(sp(7, 1, "web", 95, 99), "once"))
		}
		if i == 1 {
			spans = spans[:5]
		}
		tr := growTree(spans)
		shapes, lengths, ids = append(shapes, shapesOf(tr)), append(lengths, int64(100+i)), append(ids, store.TraceID{byte(i)})
	}
	ty.make(shapes, lengths, ids)
	return ty
}

func TestDifferentFromTheTypicalTrace(t *testing.T) {
	ty := typicalOfUsual(10)
	if ty.traces != 10 || ty.duration != 104 || ty.id != (store.TraceID{4}) {
		t.Errorf("%d traces, median %d, nearest %v", ty.traces, ty.duration, ty.id)
	}
	for name, c := range map[string]struct {
		spans []store.Span
		want  string
	}{
		"as usual": {usualSpans(), ""},
		"waits, and then nothing": {
			[]store.Span{
				named(sp(1, 0, "web", 0, 5000), "POST /tasks"), named(sp(2, 1, "api", 10, 4990), "POST /api"),
				named(sp(3, 2, "api", 15, 2000), "acquire"), named(sp(4, 2, "api", 2000, 4900), "acquire"), named(sp(8, 2, "api", 4950, 4960), "write 503"),
			},
			"acquire +4880 2 for 1; absent insert, -INSERT, touch; extra write 503",
		},
		"what one in ten has is rare": {append(usualSpans(), named(sp(7, 1, "web", 95, 99), "once")), "extra once"},
	} {
		tr := growTree(c.spans)
		d := ty.against(shapesOf(tr), tr.end-tr.start)
		var parts []string
		for _, l := range d.longer {
			parts = append(parts, fmt.Sprintf("%s +%d %d for %d", l.s.name, l.by, l.s.calls, l.u.calls))
		}
		var names []string
		for _, b := range d.absent {
			word := b.u.name
			if !b.top {
				word = "-" + word
			}
			names = append(names, word)
		}
		if len(names) > 0 {
			parts = append(parts, "absent "+strings.Join(names, ", "))
		}
		for _, s := range d.extra {
			parts = append(parts, "extra "+s.name)
		}
		if got := strings.Join(parts, "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		all  []int64
		want int64
	}{{nil, 0}, {[]int64{3}, 3}, {[]int64{4, 1}, 1}, {[]int64{9, 1, 5}, 5}} {
		if got := median(slices.Clone(c.all)); got != c.want {
			t.Errorf("median of %v is %d, want %d", c.all, got, c.want)
		}
	}
}

// typicalDoors have a trace of the usual kind that lacks what the others have.
func typicalDoors(others int) (Options, *fakeTraces) {
	o := traceDoors()
	f := &fakeTraces{more: map[store.TraceID]store.Trace{}}
	put := func(id store.TraceID, ago time.Duration, spans []store.Span) {
		base := noon.Add(-ago).UnixNano()
		for i := range spans {
			s := &spans[i]
			s.TraceID, s.Start, s.End = id, base+s.Start*1e6, base+s.End*1e6
		}
		f.more[id] = store.Trace{ID: id, Spans: spans}
		f.summaries = append(f.summaries, store.TraceSummary{ID: id, RootService: "web", RootName: "POST /tasks", Start: base, End: base + 100e6})
	}
	put(store.TraceID{0xaa}, time.Minute, []store.Span{
		named(sp(1, 0, "web", 0, 5000), "POST /tasks"), named(sp(2, 1, "api", 10, 4990), "POST /api"), named(sp(3, 2, "api", 15, 4900), "acquire"), named(sp(6, 2, "api", 4950, 4960), "touch"),
	})
	for i := range others {
		put(store.TraceID{0xbb, byte(i)}, time.Duration(2+i)*time.Minute, usualSpans())
	}
	o.Traces, o.Latencies = f, fakeLatencies{}
	return o, f
}

type fakeLatencies struct{}

func (fakeLatencies) Latencies(_ context.Context, service string, _ store.TimeRange) ([]store.OperationLatency, error) {
	if service != "api" {
		return nil, nil
	}
	return []store.OperationLatency{
		{Service: "api", Operation: store.Operation{Name: "acquire"}, Spans: 500, Latency: store.Latency{P50: 400 * time.Microsecond, P99: 3 * time.Millisecond}, First: noon.Add(-time.Hour), Last: noon},
		{Service: "api", Operation: store.Operation{Name: "touch"}, Spans: 2, Latency: store.Latency{P50: 1}},
	}, nil
}

func TestTypicalOnTheScreen(t *testing.T) {
	o, _ := typicalDoors(8)
	mux := screenOf(t, o)
	const path = "/traces/aa000000000000000000000000000000"
	for url, has := range map[string][]string{
		path: {
			"usually 100 ms", "Different from the typical trace", "median of 8 from 11:51 to 11:58", `<span class="mono">acquire</span> took 4.88 s longer`, `<span class="mono">insert</span> never ran`,
			"usually here, 30 ms; did not run", "usually here, 20 ms; did not run", "usually 400 µs", "/traces/compare?a=aa000000000000000000000000000000&amp;b=bb", `data-key="c"`,
		},
		path + "?sel=0000000000000003": {"typical p50", "typical p99", "500 spans from 11:00 to 12:00", `class="meter err"`},
		path + "?view=flame":           {`<td class="r t-2">5 ms</td>`, "20 ms"},
	} {
		body := mainOf(t, ask(mux, url).Body.String())
		for _, s := range has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q in %s", url, s, body)
			}
		}
	}
	rows := mainOf(t, ask(mux, path).Body.String())
	if a, b, c := strings.Index(rows, ">acquire<"), strings.Index(rows, ">insert</span>"), strings.Index(rows, ">touch<"); a > b || b > c {
		t.Errorf("insert stands at %d, acquire at %d, touch at %d", b, a, c)
	}
	body := mainOf(t, ask(mux, "/traces/bb030000000000000000000000000000").Body.String())
	if !strings.Contains(body, "Like the typical trace") {
		t.Error("a usual trace is not said to be one")
	}
}

func TestTheSentenceStandsWhereItIsSeen(t *testing.T) {
	o, f := typicalDoors(8)
	mux := screenOf(t, o)
	const path = "/traces/aa000000000000000000000000000000"
	place := func() (sentence, rows int) {
		body := ask(mux, path).Body.String()
		return strings.Index(body, `id="trace-diff"`), strings.Index(body, `id="span-rows"`)
	}
	if sentence, rows := place(); sentence < rows {
		t.Errorf("of a short trace it stands at %d, the rows at %d", sentence, rows)
	}
	id := store.TraceID{0xaa}
	long := f.more[id]
	for i := range diffBelow {
		s := long.Spans[3]
		s.SpanID = wideID(100 + i)
		long.Spans = append(long.Spans, s)
	}
	f.more[id] = long
	if sentence, rows := place(); sentence < 0 || sentence > rows {
		t.Errorf("of a long trace it stands at %d, the rows at %d", sentence, rows)
	}
}

func TestFewTracesAreNotTypical(t *testing.T) {
	o, f := typicalDoors(typicalLeast - 1)
	body := mainOf(t, ask(screenOf(t, o), "/traces/aa000000000000000000000000000000").Body.String())
	if strings.Contains(body, "typical trace") {
		t.Error("four traces are called typical")
	}
	if len(f.asked) != 2 || f.asked[1].Range.To <= f.asked[0].Range.To {
		t.Errorf("asked %v", f.asked)
	}
}

func TestCompareScreen(t *testing.T) {
	o, _ := typicalDoors(2)
	mux := screenOf(t, o)
	const a, b = "aa000000000000000000000000000000", "bb010000000000000000000000000000"
	for url, c := range map[string]struct{ has, lack []string }{
		"/traces/compare?a=" + a + "&b=" + b:                {[]string{"The first took 4.9 s longer.", "All 6", "Different 5", "only in the second", "did not run", "−4.88 s", "/traces/" + a}, nil},
		"/traces/compare?t=" + b + "&t=" + a:                {[]string{"The second took 4.9 s longer.", "only in the first", "+4.88 s"}, nil},
		"/traces/compare?show=different&a=" + a + "&b=" + b: {[]string{">acquire<"}, []string{">touch<"}},
		"/traces/compare?a=" + a + "&b=" + a:                {[]string{"Both took 5 s.", "same", "Different 0"}, []string{"did not run"}},
	} {
		body := mainOf(t, ask(mux, url).Body.String())
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q in %s", url, s, body)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(body, s) {
				t.Errorf("%s: %q in %s", url, s, body)
			}
		}
	}
	for url, want := range map[string]int{"/traces/compare": 400, "/traces/compare?t=1": 400, "/traces/compare?a=x&b=y": 400, "/traces/compare?a=cd&b=" + a: 404} {
		if got := ask(mux, url).Code; got != want {
			t.Errorf("%s: status %d, want %d", url, got, want)
		}
	}
}

package pages

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// anySpans are spans as broken senders send them: parents that are missing, that
// begin later or end earlier, circles, ids that occur twice, no length.
func anySpans(rng *rand.Rand, n int) []store.Span {
	spans := make([]store.Span, n)
	for i := range spans {
		start := rng.Int64N(60)
		spans[i] = sp(byte(1+rng.IntN(n+2)), byte(rng.IntN(n+3)), string("abc"[rng.IntN(3)]), start, start+rng.Int64N(30))
	}
	return spans
}

func TestFlameNeverDrawsOneSpanOverAnother(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		spans := anySpans(rng, 1+rng.IntN(25))
		tr := growTree(spans)
		frames, lanes := flame(tr.nodes)
		lane := map[*node]int{}
		for i, f := range frames {
			if f.n != tr.nodes[i] || f.lane < 0 || f.lane >= lanes {
				t.Fatalf("round %d: frame %d in lane %d of %d", round, i, f.lane, lanes)
			}
			lane[f.n] = f.lane
			for _, o := range frames[:i] {
				if o.lane == f.lane && o.n.start < f.n.end && f.n.start < o.n.end {
					t.Fatalf("round %d: %d-%d and %d-%d share lane %d", round, o.n.start, o.n.end, f.n.start, f.n.end, f.lane)
				}
			}
		}
		for _, n := range tr.nodes {
			for _, c := range n.children {
				if lane[c] <= lane[n] {
					t.Fatalf("round %d: a span in lane %d is below one in lane %d", round, lane[c], lane[n])
				}
			}
		}
	}
}

func TestFlameOfCallsOneAfterTheOtherIsAsHighAsDeep(t *testing.T) {
	tr := growTree([]store.Span{sp(1, 0, "a", 0, 100), sp(2, 1, "a", 0, 50), sp(3, 2, "a", 10, 20), sp(4, 1, "a", 50, 100), sp(5, 4, "a", 60, 90), sp(6, 1, "a", 70, 80)})
	frames, lanes := flame(tr.nodes)
	var got []string
	for _, f := range frames {
		got = append(got, fmt.Sprint(f.n.span.Name, ":", f.lane))
	}
	if want := "s1:0 s2:1 s3:2 s4:1 s5:2 s6:3"; strings.Join(got, " ") != want || lanes != 4 {
		t.Errorf("got %v in %d lanes, want %s in 4", got, lanes, want)
	}
}

func TestOwnTimeAgainstCounting(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 500 {
		for _, n := range growTree(anySpans(rng, 1+rng.IntN(20))).nodes {
			var want int64
			for at := n.start; at < n.end; at++ {
				if !slices.ContainsFunc(n.children, func(c *node) bool { return c.start <= at && at < c.end }) {
					want++
				}
			}
			if got := ownTime(n); got != want {
				t.Fatalf("round %d: own time %d of %d-%d, counted %d", round, got, n.start, n.end, want)
			}
		}
	}
}

// The path is in one child at a time, and where it is in none, no child that
// could have held it up had ended since.
func TestCriticalPathAgainstItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 1000 {
		tr := growTree(anySpans(rng, 1+rng.IntN(20)))
		tr.markCritical()
		for _, n := range tr.nodes {
			if !n.critical {
				continue
			}
			on := func(at int64) (in *node) {
				for _, c := range n.children {
					if c.critical && c.critStart <= at && at < c.critEnd && at >= n.start {
						if in != nil {
							t.Fatalf("round %d: two children at %d", round, at)
						}
						in = c
					}
				}
				return in
			}
			for at := n.critStart; at < n.critEnd; at++ {
				if on(at) != nil {
					continue
				}
				for _, c := range n.children {
					if !c.critical && c.start < at+1 && c.end == at+1 && c.end > max(c.start, n.start) {
						t.Fatalf("round %d: at %d the path is in none, but %d-%d ended then", round, at, c.start, c.end)
					}
				}
			}
		}
	}
}

func TestFlameScreen(t *testing.T) {
	const path = "/traces/ab000000000000000000000000000001?view=flame"
	mux := screenOf(t, traceDoors())
	body := mainOf(t, ask(mux, path).Body.String())
	for _, s := range []string{
		"POST /api/&lt;b&gt;", `style="left:20.00%;width:60.00%;top:48px;"`, `class="fr c2 e"`, "below=0000000000000002", "pool.acquire", "not received", `<td class="r b">60 ms</td>`,
	} {
		if !strings.Contains(body, s) {
			t.Errorf("no %q in %s", s, body)
		}
	}
	body = mainOf(t, ask(mux, path+"&below=0000000000000002&sel=0000000000000003").Body.String())
	for _, s := range []string{"Zoom out", "POST /api/&lt;b&gt;, 80 ms", `style="left:12.50%;width:75.00%;top:24px;"`, "sel\""} {
		if !strings.Contains(body, s) {
			t.Errorf("zoomed: no %q in %s", s, body)
		}
	}
}

// A hundred thousand spans are the most that a trace may have; each view of
// them is worked out within bounds, also when all run at the same time.
func TestViewsOfTheLargestTrace(t *testing.T) {
	for name, grow := range map[string]func(i int) (parent int, from, to int64){
		"side by side": func(i int) (int, int64, int64) { return 1, int64(i), int64(i) + 1e9 },
		"in a chain":   func(i int) (int, int64, int64) { return i - 1, int64(i), 2e9 - int64(i) },
		"in a row":     func(i int) (int, int64, int64) { return 1 + i/100*100, int64(i) * 1000, int64(i)*1000 + 900 },
	} {
		t.Run(name, func(t *testing.T) {
			o := traceDoors()
			f := o.Traces.(*fakeTraces)
			f.trace.Spans = make([]store.Span, 100_000)
			for i := range f.trace.Spans {
				parent, from, to := grow(i + 1)
				s := &f.trace.Spans[i]
				s.TraceID, s.Service, s.Name, s.Start, s.End = f.trace.ID, fmt.Sprint("s", i%50), fmt.Sprint("op ", i%500), noon.UnixNano()+from, noon.UnixNano()+to
				s.SpanID, s.ParentID = wideID(i+1), wideID(parent)
				if i == 0 {
					s.ParentID = store.SpanID{}
				}
			}
			mux := screenOf(t, o)
			for _, view := range []string{"", "?view=flame", "?view=map", "?sel=" + wideID(99_999).String()} {
				start := time.Now()
				w := ask(mux, "/traces/ab000000000000000000000000000001"+view)
				took := time.Since(start)
				t.Logf("%q: %d KB in %v", view, w.Body.Len()>>10, took.Round(time.Millisecond))
				if w.Code != 200 || took > 20*time.Second {
					t.Errorf("%q: status %d after %v", view, w.Code, took)
				}
				if limit := 12 << 20; w.Body.Len() > limit || strings.Contains(view, "view") && w.Body.Len() > limit/4 {
					t.Errorf("%q: %d bytes", view, w.Body.Len())
				}
			}
		})
	}
}

func wideID(n int) (id store.SpanID) {
	id[5], id[6], id[7] = byte(n>>16), byte(n>>8), byte(n)
	return id
}

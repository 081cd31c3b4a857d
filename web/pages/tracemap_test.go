package pages

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tripod/store"
)

// asText is a map as lines: nodes with their own time, then calls.
func (m *traceMap) asText() string {
	var b strings.Builder
	for _, n := range m.nodes {
		fmt.Fprintf(&b, "%s own %d", n.name, n.own)
		if n.remote {
			b.WriteString(" remote")
		}
		b.WriteByte('\n')
	}
	for _, e := range m.edges {
		fmt.Fprintf(&b, "%s>%s %d in %d", m.nodes[e.from].name, m.nodes[e.to].name, e.calls, e.time)
		if e.errors > 0 {
			fmt.Fprintf(&b, ", %d bad: %s", e.errors, e.result)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestMapOfATrace(t *testing.T) {
	client := func(s store.Span, key, value string) store.Span {
		s.Kind, s.Attrs = store.SpanClient, store.Attrs{{Key: key, Value: store.String(value)}}
		return s
	}
	bad := sp(4, 1, "api", 50, 60)
	bad.Status, bad.StatusMessage = store.StatusError, "timeout"
	for name, c := range map[string]struct {
		spans []store.Span
		want  string
	}{
		"calls, errors, a database": {
			[]store.Span{sp(1, 0, "web", 0, 100), sp(2, 1, "web", 10, 40), sp(3, 2, "api", 20, 35), bad, client(sp(5, 3, "api", 25, 30), "db.system", "sqlite")},
			"web own 75\napi own 20\nsqlite own 5 remote\nweb>api 2 in 25, 1 bad: timeout\napi>sqlite 1 in 5\n",
		},
		"a call that has the spans of the called is no remote one": {
			[]store.Span{client(sp(1, 0, "web", 0, 100), "peer.service", "api"), sp(2, 1, "api", 10, 20)},
			"web own 90\napi own 10\nweb>api 1 in 10\n",
		},
		"back again": {
			[]store.Span{sp(1, 0, "web", 0, 100), sp(2, 1, "api", 10, 90), sp(3, 2, "web", 20, 30)},
			"web own 30\napi own 70\nweb>api 1 in 80\napi>web 1 in 10\n",
		},
		"who is called by two": {
			[]store.Span{sp(1, 0, "web", 0, 100), sp(2, 1, "db", 10, 20), sp(3, 1, "api", 30, 60), sp(4, 3, "db", 40, 50)},
			"web own 60\ndb own 20\napi own 20\nweb>db 1 in 10\nweb>api 1 in 30\napi>db 1 in 10\n",
		},
		"below a parent that is missing": {
			[]store.Span{sp(1, 0, "web", 0, 10), sp(3, 2, "api", 5, 8)},
			"web own 10\napi own 3\n",
		},
	} {
		if got := mapOf(growTree(c.spans)).asText(); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, c.want)
		}
	}
}

func TestMapKeepsAllTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 300 {
		tr := growTree(anySpans(rng, 1+rng.IntN(25)))
		var own, want int64
		for _, n := range tr.nodes {
			if n.span != nil {
				want += ownTime(n)
			}
		}
		m := mapOf(tr)
		for _, n := range m.nodes {
			own += n.own
		}
		if own != want {
			t.Fatalf("round %d: %d ns in the map, %d in the spans", round, own, want)
		}
	}
}

func TestMapOfManyServicesIsBounded(t *testing.T) {
	spans := []store.Span{sp(1, 0, "web", 0, 1000)}
	for i := range 200 {
		s := sp(2, 1, fmt.Sprint("service ", i), int64(i), int64(i)+1)
		s.SpanID = wideID(1000 + i)
		spans = append(spans, s)
	}
	m := mapOf(growTree(spans))
	if n := len(m.nodes); n != maxMapNodes+1 || m.nodes[n-1].name != others || len(m.edges) != maxMapNodes {
		t.Errorf("%d nodes, %d edges", len(m.nodes), len(m.edges))
	}
}

// TestWordsOfCallsStandApart draws what seven services call of seven others.
func TestWordsOfCallsStandApart(t *testing.T) {
	spans := []store.Span{sp(1, 0, "web", 0, 1000)}
	add := func(parent store.SpanID, service string) store.SpanID {
		s := sp(2, 1, service, int64(len(spans)), 900)
		s.SpanID, s.ParentID = wideID(1000+len(spans)), parent
		if len(spans)%5 == 0 {
			s.Status, s.StatusMessage = store.StatusError, "a reason that is rather long"
		}
		spans = append(spans, s)
		return s.SpanID
	}
	for i := range 7 {
		front := add(spans[0].SpanID, fmt.Sprint("front ", i))
		for k := range 7 {
			add(front, fmt.Sprint("back ", k))
		}
	}
	p, err := New(traceDoors())
	if err != nil {
		t.Fatal(err)
	}
	m := p.mapView(&traceAsk{t: growTree(spans)})
	if len(m.Nodes) != 15 || len(m.Edges) != 56 {
		t.Fatalf("%d nodes, %d edges", len(m.Nodes), len(m.Edges))
	}
	for _, wide := range []int{m.Least, (m.Least + m.Most) / 2, m.Most} {
		s := &sheet{t: t, wide: float64(wide), high: float64(m.Height)}
		for _, n := range m.Nodes {
			s.put(n.Name, n.X, n.Y, mapBoxWidth, mapBoxHigh+16*float64(boolInt(n.Errors != "")))
		}
		shown := 0
		for _, e := range m.Edges {
			if !e.Crowded {
				shown++
				s.put(e.Title, e.X, e.Y, e.Width, labelHeight)
			} else if e.Title == "" {
				t.Error("an edge without words has no title")
			}
		}
		if shown < len(m.Edges)/2 {
			t.Errorf("%d of %d edges say something", shown, len(m.Edges))
		}
	}
}

// Spans side by side take more time than their trace, which is no share of it.
func TestMapNoteOfSpansSideBySide(t *testing.T) {
	for spans, want := range map[int]string{1: "80 % of the trace", 3: ""} {
		tr := []store.Span{sp(1, 0, "web", 0, 100e6)}
		for i := range spans {
			tr = append(tr, sp(byte(2+i), 1, "api", 10e6, 90e6))
		}
		a := &traceAsk{t: growTree(tr)}
		if note := a.mapNote(mapOf(a.t)); !strings.Contains(note.Text, "api spent the most time") || !strings.Contains(note.Text, want) || want == "" && strings.Contains(note.Text, "%") {
			t.Errorf("%d spans: %s", spans, note.Text)
		}
	}
}

func TestMapScreen(t *testing.T) {
	body := mainOf(t, ask(screenOf(t, traceDoors()), "/traces/ab000000000000000000000000000001?view=map").Body.String())
	for _, s := range []string{"planner-db", "1 call, 80 ms", `class="nd c2 bad"`, "planner-api spent the most time of its own: 80 ms, 80 % of the trace, of it 60 ms in ", "pool.acquire", "(1 span)."} {
		if !strings.Contains(body, s) {
			t.Errorf("no %q in %s", s, body)
		}
	}
}

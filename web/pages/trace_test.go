package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// fakeTraces answers with what it holds, and remembers what it was asked.
type fakeTraces struct {
	trace     store.Trace
	more      map[store.TraceID]store.Trace
	summaries []store.TraceSummary
	asked     []store.TraceQuery
}

func (f *fakeTraces) Trace(_ context.Context, id store.TraceID) (store.Trace, error) {
	if tr, ok := f.more[id]; ok {
		return tr, nil
	}
	if id != f.trace.ID {
		return store.Trace{}, fmt.Errorf("trace %s: %w", id, store.ErrNotFound)
	}
	return f.trace, nil
}

func (f *fakeTraces) Search(_ context.Context, q store.TraceQuery) ([]store.TraceSummary, error) {
	f.asked = append(f.asked, q)
	var out []store.TraceSummary
	for _, s := range f.summaries {
		if q.Range.Has(s.Start) && (!q.Errors || s.Errors > 0) && len(out) < q.Limit {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f *fakeTraces) Services(context.Context) ([]string, error) {
	return []string{"planner-web", "planner-api"}, nil
}

func (f *fakeTraces) Operations(_ context.Context, service string) ([]store.Operation, error) {
	return []store.Operation{{Name: "POST /tasks"}}, nil
}

func (f *fakeTraces) RED(context.Context, store.TimeRange, time.Duration) ([]store.RED, error) {
	return nil, nil
}

// storyTrace fails in its third span; one parent is missing.
func storyTrace() store.Trace {
	id := store.TraceID{0xab, 15: 1}
	ms := func(n int64) int64 { return noon.Add(-time.Minute).UnixNano() + n*1e6 }
	span := func(n, parent byte, service, name string, from, to int64) store.Span {
		return store.Span{TraceID: id, SpanID: spanID(n), ParentID: spanID(parent), Service: service, Name: name, Kind: store.SpanServer, Start: ms(from), End: ms(to)}
	}
	tr := store.Trace{ID: id, Spans: []store.Span{
		span(1, 0, "planner-web", "POST /tasks", 0, 100),
		span(2, 1, "planner-api", "POST /api/<b>", 10, 90),
		span(3, 2, "planner-api", "pool.acquire", 20, 80),
		span(4, 9, "planner-db", "SELECT", 30, 40),
	}}
	bad := &tr.Spans[2]
	bad.Status, bad.StatusMessage = store.StatusError, "timeout"
	bad.Attrs = store.Attrs{{Key: "pool.waiting", Value: store.Int(38)}, {Key: "stmt", Value: store.String("insert into tasks")}}
	bad.Events = []store.SpanEvent{{Time: ms(79), Name: "exception", Attrs: store.Attrs{{Key: "exception.message", Value: store.String("too late")}, {Key: "exception.stacktrace", Value: store.String("at main")}}}}
	bad.Links = []store.SpanLink{{TraceID: store.TraceID{0xcd}, SpanID: spanID(7)}}
	bad.Resource = &store.Resource{Attrs: store.Attrs{{Key: "host.name", Value: store.String("node-b")}}}
	return tr
}

func traceDoors() Options {
	logs := storyLogs()
	logs.records[0].Time = noon.Add(-time.Minute).UnixNano() + 79e6
	logs.records[0].SpanID = spanID(3)
	return Options{Traces: &fakeTraces{trace: storyTrace()}, Logs: &anyLogs{logs}}
}

// anyLogs finds every record, whatever is asked.
type anyLogs struct{ *fakeLogs }

func (f *anyLogs) Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	q.Text = ""
	return f.fakeLogs.Search(ctx, q)
}

func TestTraceScreen(t *testing.T) {
	w := ask(screenOf(t, traceDoors()), "/traces/ab000000000000000000000000000001?sel=0000000000000003")
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	golden(t, "trace.html", mainOf(t, w.Body.String()))
}

func TestTraceViews(t *testing.T) {
	const path = "/traces/ab000000000000000000000000000001"
	mux := screenOf(t, traceDoors())
	for name, c := range map[string]struct {
		url string
		has []string
	}{
		"the waterfall":       {path, []string{"POST /api/&lt;b&gt;", "not received", "One parent span was not received", `role="tree"`, `aria-level="3"`, "critical path, 100 ms"}},
		"the drawer":          {path + "?sel=0000000000000003", []string{"pool.waiting", "exception: too late", "/traces/cd000000000000000000000000000000?sel=0000000000000007", "tags=pool.waiting%3D38", "stmt%3D%22insert+into+tasks%22", "node-b", "tags=%7B+span.pool.waiting+%3E%3D+38+%7D", "follows a span of another trace", "&#34;durationNs&#34;: 60000000"}},
		"its lines":           {path + "?view=logs", []string{"timed out", "Logs"}},
		"as JSON":             {path + "?view=json", []string{"&#34;traceId&#34;: &#34;ab000000000000000000000000000001&#34;", "pool.acquire"}},
		"only a part":         {path + "?below=0000000000000002", []string{"is drawn", `id="s0000000000000003"`}},
		"lines among spans":   {path + "?lines=on&crit=off", []string{`class="wr c2 ll"`, `class="wf nocrit"`, "+79 ms"}},
		"a span that is none": {path + "?sel=zz&below=zz", []string{`id="s0000000000000001"`}},
	} {
		w := ask(mux, c.url)
		body := mainOf(t, w.Body.String())
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q in %s", name, s, body)
			}
		}
	}
	if body := ask(mux, path+"?below=0000000000000002").Body.String(); strings.Contains(body, `id="s0000000000000001"`) {
		t.Error("the part has its parent")
	}
	w := ask(mux, path+"?sel=0000000000000003", "HX-Target", "drawer")
	if body := w.Body.String(); strings.Contains(body, "<main") || !strings.Contains(body, `id="drawer"`) {
		t.Errorf("not the drawer alone: %s", body)
	}
}

func TestTraceThatIsNotThere(t *testing.T) {
	mux := screenOf(t, traceDoors())
	w := ask(mux, "/traces/cd")
	if w.Code != 404 || !strings.Contains(w.Body.String(), "it may still arrive") || !strings.Contains(w.Body.String(), `data-refresh="5"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if got := ask(mux, "/traces/xyz").Code; got != 400 {
		t.Errorf("got %d for no id", got)
	}
}

// bigDoors have a trace of so many spans below one of the story.
func bigDoors(n int) Options {
	o := traceDoors()
	f := o.Traces.(*fakeTraces)
	for i := range n {
		s := f.trace.Spans[2]
		s.SpanID[1], s.SpanID[2], s.SpanID[3] = byte(1+i>>16), byte(i>>8), byte(i)
		s.ParentID = spanID(1)
		f.trace.Spans = append(f.trace.Spans, s)
	}
	return o
}

func TestBigTraceIsDrawnInPages(t *testing.T) {
	const path = "/traces/ab000000000000000000000000000001"
	mux := screenOf(t, bigDoors(10_000))
	for name, c := range map[string]struct {
		url  string
		rows int
		has  []string
		lack string
	}{
		"the first":             {path, maxSpanRows, []string{"Rows 1 to 300 of 10,005.", "row=300"}, "The rows before"},
		"the last":              {path + "?row=9999", 105, []string{"Rows 9,901 to 10,005 of 10,005.", "row=9600"}, "The rows after"},
		"that of a span":        {path + "?sel=0001100300000003", maxSpanRows, []string{`id="s0001100300000003"`}, ""},
		"one that is not there": {path + "?row=99999999", maxSpanRows, []string{"Rows 1 to 300 of"}, ""},
	} {
		body := ask(mux, c.url).Body.String()
		if n := strings.Count(body, `role="treeitem"`); n != c.rows {
			t.Errorf("%s: %d rows", name, n)
		}
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q", name, s)
			}
		}
		if c.lack != "" && strings.Contains(body, c.lack) {
			t.Errorf("%s: %q", name, c.lack)
		}
	}
}

// What the island draws from holds every row, the lines at their spans.
func TestRowsForTheIsland(t *testing.T) {
	body := ask(screenOf(t, traceDoors()), "/traces/ab000000000000000000000000000001").Body.String()
	_, data, _ := strings.Cut(body, `<script id="span-data" type="application/json">`)
	data, _, _ = strings.Cut(data, "</script>")
	var got struct {
		Width           int64
		Rows            [][]any
		Names, Services []string
		Slots           []int
	}
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	var b strings.Builder
	for _, r := range got.Rows {
		n := func(i int) int { return int(r[i].(float64)) }
		fmt.Fprintf(&b, "%d %s %s %d+%d %d\n", n(0), got.Names[n(1)], got.Services[n(2)], n(3)/1e6, n(4)/1e6, n(5))
	}
	want := `0 POST /tasks planner-web 0+100 4
1 POST /api/<b> planner-api 10+80 4
2 POST /tasks planner-web 58000+0 16
2 pool.acquire planner-api 20+60 5
3 pool timed out <b> planner-api 79+0 16
0 span 00000000 – 30+10 2
1 SELECT planner-db 30+10 0
`
	if b.String() != want || got.Width != 100e6 || len(got.Slots) != len(got.Services) {
		t.Errorf("got %d ns of\n%swant\n%s", got.Width, b.String(), want)
	}
	if strings.Contains(data, "<b>") {
		t.Error("a name could end the script")
	}
}

func TestLinksNameWhatTheyLeadTo(t *testing.T) {
	o := traceDoors()
	f := o.Traces.(*fakeTraces)
	there := store.TraceID{0xcd}
	f.more = map[store.TraceID]store.Trace{there: {ID: there, Spans: []store.Span{named(sp(7, 0, "streak-worker", 0, 1), "recompute <batch>")}}}
	bad := &f.trace.Spans[2]
	bad.Links = append(bad.Links, store.SpanLink{TraceID: f.trace.ID, SpanID: spanID(1)}, store.SpanLink{TraceID: there, SpanID: spanID(99)})
	body := ask(screenOf(t, o), "/traces/ab000000000000000000000000000001?sel=0000000000000003").Body.String()
	_, links, _ := strings.Cut(body, "<h3>Links")
	for _, s := range []string{"streak-worker", "recompute &lt;batch&gt;", `sel=0000000000000001#s0000000000000001`, "follows a span of another trace"} {
		if !strings.Contains(links, s) {
			t.Errorf("no %q in %s", s, links)
		}
	}
}

func TestOwnTime(t *testing.T) {
	tr := growTree([]store.Span{sp(1, 0, "a", 0, 100), sp(2, 1, "a", 10, 30), sp(3, 1, "a", 20, 50), sp(4, 1, "a", 60, 200)})
	if got := ownTime(tr.roots[0]); got != 20 {
		t.Errorf("got %d, want 20", got)
	}
}

func TestTagsAreReadBack(t *testing.T) {
	tags, wrong := parseTags(`http.route=/api/tasks stmt="insert \"x\" y" alone =x empty=`)
	want := map[string]string{"http.route": "/api/tasks", "stmt": `insert "x" y`, "empty": ""}
	if !maps.Equal(tags, want) || fmt.Sprint(wrong) != "[alone =x]" {
		t.Errorf("got %q, wrong %q", tags, wrong)
	}
	for _, v := range []string{"", "a b", `q"\`, "plain"} {
		got, _ := parseTags(tagText("k", v))
		if got["k"] != v {
			t.Errorf("%q came back as %q", v, got["k"])
		}
	}
}

func TestAxisTicks(t *testing.T) {
	var got []string
	for _, tick := range axisTicks(5031e6) {
		got = append(got, tick.Text)
	}
	if want := "0, 1 s, 2 s, 3 s, 4 s, 5 s"; strings.Join(got, ", ") != want {
		t.Errorf("got %q", got)
	}
	for _, width := range []int64{0, 1, 7, 999, 1e9, 3e12, 1 << 62} {
		if n := len(axisTicks(width)); n < 1 || n > 40 {
			t.Errorf("%d ticks in %d ns", n, width)
		}
	}
}

// Any address must give a page.
func FuzzTraceAddress(f *testing.F) {
	mux := screenOf(f, traceDoors())
	for _, s := range []string{"", "sel=0000000000000003&view=logs", "below=0000000000000002", "view=json", "from=x&sel=%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/traces/ab000000000000000000000000000001", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%s: %d", query, w.Code)
		}
	})
}

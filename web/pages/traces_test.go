package pages

import (
	"fmt"
	"html"
	"math"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func summary(n byte, ago, took time.Duration, errs int) store.TraceSummary {
	start := noon.Add(-ago).UnixNano()
	s := store.TraceSummary{
		ID: store.TraceID{15: n}, RootService: "planner-web", RootName: "POST /<tasks>", Start: start, End: start + int64(took), Spans: 3, Errors: errs, Status: "ok",
		Services: []store.ServiceShare{{Service: "planner-web", Self: 1}, {Service: "planner-api", Self: 3}},
	}
	if errs > 0 {
		s.Status = "503"
	}
	return s
}

func storyTraces() *fakeTraces {
	return &fakeTraces{summaries: []store.TraceSummary{
		summary(1, time.Minute, 40*time.Millisecond, 0), summary(2, 2*time.Minute, 5*time.Second, 2), summary(3, 90*time.Minute, 50*time.Millisecond, 0),
	}}
}

func TestTracesScreen(t *testing.T) {
	w := ask(screenOf(t, Options{Traces: storyTraces()}), "/traces?sort=slowest")
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	golden(t, "traces.html", mainOf(t, w.Body.String()))
}

func TestTracesSays(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		has  []string
		lack []string
	}{
		"all":            {"/traces", []string{"2 traces in", "POST /&lt;tasks&gt;", "planner-api 75 %", "dashed: the same length of time before", `class="dotp k-err"`}, nil},
		"errors":         {"/traces?result=errors", []string{"1 trace in", ">503<"}, []string{"40 ms<"}},
		"what is unread": {"/traces?min=soon&tags=alone", []string{"is no duration", "attributes are written name=value"}, nil},
		"nothing here":   {"/traces?from=now-4h&to=now-3h", []string{"No traces in this time range", "The newest trace is from 11:59"}, nil},
		"no match":       {"/traces?from=now-95m&to=now-80m&result=errors", []string{"No traces match", "Without conditions there are 1 trace.", "Clear the conditions"}, nil},
	} {
		body := mainOf(t, ask(screenOf(t, Options{Traces: storyTraces()}), c.url).Body.String())
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q in %s", name, s, body)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(body, s) {
				t.Errorf("%s: %q in %s", name, s, body)
			}
		}
	}
	if body := ask(screenOf(t, Options{Traces: &fakeTraces{}}), "/traces").Body.String(); !strings.Contains(body, "No traces yet") {
		t.Error("the first minute is not explained")
	}
}

func TestTracesAsksWhatTheFormSays(t *testing.T) {
	f := storyTraces()
	w := ask(screenOf(t, Options{Traces: f}), "/traces?service=a&service=b&operation=op&min=50&max=1.5s&tags=k%3Dv&result=errors&rows=", "HX-Request", "true")
	q := f.asked[0]
	if q.Service != "a" || f.asked[1].Service != "b" || q.Operation != "op" || q.MinDuration != 50*time.Millisecond || q.MaxDuration != 1500*time.Millisecond || q.Tags["k"] != "v" || !q.Errors || q.Limit != maxTraces {
		t.Errorf("asked %+v", q)
	}
	if got := w.Header().Get("HX-Push-Url"); strings.Contains(got, "rows") || !strings.Contains(got, "min=50") {
		t.Errorf("the address is %q", got)
	}
}

func TestTracesLimitIsSaid(t *testing.T) {
	f := &fakeTraces{}
	for range maxTraces + 1 {
		f.summaries = append(f.summaries, summary(1, time.Minute, time.Millisecond, 0))
	}
	body := ask(screenOf(t, Options{Traces: f}), "/traces").Body.String()
	for _, s := range []string{"These are the newest 500 traces; they begin at 11:59:00.", "Showing 100 of 500. Show 100 more"} {
		if !strings.Contains(body, s) {
			t.Errorf("no %q", s)
		}
	}
	if strings.Contains(body, "dashed") {
		t.Error("a part is compared with a whole")
	}
}

// TestTracesAreAllInTheParts follows the links to older traces, of which some,
// or more than a part, start in the same ns, and finds each once.
func TestTracesAreAllInTheParts(t *testing.T) {
	for _, same := range []int{7, 600, 5000} {
		t.Run(fmt.Sprint(same), func(t *testing.T) { allInTheParts(t, same) })
	}
}

func allInTheParts(t *testing.T, same int) {
	f := &fakeTraces{}
	var want []string
	for i := range 2*maxTraces + 30 {
		s := summary(0, time.Minute+time.Duration(i/same)*time.Second, time.Millisecond, i%2)
		s.ID = store.TraceID{1, byte(i >> 8), byte(i)}
		f.summaries = append(f.summaries, s)
		want = append(want, s.ID.String())
	}
	screen := screenOf(t, Options{Traces: f})
	rows, older := regexp.MustCompile(`<a class="mono" href="/traces/([0-9a-f]{32})`), regexp.MustCompile(`href="([^"]*)"[^>]*>Show the older ones<`)
	var got []string
	for at, part := "/traces?from=now-1h", 1; ; part++ {
		body := ask(screen, at+"&rows=500").Body.String()
		for _, m := range rows.FindAllStringSubmatch(body, -1) {
			got = append(got, m[1])
		}
		if said := strings.Contains(body, "Back to the newest"); said != (part > 1) {
			t.Errorf("part %d leads back: %v", part, said)
		}
		next := older.FindStringSubmatch(body)
		if next == nil {
			if !strings.Contains(body, "These are 30 traces before") {
				t.Error("the last part does not say what it is")
			}
			break
		}
		at = html.UnescapeString(next[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d traces, want %d; or in another order", len(got), len(want))
	}
	for name, before := range map[string]string{"no mark": "noon", "of another range": "12-01", "no id": "1773316740000000000-", "no count": "1773316740000000000-01000000000000000000000000000000"} {
		if body := ask(screen, "/traces?from=now-1h&before="+before).Body.String(); !strings.Contains(body, "These are the newest 500 traces") {
			t.Errorf("%s: the newest are not shown", name)
		}
	}
	last := f.summaries[len(f.summaries)-1]
	if body := ask(screen, "/traces?from=now-1h&before="+traceMark{last.Start, last.ID, same}.String()).Body.String(); !strings.Contains(body, "No older traces in this time range") {
		t.Error("the end of the list is not named")
	}
}

// Of more traces of one start than a search gives, the list goes on behind them.
func TestTracesBehindTooManyOfOneStart(t *testing.T) {
	f := &fakeTraces{}
	for i := range maxSameStart + maxTraces + 50 {
		s := summary(0, time.Minute, time.Millisecond, 0)
		s.ID = store.TraceID{1, byte(i >> 8), byte(i)}
		f.summaries = append(f.summaries, s)
	}
	f.summaries = append(f.summaries, summary(2, 2*time.Minute, time.Millisecond, 0))
	screen, at := screenOf(t, Options{Traces: f}), f.summaries[maxSameStart-1]
	body := ask(screen, "/traces?from=now-1h&before="+traceMark{at.Start, at.ID, maxSameStart}.String()).Body.String()
	if !strings.Contains(body, "These are 500 traces before 11:59:00; they begin at 11:59:00, where too many start in the same nanosecond") {
		t.Error("it is not said that some are missing")
	}
	older := regexp.MustCompile(`before=([^"&]*-10000)`).FindStringSubmatch(body)
	if older == nil {
		t.Fatal("no link to the older ones")
	}
	if body := ask(screen, "/traces?from=now-1h&before="+older[1]).Body.String(); !strings.Contains(body, "These are 1 trace before 11:59:00. ") {
		t.Error("the older one is not found")
	}
	if body := ask(screen, "/traces?from=1773316740000&to=now&before="+older[1]).Body.String(); !strings.Contains(body, "No older traces in this time range") {
		t.Error("the end of the list is not named")
	}
}

// TestTraceOfNoTime keeps the scales those of the other traces.
func TestTraceOfNoTime(t *testing.T) {
	ts := []store.TraceSummary{summary(1, time.Minute, 0, 0), summary(2, time.Minute, 2*time.Millisecond, 0), summary(3, time.Minute, 300*time.Second, 0)}
	if lo, hi := durations(ts[:2]); lo != 2e6 || hi != 2e6 {
		t.Errorf("scale from %v to %v ns", lo, hi)
	}
	if lo, hi := durations(append(ts, summary(4, time.Minute, 7, 0))); lo != 3e5 || hi != 3e11 {
		t.Errorf("scale from %v to %v ns with traces that are shorter by far", lo, hi)
	}
	h := histogramOf(&State{Values: url.Values{}}, ts, nil)
	first := h.Bars[0]
	if first.All == 0 || !strings.HasPrefix(first.Title, "2 traces up to ") || strings.Contains(first.Href, "min=") {
		t.Errorf("the trace of no time stands at %+v", first)
	}
	if n := len(h.Ticks); n > 6 || h.Ticks[n-1].Text != "100 s" {
		t.Errorf("ticks %+v", h.Ticks)
	}
	if last := h.Bars[len(h.Bars)-1]; strings.Contains(last.Title, "up to") || !strings.Contains(last.Href, "min=") {
		t.Errorf("the longest stands at %+v", last)
	}
}

func TestHistogramHoldsEveryTrace(t *testing.T) {
	for _, took := range [][]time.Duration{{0}, {1}, {time.Millisecond, time.Millisecond}, {1, 1000 * time.Hour}, {99, 100, 101}} {
		var ts []store.TraceSummary
		for _, d := range took {
			ts = append(ts, summary(1, time.Minute, d, 0))
		}
		h := histogramOf(&State{}, ts, nil)
		sum := 0.0
		for _, b := range h.Bars {
			sum += b.All
		}
		if sum == 0 || len(h.Bars) > 120 {
			t.Errorf("%v: %v in %d bars", took, sum, len(h.Bars))
		}
		for _, l := range h.Lines {
			if math.IsNaN(l.At) || l.At < -0.01 || l.At > 1.01 {
				t.Errorf("%v: %s at %v", took, l.Text, l.At)
			}
		}
	}
}

// Any address must give a page.
func FuzzTracesAddress(f *testing.F) {
	mux := screenOf(f, Options{Traces: storyTraces()})
	for _, s := range []string{"", "min=-5s&max=9999999h", "tags=a%3D%22&rows=-1", "rows=99999999999999999999&sort=slowest", "from=now-50y&result=errors"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/traces", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
	})
}

func TestBoundsHoldTheirBucket(t *testing.T) {
	for ns, want := range map[float64][2]string{
		1467799.3: {"1.46ms", "1.47ms"}, 2: {"2ns", "2ns"}, 999.5: {"999ns", "999ns"}, 1e9: {"1s", "1s"}, 123456: {"123µs", "124µs"}, 7.2e12: {"2h0m0s", "2h0m0s"},
	} {
		for i, up := range []bool{false, true} {
			got := boundText(ns, up)
			if d, ok := parseBound(got); got != want[i] || !ok || !up && float64(d) > ns {
				t.Errorf("%v: got %s, want %s", ns, got, want[i])
			}
		}
	}
}

func TestTracesByOperation(t *testing.T) {
	f := storyTraces()
	other := summary(9, 3*time.Minute, 2*time.Second, 0)
	other.RootService, other.RootName = "streak-worker", "process"
	f.summaries = append(f.summaries, other)
	body := mainOf(t, ask(screenOf(t, Options{Traces: f}), "/traces?sort=operation").Body.String())
	for _, s := range []string{
		"POST /&lt;tasks&gt;", `<td class="r">2</td><td class="r t-err">1</td><td class="r">40 ms</td><td class="r">5 s</td><td class="r">5 s</td><td class="r">5.04 s</td>`,
		"/traces?operation=process&amp;service=streak-worker",
	} {
		if !strings.Contains(body, s) {
			t.Errorf("no %q in %s", s, body)
		}
	}
	if strings.Index(body, "tasks&gt;</a>") > strings.Index(body, ">process</a>") {
		t.Error("the most time does not come first")
	}
}

func TestSlowestTwentieth(t *testing.T) {
	var all []store.TraceSummary
	for i := range 100 {
		all = append(all, summary(byte(i), time.Minute, time.Duration(i+1)*time.Millisecond, 0))
	}
	if got := slowest(all); len(got) != 6 || got[0].Duration() != 95e6 {
		t.Errorf("%d traces from %d ns on", len(got), got[0].Duration())
	}
	if got := slowest(nil); len(got) != 0 {
		t.Errorf("got %v of none", got)
	}
}

func TestTracesSayFromWhenTheyAreAllKept(t *testing.T) {
	o := Options{Traces: storyTraces(), Thinned: func() time.Time { return noon.Add(-30 * time.Minute) }}
	const says = "Up to 11:30 only traces with errors, and slow ones, are kept."
	wants(t, mainOf(t, ask(screenOf(t, o), "/traces").Body.String()), says)
	wants(t, mainOf(t, ask(screenOf(t, o), "/traces?from=now-20m").Body.String()), "!"+says)
	o.Thinned = func() time.Time { return time.Time{} }
	wants(t, mainOf(t, ask(screenOf(t, o), "/traces").Body.String()), "!only traces with errors")
}

func TestTracesTakeTheNameThatAllQueriesHave(t *testing.T) {
	body := ask(screenOf(t, Options{Traces: storyTraces()}), "/traces?q=alone").Body.String()
	wants(t, mainOf(t, body), "attributes are written name=value", `value="alone"`)
}

package pages

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

var updateScreens = flag.Bool("update-screens", false, "rewrite the golden screens")

// noon is the moment of every test.
var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

// fakeLogs holds records in order of time, newest first, and finds those whose
// message has the query's words; "bad" is a query that cannot be read.
type fakeLogs struct {
	unread  error // behind the first record
	records []store.Record
	asked   []store.LogQuery
	err     error
	cut     bool // facets are of the newest alone
}

func (f *fakeLogs) find(q store.LogQuery) ([]store.Record, error) {
	if i := strings.Index(q.Text, "bad"); i >= 0 {
		return nil, &store.QueryError{Query: q.Text, Pos: i, End: i + 3, Msg: "unknown field", Hint: "did you mean level?"}
	}
	var out []store.Record
	for _, r := range f.records {
		hit := q.Range.Has(r.Time)
		for _, t := range terms(q.Text) {
			if t.kind == wordTerm && !t.neg {
				hit = hit && strings.Contains(r.Message(), t.value)
			}
		}
		for _, field := range []string{"level", "service"} {
			v, _ := r.Lookup(field)
			hit = hit && splitField(q.Text, field).match(v.Text()) && splitField(q.Narrow, field).match(v.Text())
		}
		if hit {
			out = append(out, r)
		}
	}
	if q.Oldest {
		slices.Reverse(out)
	}
	if q.Limit > 0 {
		out = out[:min(q.Limit, len(out))]
	}
	return out, nil
}

func (f *fakeLogs) Search(_ context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		out, err := f.find(q)
		for i, r := range out {
			if i == 1 && f.unread != nil && !yield(store.Record{}, f.unread) {
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err = errors.Join(err, f.err); err != nil {
			yield(store.Record{}, err)
		}
	}
}

func (f *fakeLogs) Volume(_ context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	records, err := f.find(q)
	out := []store.LogBucket{{Start: q.Range.From}}
	for _, r := range records {
		out[0].Counts[store.LevelSlot(r.Level)]++
	}
	return out, err
}

func (f *fakeLogs) Facets(_ context.Context, q store.LogQuery, top int) (store.Facets, error) {
	records, err := f.find(q)
	count := map[string]int64{}
	for _, r := range records {
		count[r.Service]++
	}
	fc := store.Facet{Field: "service", Distinct: len(count)}
	for _, s := range []string{"planner-api", "planner-web"} {
		if count[s] > 0 {
			fc.Values = append(fc.Values, store.FacetValue{Value: s, Count: count[s]})
		}
	}
	return store.Facets{Lines: int64(len(records)), Cut: f.cut, Fields: []store.Facet{fc}}, err
}

func line(ago time.Duration, level store.Level, service, msg string, attrs ...store.Attr) store.Record {
	return store.Record{
		Time: noon.Add(-ago).UnixNano(), Level: level, Service: service, Body: store.String(msg), Attrs: attrs,
		TraceID: store.TraceID{0xab, 15: 1}, SpanID: store.SpanID{7: 2},
	}
}

func storyLogs() *fakeLogs {
	return &fakeLogs{records: []store.Record{
		line(time.Second, store.LevelError, "planner-api", "pool timed out <b>", store.Attr{Key: "route", Value: store.String("/api/tasks")}, store.Attr{Key: "pid", Value: store.Int(7)}),
		line(2*time.Second, store.LevelInfo, "planner-web", "POST /tasks", store.Attr{Key: "userId", Value: store.String("u_1")}),
		line(3*time.Hour, store.LevelInfo, "planner-web", "old"),
	}}
}

// screenOf serves a screen with the doors given and a clock that stands still.
func screenOf(t testing.TB, o Options) *http.ServeMux {
	t.Helper()
	o.Now = func() time.Time { return noon }
	o.Slots = func(s string) int { return 1 + len(s)%10 }
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	return mux
}

func ask(mux *http.ServeMux, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// mainOf is what stands inside main, which is what a screen is.
func mainOf(t testing.TB, body string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `<main `)
	if !ok {
		t.Fatalf("no main in %.300s", body)
	}
	out, _, _ := strings.Cut(rest, "</main>")
	return out
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "><", ">\n<")
	path := filepath.Join("testdata", name)
	if *updateScreens {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update-screens writes it again. got:\n%s", name, got)
	}
}

func TestLogsScreen(t *testing.T) {
	mux := screenOf(t, Options{Logs: storyLogs()})
	w := ask(mux, "/logs?q=pool+level:error")
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	golden(t, "logs.html", mainOf(t, w.Body.String()))
}

func TestLogsSaysWhatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		has  []string
		lack []string
	}{
		"everything":             {"/logs", []string{"POST /tasks", "timed out &lt;b&gt;", "2 lines in", `class="lr error"`}, []string{"<b>timed", "pid="}},
		"a scope":                {"/logs?service=planner-web", []string{"POST /tasks", "service is planner-web"}, []string{"timed out"}},
		"excluded levels":        {"/logs?q=level:info", []string{`class="bar unmatched"`, `aria-checked="true"`}, []string{"timed out"}},
		"an error in the query":  {"/logs?q=pool+bad", []string{`<span class="qerr">bad</span>`, "Unknown field at position 6.", "Did you mean level?"}, []string{"lrs"}},
		"the same in a scope":    {"/logs?q=a+or+bad&service=x", []string{`<span class="qerr">bad</span>`, "position 6."}, nil},
		"nothing matches":        {"/logs?q=pool+level:debug", []string{"No lines match", "Remove that filter", "level:debug</span>"}, nil},
		"nothing in the range":   {"/logs?from=now-2h&to=now-1h", []string{"No lines in this time range", "The newest line is from 11:59"}, nil},
		"nothing from the scope": {"/logs?service=nobody", []string{"Nothing was ever received from the services in scope"}, nil},
		"oldest first":           {"/logs?sort=oldest&from=now-4h", []string{">old"}, nil},
		"a bad time range":       {"/logs?from=x", []string{"This is the last hour"}, nil},
	} {
		mux := screenOf(t, Options{Logs: storyLogs()})
		w := ask(mux, c.url)
		body := mainOf(t, w.Body.String())
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
}

func TestLogsNeverReceived(t *testing.T) {
	w := ask(screenOf(t, Options{Logs: &fakeLogs{}}), "/logs")
	if !strings.Contains(w.Body.String(), "No line has been received yet") || !strings.Contains(w.Body.String(), "/loki/api/v1/push") {
		t.Error(mainOf(t, w.Body.String()))
	}
}

func TestLogsErrorLeavesTheLastResult(t *testing.T) {
	w := ask(screenOf(t, Options{Logs: storyLogs()}), "/logs?q=bad", "HX-Request", "true")
	if got := w.Header().Get("HX-Retarget"); got != "#q-msg" {
		t.Errorf("retarget %q", got)
	}
	if strings.Contains(w.Body.String(), "<main") {
		t.Error("the whole page was sent")
	}
}

func TestLogsKeepsWhatCameBeforeAnError(t *testing.T) {
	f := storyLogs()
	f.err = store.ErrOverloaded
	body := mainOf(t, ask(screenOf(t, Options{Logs: f}), "/logs").Body.String())
	for _, s := range []string{"POST /tasks", "The search stopped here", "Show older lines"} {
		if !strings.Contains(body, s) {
			t.Errorf("no %q", s)
		}
	}
}

func TestLogsGoOnBehindWhatCannotBeRead(t *testing.T) {
	f := storyLogs()
	all := strings.Count(mainOf(t, ask(screenOf(t, Options{Logs: f}), "/logs").Body.String()), "POST /tasks")
	f.unread = fmt.Errorf("block 7: corrupt data; %w", store.ErrUnread)
	body := mainOf(t, ask(screenOf(t, Options{Logs: f}), "/logs").Body.String())
	if got := strings.Count(body, "POST /tasks"); got != all || !strings.Contains(body, "Not all lines could be read: block 7: corrupt data; it is left out.") {
		t.Errorf("%d of %d lines in %s", got, all, body)
	}
}

// link is the address in the element of a class.
func link(body, class string) string {
	_, rest, _ := strings.Cut(body, `class="`+class+`"`)
	_, rest, _ = strings.Cut(rest, `href="`)
	href, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(href, "&amp;", "&")
}

func TestLogsPagesDropAndRepeatNothing(t *testing.T) {
	for _, sort := range []string{"", "oldest"} {
		f := &fakeLogs{}
		for i := range 950 {
			// Every 300 records share one nanosecond, which is more than a page.
			f.records = append(f.records, line(time.Duration(1+i/300)*time.Second, store.LevelInfo, "s", "n"+strconv.Itoa(i)+"."))
		}
		mux := screenOf(t, Options{Logs: f})
		seen, page := map[string]int{}, 0
		for next := "/logs?sort=" + sort; next != ""; {
			body := ask(mux, next).Body.String()
			for _, part := range strings.Split(body, `class="msg">`)[1:] {
				text, _, _ := strings.Cut(strings.TrimSpace(part), ".")
				seen[text]++
			}
			next = link(body, "more down")
			if page++; page > 1 {
				next = strings.Replace(next, "/logs?", "/logs/lines?", 1)
			}
		}
		for i := range f.records {
			if n := seen["n"+strconv.Itoa(i)]; n != 1 {
				t.Fatalf("sort %q: record %d was shown %d times", sort, i, n)
			}
		}
	}
}

func TestAnOpenLineLeadsToItsPatternAndItsContext(t *testing.T) {
	s := keep(t, []store.Record{
		line(time.Second, store.LevelInfo, "s", "took 5 of 20"), line(time.Second, store.LevelInfo, "other", "took 7 of 20"),
		line(time.Second, store.LevelInfo, "s", "gave 5"),
	})
	mux := screenOf(t, Options{Logs: s, Patterns: s, LogStream: s})
	r := line(time.Second, store.LevelInfo, "s", "took 5 of 20")
	id := placeOf(&r).String()
	body := ask(mux, "/logs/line?at="+id+"&q=a+or+b").Body.String()
	for _, want := range []string{`href="/logs?q=%28a+or+b%29+msg.pattern%3A%22took+%3C_%3E+of+%3C_%3E%22"`, `href="/logs?around=` + id + `&amp;q=a+or+b"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if body := ask(mux, "/logs/line?around="+id+"&at="+id).Body.String(); strings.Contains(body, "Show in context") {
		t.Error("surroundings lead to themselves")
	}
}

func TestLogLineOpensByItsName(t *testing.T) {
	f := storyLogs()
	mux := screenOf(t, Options{Logs: f})
	id := placeOf(&f.records[0]).String()
	w := ask(mux, "/logs/line?at="+url.QueryEscape(id)+"&q=pool")
	for _, s := range []string{"View trace", "/traces/ab000000000000000000000000000001?sel=0000000000000002", `q=pool+route%3A%22%2Fapi%2Ftasks%22`} {
		if !strings.Contains(w.Body.String(), s) {
			t.Errorf("no %q in %s", s, w.Body)
		}
	}
	if got := ask(mux, "/logs?sel="+id).Body.String(); !strings.Contains(got, `id="`+id+`-open"`) {
		t.Error("sel does not open the line")
	}
	for at, want := range map[string]int{"l" + strconv.FormatInt(noon.UnixNano()-1e9, 10) + "-0123456789": 404, "x": 400, "": 400, "l-1-a": 400} {
		if got := ask(mux, "/logs/line?at="+at).Code; got != want {
			t.Errorf("%q: got %d, want %d", at, got, want)
		}
	}
}

// Any address must give a page.
func FuzzLogsAddress(f *testing.F) {
	mux := screenOf(f, Options{Logs: storyLogs()})
	for _, s := range []string{"", "q=(a or b", "from=now-1h&to=now&sel=l1-x", "cursor=l9-0123456789-9", "before=l1773316799000000000-0123456789", "cursor=-1--1", "around=l9-0123456789", "cols=-&cols=a&cols=level", "live=1&sort=oldest", "service=a&service=b&q=level:>=warn", "wrap=1&sort=oldest"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/logs", nil)
		r.URL.RawQuery = query
		for _, path := range []string{"/logs", "/logs/lines", "/logs/line"} {
			r.URL.Path = path
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

type fakeWords struct{}

func (fakeWords) Values(context.Context, store.FacetQuery) (store.Facet, error) {
	return store.Facet{Values: []store.FacetValue{{Value: `a "b"`, Count: 1}}}, nil
}
func (fakeWords) LabelNames(context.Context, store.TimeRange) ([]string, error) {
	return []string{"service_name"}, nil
}
func (fakeWords) LabelValues(context.Context, string, store.TimeRange) ([]string, error) {
	return []string{`"`}, nil
}

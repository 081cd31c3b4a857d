package logsapi

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func loaded(t testing.TB) *world {
	w := newWorld(t, Options{})
	w.keep(
		sent(3*time.Minute, "shop", `{"level":"info","msg":"one","route":"/a","took":12.5,"ok":true,"list":[1,"x"],"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}`),
		sent(2*time.Minute, "shop", `{"level":"error","msg":"two","route":"=1+2"}`),
		sent(1*time.Minute, "cart", "three, plain"),
		sent(90*time.Minute, "shop", "long ago"),
	)
	return w
}

func TestQueryFindsByEitherLanguage(t *testing.T) {
	w := loaded(t)
	for name, c := range map[string]struct {
		pairs []string
		want  string
	}{
		"the last hour, newest first": {nil, "three, plain two one"},
		"oldest first":                {[]string{"order", "oldest"}, "one two three, plain"},
		"a limit":                     {[]string{"limit", "2"}, "three, plain two"},
		"no limit":                    {[]string{"limit", "0"}, "three, plain two one"},
		"a search line":               {[]string{"q", "level:error"}, "two"},
		"LogQL by its beginning":      {[]string{"q", `{service_name="shop"}`}, "two one"},
		"LogQL by name":               {[]string{"q", ` {service_name="shop"} |= "one"`, "syntax", "logql"}, "one"},
		"what LogQL makes of lines":   {[]string{"q", `{service_name="shop"} | json | line_format "{{.route}}!" | drop msg`}, "=1+2! /a!"},
		"longer ago":                  {[]string{"from", "2h", "to", "now-1h"}, "long ago"},
		"RFC 3339":                    {[]string{"from", "2026-03-12T14:04:30Z", "to", "2026-03-12T14:05:30.5Z"}, "three, plain"},
		"Unix seconds":                {[]string{"from", "1773324180", "to", "1773324240"}, "one"},
		"Unix ms and ns":              {[]string{"from", "1773324240000", "to", "1773324240000000001"}, "two"},
		"everything":                  {[]string{"from", "0"}, "three, plain two one long ago"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t, w.kept, w.api, w.url}
			if got := messages(w.lines(c.pairs...)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestQueryGivesBackWhatWasSent(t *testing.T) {
	w := loaded(t)
	resp, body := w.get("/api/v1/logs/query", "q", "one")
	want := `{"time":"2026-03-12T14:03:00.000000000Z","level":"info","service":"shop","msg":"one",` +
		`"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",` +
		`"fields":{"route":"/a","took":12.5,"ok":true,"list":[1,"x"]},"resource":{"service.name":"shop"},` +
		`"line":"{\"level\":\"info\",\"msg\":\"one\",\"route\":\"/a\",\"took\":12.5,\"ok\":true,\"list\":[1,\"x\"],\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\"}"}` + "\n"
	if body != want {
		t.Errorf("got\n%s want\n%s", body, want)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("content type %q", got)
	}
	if got := resp.Trailer; got.Get("Tripod-Lines") != "1" || got.Get("Tripod-Error") != "" {
		t.Errorf("trailer %v", got)
	}
	if resp, body = w.get("/api/v1/logs/query", "q", "nothing-like-it"); resp.StatusCode != 200 || body != "" || resp.Trailer.Get("Tripod-Lines") != "0" {
		t.Errorf("got %d %q %v for nothing", resp.StatusCode, body, resp.Trailer)
	}
}

func TestEntriesOfLogQLHaveTheirLabels(t *testing.T) {
	w := loaded(t)
	got := w.lines("q", `{service_name="shop"} |= "one" | json | keep route, msg, trace_id, service_name, detected_level`)[0]
	if got.Level != "info" || got.Service != "shop" || got.Msg != "one" || got.TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("got %+v", got)
	}
	if fmt.Sprint(got.Fields) != "map[route:/a]" {
		t.Errorf("fields %v, want what keep keeps", got.Fields)
	}
}

func TestNameOfAnEventAndScopeAreFields(t *testing.T) {
	w := newWorld(t, Options{})
	r := sent(time.Minute, "shop", "sold")
	r.EventName, r.Scope = "item.sold", &store.Scope{Attrs: store.Attrs{{Key: "library", Value: store.String("till")}}}
	w.keep(r)
	if got := w.lines()[0]; fmt.Sprint(got.Fields, got.Resource) != "map[event.name:item.sold] map[library:till service.name:shop]" {
		t.Errorf("got %v and %v", got.Fields, got.Resource)
	}
}

// TestExplain tells how, under both addresses, in both languages.
func TestExplain(t *testing.T) {
	w := loaded(t)
	for _, c := range []struct {
		path  string
		pairs []string
		want  string
	}{
		{"explain", []string{"q", "level:error"}, "line lines 1"},
		{"query", []string{"q", `{service_name="shop"}`, "explain", "1"}, "logql lines 2"},
		{"explain", []string{"q", `sum(count_over_time({service_name="shop"}[1h]))`, "step", "30m"}, "logql series 2"},
	} {
		resp, body := w.get("/api/v1/logs/"+c.path, c.pairs...)
		var got plan
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
		}
		if text := fmt.Sprint(got.Syntax, " ", got.Kind, " ", got.Rows); text != c.want || !got.To.Equal(now) {
			t.Errorf("got %+v, want %s", got, c.want)
		}
		if got.Kind == "lines" && (got.Asked == "" || len(got.Steps) == 0 || got.Steps[0].Rows == 0) {
			t.Errorf("got %+v, want what the engine did", got)
		}
	}
}

func TestLineThatIsNoUTF8(t *testing.T) {
	w := newWorld(t, Options{})
	raw := "caf\xe9 \x00\x1b[31m \x7f \u2028 \"q\\"
	w.keep(sent(time.Minute, "s", raw))
	got := w.lines()[0]
	if string(got.Line64) != raw || got.Line != "caf\ufffd \x00\x1b[31m \x7f \u2028 \"q\\" {
		t.Errorf("got %q and %q", got.Line64, got.Line)
	}
}

func TestCSV(t *testing.T) {
	w := loaded(t)
	resp, body := w.get("/api/v1/logs/query", "format", "csv", "cols", "time,level, service", "cols", "msg,route,took,none", "order", "oldest")
	want := "time,level,service,msg,route,took,none\r\n" +
		"2026-03-12T14:03:00.000000000Z,info,shop,one,/a,12.5,\r\n" +
		"2026-03-12T14:04:00.000000000Z,error,shop,two,\"'=1+2\",,\r\n" +
		"2026-03-12T14:05:00.000000000Z,unset,cart,\"three, plain\",,,\r\n"
	if body != want {
		t.Errorf("got\n%s want\n%s", body, want)
	}
	if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="logs-20260312T140600Z.csv"` {
		t.Errorf("disposition %q", got)
	}
	if _, body = w.get("/api/v1/logs/query", "format", "csv", "q", "nothing-like-it", "cols", "fields,msg"); body != "fields,msg\r\n" {
		t.Errorf("got %q for nothing", body)
	}
}

func TestCellsAreReadAsTheyWere(t *testing.T) {
	for _, s := range []string{"", "a", `"`, "a,b", "a\r\nb", "=1", "@x", "+1", "-1.5e3", "-1+1", "+cmd", "\t=1", "＝1", "-", "a=1", "'=1"} {
		b := appendCells(nil, s, "x")
		got, err := csv.NewReader(strings.NewReader(string(b))).Read()
		if err != nil || len(got) != 2 {
			t.Fatalf("%q: %q %v", s, got, err)
		}
		want := strings.ReplaceAll(s, "\r\n", "\n") // which is how the reader has it
		guarded := strings.HasPrefix(got[0], "'") && !strings.HasPrefix(s, "'")
		if strings.TrimPrefix(got[0], "'") != strings.TrimPrefix(want, "'") {
			t.Errorf("%q became %q", s, got[0])
		}
		if formula := slices.Contains([]string{"=1", "@x", "-1+1", "+cmd", "\t=1", "＝1", "-"}, s); formula != guarded {
			t.Errorf("%q: guarded is %v", s, guarded)
		}
	}
}

func TestFaultsOfARequest(t *testing.T) {
	w := loaded(t)
	for name, c := range map[string]struct {
		pairs    []string
		message  string
		position int
	}{
		"a search line":        {[]string{"q", "level:>=wrn ("}, `something to search for is missing`, 13},
		"LogQL":                {[]string{"q", `{a="b"} |= `}, "", 11},
		"numbers":              {[]string{"q", `rate({a="b"}[5x])`}, "", -1},
		"a misspelt parameter": {[]string{"form", "1h"}, `parameter "form"`, -1},
		"a time":               {[]string{"from", "yesterday"}, `from="yesterday"`, -1},
		"an empty range":       {[]string{"from", "now", "to", "now-1h"}, "ends before it begins", -1},
		"a limit":              {[]string{"limit", "-1"}, `limit="-1"`, -1},
		"an order":             {[]string{"order", "up"}, "want newest or oldest", -1},
		"a format":             {[]string{"format", "xml"}, "want ndjson or csv", -1},
		"too many columns":     {[]string{"cols", strings.Repeat("a,", 101)}, "at most 100 columns", -1},
		"a language":           {[]string{"syntax", "sql"}, "want line or logql", -1},
		"a step of lines":      {[]string{"step", "1m"}, "asks for lines", -1},
		"a step":               {[]string{"q", `rate({a="b"}[5m])`, "step", "-1"}, `step="-1"`, -1},
		"a query in explain":   {[]string{"q", "(", "explain", "1"}, "", 1},
		"explain":              {[]string{"explain", "yes"}, "want 1 or 0", -1},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := w.get("/api/v1/logs/query", c.pairs...)
			got := w.parse(body)
			if resp.StatusCode != 400 || got.Error == nil || !strings.Contains(got.Error.Message, c.message) {
				t.Fatalf("got %d %s, want a 400 with %q", resp.StatusCode, body, c.message)
			}
			if c.position >= 0 && (got.Error.Position == nil || *got.Error.Position != c.position) {
				t.Errorf("got %s, want position %d", body, c.position)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	w := loaded(t)
	const q = `sum by (service_name) (count_over_time({service_name=~".+"}[10m]))`
	got := w.lines("q", q, "step", "0")
	if len(got) != 2 || got[0].Labels["service_name"] != "cart" || got[0].Value != 1.0 || got[1].Labels["service_name"] != "shop" || got[1].Value != 2.0 {
		t.Errorf("got %+v", got)
	}
	resp, body := w.get("/api/v1/logs/query", "q", q, "step", "1m", "from", "2m", "format", "csv")
	want := "time,service_name,value\r\n" +
		"2026-03-12T14:05:00.000000000Z,cart,1\r\n2026-03-12T14:06:00.000000000Z,cart,1\r\n" +
		"2026-03-12T14:04:00.000000000Z,shop,2\r\n2026-03-12T14:05:00.000000000Z,shop,2\r\n2026-03-12T14:06:00.000000000Z,shop,2\r\n"
	if body != want || resp.Header.Get("Tripod-Kind") != "series" {
		t.Errorf("got %s\n%s want\n%s", resp.Header.Get("Tripod-Kind"), body, want)
	}
}

// unreadNumbers answers beside what it could not read.
type unreadNumbers struct{ Numbers }

func (u unreadNumbers) Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error) {
	list, err := u.Numbers.Metric(ctx, q)
	return list, cmp.Or(err, fmt.Errorf("block 7: corrupt data; %w", store.ErrUnread))
}

func TestNumbersOfWhatCanBeRead(t *testing.T) {
	w := loaded(t)
	d := w.api.doors
	d.Numbers = unreadNumbers{d.Numbers}
	w = serve(t, w.kept, d, Options{Log: slog.New(slog.DiscardHandler)})
	resp, body := w.get("/api/v1/logs/query", "q", `sum(count_over_time({service_name=~".+"}[10m]))`)
	if resp.StatusCode != 200 || !strings.Contains(body, `"value":3}`) || !strings.HasSuffix(body, "{\"error\":{\"message\":\"block 7: corrupt data; it is left out\"}}\n") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if resp, body = w.get("/api/v1/logs/query", "q", `sum(count_over_time({service_name=~".+"}[10m]))`, "explain", "1"); resp.StatusCode != 200 {
		t.Errorf("explain: got %d %s", resp.StatusCode, body)
	}
}

// broken answers with records and errors.
type broken struct {
	Records
	list []any // of store.Record, error and func(ctx)
}

func (b broken) Search(ctx context.Context, _ store.LogQuery) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for _, x := range b.list {
			more := true
			switch x := x.(type) {
			case store.Record:
				more = yield(x, nil)
			case error:
				more = yield(store.Record{}, x)
			case func(context.Context):
				x(ctx)
			}
			if !more {
				return
			}
		}
	}
}

func brokenWorld(t *testing.T, list ...any) *world {
	return serve(t, nil, Doors{Records: broken{list: list}}, Options{Log: slog.New(slog.DiscardHandler)})
}

func TestFailureInTheMiddleIsTold(t *testing.T) {
	w := brokenWorld(t, sent(1, "s", "one"), errors.New("block 7 is\ndamaged"), sent(2, "s", "two"))
	resp, body := w.get("/api/v1/logs/query")
	lines := strings.SplitAfter(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) != 3 || w.parse(lines[1]).Msg != "two" {
		t.Fatalf("got %s, want what could be read behind the fault", body)
	}
	if last := w.parse(lines[2]); last.Error == nil || last.Error.Message != "block 7 is\ndamaged" {
		t.Errorf("last object %s", lines[2])
	}
	if resp.Trailer.Get("Tripod-Error") != "block 7 is damaged" || resp.Trailer.Get("Tripod-Lines") != "2" {
		t.Errorf("trailer %v", resp.Trailer)
	}
}

func TestCSVThatFailsBreaksOff(t *testing.T) {
	w := brokenWorld(t, sent(1, "s", "one"), errors.New("damaged"))
	resp, err := http.Get(w.address("/api/v1/logs/query", "format", "csv", "cols", "msg"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil || string(b) != "msg\r\none\r\n" {
		t.Errorf("got %q %v, want what was read and an error", b, err)
	}
}

func TestFailureOfAllIsAStatus(t *testing.T) {
	w := brokenWorld(t, fmt.Errorf("open block: %w", store.ErrClosed))
	if resp, body := w.get("/api/v1/logs/query"); resp.StatusCode != 503 || w.parse(body).Error == nil {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

// TestLinesAreSentAsTheyAreFound reads a line while the search goes on, and
// then leaves, which ends the search.
func TestLinesAreSentAsTheyAreFound(t *testing.T) {
	left := make(chan struct{})
	w := brokenWorld(t, sent(1, "s", "one"), func(ctx context.Context) { <-ctx.Done(); close(left) })
	s := w.open("/api/v1/logs/query")
	if got := s.next(); got.Msg != "one" {
		t.Errorf("got %+v", got)
	}
	s.body.Close()
	select {
	case <-left:
	case <-time.After(20 * time.Second):
		t.Error("the search goes on without its client")
	}
}

func TestQueriesAreBounded(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	d := Doors{Records: broken{list: []any{func(context.Context) { close(begun); <-end }}}}
	w := serve(t, nil, d, Options{MaxQueries: 1})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.get("/api/v1/logs/query")
	}()
	<-begun
	if resp, body := w.get("/api/v1/logs/query"); resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	close(end)
	<-ended
}

package lokiapi

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// loaded is an engine that took a push and what came by another way.
func loaded(t testing.TB) *engine {
	t.Helper()
	var e engine
	b := batch{maxLine: 1 << 20}
	if err := b.decodeJSON([]byte(jsonPush)); err != nil {
		t.Fatal(err)
	}
	e.records = b.records
	e.records = append(e.records, store.Record{
		Time: 1773324360200000000, Level: store.LevelError, Service: "shop", Body: store.String("out of <stock>"),
		TraceID: store.TraceID{15: 7}, Attrs: store.Attrs{{Key: "http.route", Value: store.String("/work")}, {Key: "n", Value: store.Int(3)}},
		Resource: &store.Resource{Attrs: store.Attrs{
			{Key: "service.name", Value: store.String("shop")}, {Key: "host.name", Value: store.String("node-1")}, {Key: "9lives", Value: store.Bool(true)}}},
		Scope: &store.Scope{Name: "pino", Version: "1"},
	})
	return &e
}

func TestAnswers(t *testing.T) {
	const span = "&start=1773324360000000000&end=1773324361000000000"
	categorize := http.Header{"X-Loki-Response-Encoding-Flags": {"categorize-labels"}}
	for name, c := range map[string]struct {
		path   string
		header http.Header
	}{
		"range":                  {"query_range?query=%7Bjob%3D%22api%22%7D&step=123ms" + span, nil},
		"range-forward":          {"query_range?query=%7Bjob%3D%22api%22%7D&direction=forward" + span, nil},
		"range-limit":            {"query_range?query=%7Bjob%3D%22api%22%7D&limit=1" + span, nil},
		"range-filter":           {"query_range?query=%7B%7D+%7C%3D+%60stock%60" + span, nil},
		"range-categorized":      {"query_range?query=%7Bjob%3D%22api%22%7D" + span, categorize},
		"range-empty":            {"query_range?query=%7Bjob%3D%22api%22%7D+%7C%3D+%22nothing%22" + span, nil},
		"range-none":             {"query_range?query=%7Bjob%3D%22api%22%7D&limit=0" + span, categorize},
		"instant":                {"query?query=%7B%7D&limit=2&time=1773324361", nil},
		"health":                 {"query?query=vector(1)%2Bvector(1)&time=4000000000", nil},
		"labels":                 {"labels", nil},
		"label-singular":         {"label", nil},
		"labels-of":              {"labels?query=%7Bjob%3D%22api%22%7D+%7C%3D+%22stock%22" + span, nil},
		"values":                 {"label/job/values", nil},
		"values-none":            {"label/none/values", nil},
		"values-of":              {"label/service_name/values?query=%7Bx%3D%22y%22%7D" + span, nil},
		"values-some":            {"label/service_name/values?query=%7Bservice_name%3D~%22s.%2A%22%7D" + span, nil},
		"range-json":             {"query_range?query=%7Bjob%3D%22api%22%7D+%7C+json" + span, nil},
		"range-json-categorized": {"query_range?query=%7B%7D+%7C+json" + span, categorize},
		"range-interval":         {"query_range?query=%7B%7D&direction=forward&interval=1s" + span, nil},
		"matrix":                 {"query_range?query=sum+by+(level)(count_over_time(%7B%7D%5B1s%5D))&step=500ms" + span, nil},
		"matrix-none":            {"query_range?query=rate(%7Bservice_name%3D%22none%22%7D%5B1m%5D)" + span, nil},
		"matrix-default-step":    {"query_range?query=vector(1)&start=1773324360&end=1773324362", nil},
		"vector":                 {"query?query=sum+by+(service_name)(count_over_time(%7B%7D%5B1h%5D))&time=1773324361", nil},
		"vector-sorted":          {"query?query=sort_desc(sum+by+(service_name)(bytes_over_time(%7B%7D%5B1h%5D)))&time=1773324361.5", nil},
		"scalar":                 {"query?query=1%2B1&time=1773324361", nil},
		"stats":                  {"index/stats?query=%7B%7D" + span, nil},
		"stats-none":             {"index/stats?query=%7Bservice_name%3D%22none%22%7D" + span, nil},
		"shards":                 {"index/shards?query=%7B%7D" + span, nil},
		"drilldown-limits":       {"drilldown-limits", nil},
		"volume":                 {"index/volume?query=%7Bservice_name%3D~%22.%2B%22%7D" + span, nil},
		"volume-labels":          {"index/volume?query=%7B%7D&targetLabels=service_name,detected_level&aggregateBy=labels" + span, nil},
		"volume-range":           {"index/volume_range?query=%7B%7D&step=1s&limit=1" + span, nil},
		"detected-labels":        {"detected_labels?query=%7B%7D" + span, nil},
		"detected-fields":        {"detected_fields?query=%7B%7D" + span, nil},
		"detected-values":        {"detected_field/http_route/values?query=%7B%7D" + span, nil},
		"patterns":               {"patterns?query=%7B%7D&step=1s" + span, nil},
		"format":                 {"format_query?query=sum(rate(%7Ba%3D%60b%60%7D%5B60s%5D))by(c)", nil},
		"series":                 {"series?match[]=%7Bjob%3D%22api%22%7D" + span, nil},
		"series-all":             {"series?" + span, nil},
		"buildinfo":              {"status/buildinfo", nil},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, loaded(t), Options{})
			resp, got := do(t, "GET", srv.URL+"/loki/api/v1/"+c.path, c.header, nil)
			if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
				t.Fatalf("got %d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), got)
			}
			golden := filepath.Join("testdata", "answers", name+".json")
			if *update {
				if err := os.WriteFile(golden, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got+"\n" != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestRulesOfAnotherHouse is what Grafana's list of alerts asks a Loki.
func TestRulesOfAnotherHouse(t *testing.T) {
	srv := serve(t, &engine{}, Options{})
	for path, want := range map[string]string{
		"/loki/api/v1/rules":        "404 no rule groups found\n",
		"/prometheus/api/v1/rules":  `200 {"status":"success","data":{"groups":[]},"errorType":"","error":""}`,
		"/prometheus/api/v1/alerts": `200 {"status":"success","data":{"alerts":[]},"errorType":"","error":""}`,
	} {
		resp, body := do(t, "GET", srv.URL+path, nil, nil)
		if got := fmt.Sprint(resp.StatusCode, " ", body); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestQueryAsAForm(t *testing.T) {
	e := loaded(t)
	srv := serve(t, e, Options{})
	form := url.Values{"query": {`{job="api"}`}, "start": {"2026-03-12T14:06:00Z"}, "end": {"1773324361.5"}, "limit": {"7"}, "direction": {"FORWARD"}}
	resp, body := do(t, "POST", srv.URL+"/loki/api/v1/query_range", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	want := store.LogQuery{Text: `{job="api"}`, Syntax: store.LogQL, Limit: 7, Oldest: true,
		Range: store.TimeRange{From: 1773324360000000000, To: 1773324361500000000}}
	e.asked.Receipt = nil
	if resp.StatusCode != 200 || e.asked != want {
		t.Errorf("got %d %s, asked %+v; want %+v", resp.StatusCode, body, e.asked, want)
	}
}

func TestTimesOfAQuery(t *testing.T) {
	at := now.UnixNano()
	for name, c := range map[string]struct {
		params   string
		from, to int64
	}{
		"last hour":               {"", at - int64(time.Hour), at},
		"since":                   {"&since=15m", at - int64(15*time.Minute), at},
		"since days":              {"&since=7d", at - int64(7*24*time.Hour), at},
		"seconds":                 {"&start=1773324360&end=1773324361", 1773324360e9, 1773324361e9},
		"float seconds":           {"&start=1773324360.25&end=1773324361", 1773324360250000000, 1773324361e9},
		"nanoseconds":             {"&start=1773324360123456789&end=1773324360123456790", 1773324360123456789, 1773324360123456790},
		"RFC 3339":                {"&start=2026-03-12T14:06:00.5Z&end=2026-03-12T15:06:01%2B01:00", 1773324360500000000, 1773324361e9},
		"since before an end":     {"&end=1773324361&since=1s", at - 1e9, 1773324361e9},
		"since before a past end": {"&end=1773324300&since=1s", 1773324299e9, 1773324300e9},
	} {
		t.Run(name, func(t *testing.T) {
			e := &engine{}
			srv := serve(t, e, Options{})
			resp, body := do(t, "GET", srv.URL+"/loki/api/v1/query_range?query=%7B%7D"+c.params, nil, nil)
			if want := (store.TimeRange{From: c.from, To: c.to}); resp.StatusCode != 200 || e.asked.Range != want {
				t.Errorf("got %d %s %+v, want %+v", resp.StatusCode, body, e.asked.Range, want)
			}
		})
	}
}

func TestQueryErrors(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		says string
	}{
		"wrong query":        {"query_range?query=%7Ba%3D%22b%22%7D%0A%7C+bad", `parse error at line 2, col 3: unknown stage "bad"`},
		"no query":           {"query_range", "the query is empty"},
		"direction":          {"query_range?query=%7B%7D&direction=up", "direction"},
		"limit":              {"query_range?query=%7B%7D&limit=many", "limit"},
		"limit too high":     {"query_range?query=%7B%7D&limit=5001", "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"},
		"step":               {"query_range?query=%7B%7D&step=ms", "step"},
		"start":              {"query_range?query=%7B%7D&start=yesterday", "start"},
		"end before start":   {"query_range?query=%7B%7D&start=10&end=5", "end timestamp must not be before or equal to start time"},
		"since":              {"labels?since=-1h", "since"},
		"instant":            {"query?query=%7B%7D&time=x", "time"},
		"instant, wrong":     {"query?query=vector(bad)", "line 1, col 8"},
		"series, wrong":      {"series?match[]=bad", "line 1, col 1"},
		"instant, too deep":  {"query?query=" + strings.Repeat("(", 300), "too deeply nested"},
		"metric, step":       {"query_range?query=vector(1)&step=0", "step"},
		"metric, steps":      {"query_range?query=vector(1)&step=1ms", "at most 11000"},
		"metric, lines":      {"query?query=sum(%7Ba%3D%22b%22%7D)", "line 1, col 5: sum takes numbers, not lines"},
		"format, wrong":      {"format_query?query=rate(", `{"status":"invalid-query","error":"parse error at line 1, col 6`},
		"volume of numbers":  {"index/volume?query=vector(1)", "selector"},
		"volume by what":     {"index/volume?query=%7B%7D&targetLabels=a%20b", "targetLabels"},
		"volume limit":       {"index/volume?query=%7B%7D&limit=x", "limit"},
		"stats, wrong":       {"index/stats?query=%7B", "line 1, col 2"},
		"detected, wrong":    {"detected_fields?query=%7B%7D&line_limit=-1", "line_limit"},
		"tail of numbers":    {"tail?query=vector(1)", "a query for lines"},
		"tail without ws":    {"tail?query=%7B%7D", "WebSocket"},
		"tail, delay":        {"tail?query=%7B%7D&delay_for=60", "delay_for"},
		"broken escape":      {"labels?query=%zz", "parameters"},
		"too many selectors": {"series?" + strings.Repeat("match[]=%7B%7D&", 33), "selectors"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, &engine{}, Options{})
			resp, body := do(t, "GET", srv.URL+"/loki/api/v1/"+c.path, nil, nil)
			if want := 400; resp.StatusCode != want && resp.StatusCode != 413 || !strings.Contains(body, c.says) {
				t.Errorf("got %d %q, want 400 with %q", resp.StatusCode, body, c.says)
			}
		})
	}
}

func TestInstantIncludesItsInstant(t *testing.T) {
	e := &engine{}
	srv := serve(t, e, Options{})
	do(t, "GET", srv.URL+"/loki/api/v1/query?query=%7B%7D&time=1773324360123456789", nil, nil)
	if !e.asked.Range.Has(1773324360123456789) {
		t.Errorf("asked %+v, which leaves the instant out", e.asked.Range)
	}
}

// TestWhatCannotBeReadIsAWarning beside the answer from all else.
func TestWhatCannotBeReadIsAWarning(t *testing.T) {
	e := loaded(t)
	e.unread = fmt.Errorf("block 7: corrupt data; %w", store.ErrUnread)
	srv := serve(t, e, Options{})
	const span = "&start=1773324360000000000&end=1773324361000000000"
	for path, want := range map[string]string{
		"query_range?query=%7B%7D" + span:                                          `"out of `,
		"query_range?query=count_over_time(%7B%7D%5B1s%5D)&step=500ms" + span:      `"values":[[`,
		"query?query=sum(count_over_time(%7B%7D%5B1h%5D))&time=1773324361":         `"value":[`,
		"detected_fields?query=%7B%7D" + span:                                      `http_route`,
		"index/volume?query=%7Bservice_name%3D~%22.%2B%22%7D" + span:               `"value":[`,
		"index/volume_range?query=%7Bservice_name%3D~%22.%2B%22%7D&step=1s" + span: `"values":[[`,
	} {
		resp, body := do(t, "GET", srv.URL+"/loki/api/v1/"+path, nil, nil)
		warned := strings.Count(body, `"warnings":["block 7: corrupt data; it is left out"]`)
		if resp.StatusCode != 200 || !strings.Contains(body, want) || strings.HasPrefix(path, "query") && warned != 1 {
			t.Errorf("%s: got %d %s", path, resp.StatusCode, body)
		}
	}
}

package appliance

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tripod/store"
)

// found are the lines that a search line finds, oldest first.
func (r *running) found(query string) []store.Record {
	r.Helper()
	var out []store.Record
	for rec, err := range r.logs.Search(context.Background(), store.LogQuery{Text: query, Range: store.TimeRange{To: math.MaxInt64}, Oldest: true}) {
		if err != nil {
			r.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

// foundAfterAll waits until a search line finds so many lines, and not more.
func (r *running) foundAfterAll(query string, want int) (got []store.Record) {
	r.Helper()
	r.eventually(query, func() bool { got = r.found(query); return len(got) >= want })
	if len(got) != want {
		r.Fatalf("%s: found %d lines, want %d", query, len(got), want)
	}
	return got
}

// row is a receiver as Status has it.
func (r *running) row(protocol string) (accepted, rejected int64, problem string) {
	r.Helper()
	now, err := r.Status(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	for _, row := range now.Receivers {
		if row.Protocol == protocol {
			return row.Accepted, row.Rejected, row.Error
		}
	}
	r.Fatalf("Status has no %s", protocol)
	return 0, 0, ""
}

func (r *running) post(path, contentType, body string) int {
	r.Helper()
	resp, err := http.Post(r.URL+path, contentType, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestInputs sends lines through every protocol for lines and finds them,
// counted, in one appliance.
func TestInputs(t *testing.T) {
	if inOwnProcess(t) {
		return
	}
	r := start(t, Options{Rate: -1})
	for name, test := range map[string]func(*testing.T, *running){
		"JSON lines":    jsonLinesAreFoundAndCounted,
		"Elasticsearch": bulkIsFoundAndCounted,
	} {
		t.Run(name, func(t *testing.T) { test(t, &running{t, r.Appliance, r.URL}) })
	}
}

func jsonLinesAreFoundAndCounted(t *testing.T, r *running) {
	lines := `{"_msg":"first","app":"shop","n":1}` + "\nbroken\n" + `{"_msg":"second","app":"shop","n":2}`
	if got := r.post("/insert/jsonline?_stream_fields=app", "", lines); got != 400 {
		t.Errorf("got %d", got)
	}
	if got := r.post("/api/v1/logs", "application/json", `[{"msg":"third","service":"shop"}]`); got != 200 {
		t.Errorf("got %d", got)
	}
	var got []string
	for _, rec := range r.found("service:shop") {
		got = append(got, rec.Message())
	}
	if want := []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if accepted, rejected, why := r.row("JSON lines"); accepted != 3 || rejected != 1 || why != "line 2: no JSON object" {
		t.Errorf("Status counts %d, %d, %q", accepted, rejected, why)
	}
}

func bulkIsFoundAndCounted(t *testing.T, r *running) {
	doc := `{"@timestamp":"2026-03-12T14:06:00Z","message":"%","log":{"level":"error"},"service":{"name":"shelf"}}` + "\n"
	for i, path := range []string{"/_bulk", "/logs-shop/_bulk", "/insert/elasticsearch/_bulk", "/insert/elasticsearch/logs-shop/_bulk"} {
		body := `{"create":{}}` + "\n" + strings.Replace(doc, "%", strconv.Itoa(i), 1) + `{"create":{}}` + "\nno document\n"
		if got := r.post(path, "application/x-ndjson", body); got != 200 {
			t.Errorf("%s: got %d", path, got)
		}
	}
	if got := r.found("service:shelf level:error"); len(got) != 4 || got[1].Resource.Attrs.Text("index") != "logs-shop" {
		t.Errorf("found %+v", got)
	}
	if accepted, rejected, why := r.row("Elasticsearch bulk"); accepted != 4 || rejected != 4 || why != "the document is no JSON object" {
		t.Errorf("Status counts %d, %d, %q", accepted, rejected, why)
	}
	r.want("GET", "/insert/elasticsearch/", "", nil, 200, nil)
	if resp := r.want("GET", "/", "", nil, 200, nil); resp.Header.Get("X-Elastic-Product") != "" {
		t.Error("the Overview went to Elasticsearch's clients")
	}
}

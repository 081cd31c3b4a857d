package lokiapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// engine keeps records and finds those whose line holds the text behind the
// last |= of a query; a query that holds "bad" is wrong at that place.
type engine struct {
	records []store.Record
	err     error
	asked   store.LogQuery
}

func (e *engine) Append(_ context.Context, r []store.Record) error {
	e.records = append(e.records, r...)
	return e.err
}

func (e *engine) Search(_ context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	e.asked = q
	return func(yield func(store.Record, error) bool) {
		if at := strings.Index(q.Text, "bad"); at >= 0 {
			yield(store.Record{}, &store.QueryError{Query: q.Text, Pos: at, Msg: "unknown stage", Hint: "did you mean json?"})
			return
		}
		want := ""
		if _, text, ok := strings.Cut(q.Text, "|="); ok {
			want = strings.Trim(text, " `\"")
		}
		found := 0
		for i := range e.records {
			r := e.records[i]
			if !q.Oldest {
				r = e.records[len(e.records)-1-i]
			}
			if !q.Range.Has(r.Time) || !strings.Contains(r.Line(), want) {
				continue
			}
			if found++; q.Limit > 0 && found > q.Limit || !yield(r, nil) {
				return
			}
		}
	}
}

func (e *engine) LabelNames(_ context.Context, r store.TimeRange) ([]string, error) {
	e.asked = store.LogQuery{Range: r}
	return []string{"job", "service_name"}, e.err
}

func (e *engine) LabelValues(_ context.Context, name string, r store.TimeRange) ([]string, error) {
	e.asked = store.LogQuery{Text: name, Range: r}
	if name == "none" {
		return nil, nil
	}
	return []string{"a", "b"}, e.err
}

var now = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)

func serve(t testing.TB, e *engine, o Options) *httptest.Server {
	t.Helper()
	o.Now = func() time.Time { return now }
	mux := http.NewServeMux()
	New(Doors{e, e, e}, o).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func do(t testing.TB, method, url string, header http.Header, body []byte) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func zipped(b []byte) []byte {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	zw.Write(b)
	zw.Close()
	return buf.Bytes()
}

func attrText(a store.Attrs) []string {
	var out []string
	for _, a := range a {
		out = append(out, a.Key+"="+a.Value.Text())
	}
	slices.Sort(out)
	return out
}

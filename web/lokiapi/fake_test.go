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
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// engine keeps what is pushed, notes what is asked, and answers from a store
// of the records that it had when the server began.
type engine struct {
	*logql.Engine
	records []store.Record
	err     error
	unread  error // told beside each answer
	asked   store.LogQuery
	kept    *logs.Store
}

func (e *engine) Append(_ context.Context, r []store.Record) error {
	for _, rec := range r { // the caller uses its memory again
		e.records = append(e.records, ownRecord(rec))
	}
	return e.err
}

func ownRecord(r store.Record) store.Record {
	own := func(v store.Value) store.Value {
		if v.Kind == store.KindString {
			return store.String(strings.Clone(v.Str()))
		}
		return v
	}
	ownAttrs := func(a store.Attrs) store.Attrs {
		a = slices.Clone(a)
		for i := range a {
			a[i] = store.Attr{Key: strings.Clone(a[i].Key), Value: own(a[i].Value)}
		}
		return a
	}
	r.Body, r.Raw, r.Service, r.LevelText, r.Attrs = own(r.Body), strings.Clone(r.Raw), strings.Clone(r.Service), strings.Clone(r.LevelText), ownAttrs(r.Attrs)
	return r
}

func (e *engine) Lines(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogEntry, error] {
	e.asked = q
	if e.unread == nil {
		return e.Engine.Lines(ctx, q)
	}
	return func(yield func(store.LogEntry, error) bool) {
		if yield(store.LogEntry{}, e.unread) && yield(store.LogEntry{}, e.unread) {
			e.Engine.Lines(ctx, q)(yield)
		}
	}
}

func (e *engine) Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error) {
	list, err := e.Engine.Metric(ctx, q)
	if err == nil {
		err = e.unread
	}
	return list, err
}

func (e *engine) open(t testing.TB) {
	t.Helper()
	var err error
	if e.kept, err = logs.Open(t.TempDir(), logs.Options{LogQL: logql.Parse}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.kept.Close() })
	if len(e.records) > 0 {
		if err := e.kept.Append(t.Context(), slices.Clone(e.records)); err != nil {
			t.Fatal(err)
		}
	}
	e.Engine = logql.New(e.kept)
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
	e.open(t)
	mux := http.NewServeMux()
	New(Doors{e, e, e, e.kept}, o).Register(mux)
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

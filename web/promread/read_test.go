package promread_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	common "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"tripod/web/promread"
)

func packed(t testing.TB, req *prompb.ReadRequest) []byte {
	t.Helper()
	raw, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return snappy.Encode(nil, raw)
}

func (s *server) query(kv ...string) *prompb.Query {
	q := &prompb.Query{StartTimestampMs: s.now.Add(-2 * time.Hour).UnixMilli(), EndTimestampMs: s.now.UnixMilli()}
	for i := 0; i < len(kv); i += 2 {
		q.Matchers = append(q.Matchers, &prompb.LabelMatcher{Type: prompb.LabelMatcher_RE, Name: kv[i], Value: kv[i+1]})
	}
	return q
}

var (
	samples = []prompb.ReadRequest_ResponseType{prompb.ReadRequest_SAMPLES}
	streams = []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES}
)

// The answers are those of Prometheus's own handler over the same store, byte
// for byte.
func TestReadAnswersAsPrometheus(t *testing.T) {
	for _, frame := range []int{1 << 20, 500} {
		s := newServer(t, promread.Options{FrameBytes: frame, Samples: 10_000})
		theirs := remote.NewReadHandler(slog.New(slog.DiscardHandler), nil, s.store, func() config.Config { return config.Config{} }, 10_000, 10, frame)
		for name, req := range map[string]*prompb.ReadRequest{
			"one series":        {Queries: []*prompb.Query{s.query("__name__", "local")}},
			"several":           {Queries: []*prompb.Query{s.query("__name__", "requests_total")}, AcceptedResponseTypes: samples},
			"streamed":          {Queries: []*prompb.Query{s.query("__name__", "requests_total|local")}, AcceptedResponseTypes: streams},
			"all kinds":         {Queries: []*prompb.Query{s.query("__name__", ".+")}, AcceptedResponseTypes: samples},
			"all kinds streams": {Queries: []*prompb.Query{s.query("__name__", ".+")}, AcceptedResponseTypes: streams},
			"two queries":       {Queries: []*prompb.Query{s.query("__name__", "local"), s.query("job", "api", "instance", "a")}, AcceptedResponseTypes: streams},
			"two, samples":      {Queries: []*prompb.Query{s.query("__name__", "local"), s.query("job", "api", "instance", "a")}},
			"nothing":           {Queries: []*prompb.Query{s.query("__name__", "nothing")}, AcceptedResponseTypes: streams},
			"no query":          {},
			"types unknown":     {Queries: []*prompb.Query{s.query("__name__", "local")}, AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{9}},
			"hints": {Queries: []*prompb.Query{{StartTimestampMs: 0, EndTimestampMs: s.now.UnixMilli(), Matchers: s.query("__name__", "local").Matchers,
				Hints: &prompb.ReadHints{StartMs: s.now.Add(-time.Minute).UnixMilli(), EndMs: s.now.UnixMilli(), Func: "rate", StepMs: 1000}}}},
			"bad regexp": {Queries: []*prompb.Query{s.query("__name__", "(")}},
		} {
			t.Run(name, func(t *testing.T) {
				body := packed(t, req)
				ask := func(h http.Handler) *httptest.ResponseRecorder {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/read", bytes.NewReader(body)))
					return w
				}
				got, want := ask(s.Config.Handler), ask(theirs)
				if got.Code != want.Code && (got.Code != 400 || want.Code != 500) { // a bad regexp is the client's fault
					t.Fatalf("%d %s, Prometheus says %d %s", got.Code, got.Body, want.Code, want.Body)
				}
				if got.Code != 200 {
					return
				}
				for _, h := range []string{"Content-Type", "Content-Encoding"} {
					if got.Header().Get(h) != want.Header().Get(h) {
						t.Errorf("%s %q, want %q", h, got.Header().Get(h), want.Header().Get(h))
					}
				}
				if !bytes.Equal(unpacked(t, got), unpacked(t, want)) {
					t.Errorf("%d bytes differ from %d", got.Body.Len(), want.Body.Len())
				}
			})
		}
	}
}

func unpacked(t *testing.T, w *httptest.ResponseRecorder) []byte {
	t.Helper()
	if w.Header().Get("Content-Encoding") != "snappy" {
		return w.Body.Bytes()
	}
	b, err := snappy.Decode(nil, w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Prometheus's own client reads what was stored, in both forms.
func TestPrometheusReadsFromUs(t *testing.T) {
	s := newServer(t, promread.Options{FrameBytes: 500})
	u, err := url.Parse(s.URL + "/api/v1/read")
	if err != nil {
		t.Fatal(err)
	}
	for name, types := range map[string][]prompb.ReadRequest_ResponseType{"samples": samples, "streamed": streams} {
		t.Run(name, func(t *testing.T) {
			client, err := remote.NewReadClient("test", &remote.ClientConfig{
				URL: &common.URL{URL: u}, Timeout: model.Duration(10 * time.Second), ChunkedReadLimit: 1 << 30, AcceptedResponseTypes: types,
			})
			if err != nil {
				t.Fatal(err)
			}
			set, err := client.Read(t.Context(), s.query("__name__", "requests_total|native"), true)
			if err != nil {
				t.Fatal(err)
			}
			n := map[string]int{}
			for set.Next() {
				it := set.At().Iterator(nil)
				for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
					n[set.At().Labels().Get(labels.MetricName)+" "+typ.String()]++
				}
			}
			want := map[string]int{"requests_total float": 3*241 + 1, "native histogram": 241}
			if set.Err() != nil || !reflect.DeepEqual(n, want) {
				t.Errorf("%v, %v; want %v", n, set.Err(), want)
			}
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	s := newServer(t, promread.Options{Samples: 100})
	many := &prompb.ReadRequest{}
	for range 1001 {
		many.Queries = append(many.Queries, s.query("__name__", "nothing"))
	}
	for name, c := range map[string]struct {
		body   []byte
		status int
		want   string
	}{
		"too many samples":   {packed(t, &prompb.ReadRequest{Queries: []*prompb.Query{s.query("__name__", "local")}}), 400, "exceeded sample limit (100)"},
		"too many in all":    {packed(t, &prompb.ReadRequest{Queries: []*prompb.Query{s.query("__name__", "odd"), s.query("__name__", "local")}}), 400, "query 1: exceeded sample limit (100)"},
		"too many queries":   {packed(t, many), 413, "1001 queries"},
		"not snappy":         {[]byte("hello"), 400, "snappy"},
		"not a message":      {snappy.Encode(nil, []byte{0xff}), 400, "read request"},
		"large when opened":  {snappy.Encode(nil, make([]byte, 2<<20)), 413, "2097152 bytes"},
		"large":              {make([]byte, 2<<20), 413, "too large"},
		"a matcher's type":   {packed(t, &prompb.ReadRequest{Queries: []*prompb.Query{{Matchers: []*prompb.LabelMatcher{{Type: 9, Name: "x"}}}}}), 400, `matcher of label "x": type 9 is unknown`},
		"streamed, bad type": {packed(t, &prompb.ReadRequest{AcceptedResponseTypes: streams, Queries: []*prompb.Query{{Matchers: []*prompb.LabelMatcher{{Type: 9, Name: "x"}}}}}), 400, "type 9 is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := http.Post(s.URL+"/api/v1/read", "application/x-protobuf", bytes.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.status || !strings.Contains(string(b), c.want) {
				t.Errorf("%d %s %v, want %d with %q", res.StatusCode, b, err, c.status, c.want)
			}
		})
	}
}

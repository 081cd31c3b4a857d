package promwrite_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/store/metrics"
	"tripod/web/promwrite"
)

// server is the API on a real store behind a real listener.
type server struct {
	*httptest.Server
	store *metrics.Store
}

func newServer(t testing.TB) *server {
	t.Helper()
	s, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	promwrite.New(promwrite.Doors{Sink: s, Families: s}, promwrite.Options{}).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{srv, s}
}

const (
	proto1 = "application/x-protobuf"
	proto2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

type marshaler interface{ Marshal() ([]byte, error) }

// send posts a remote-write request and returns the status, the headers and
// the body.
func (s *server) send(t testing.TB, typ string, m marshaler) (int, http.Header, string) {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return s.post(t, typ, "snappy", snappy.Encode(nil, b))
}

func (s *server) post(t testing.TB, typ, encoding string, body []byte) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", typ)
	req.Header.Set("Content-Encoding", encoding)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func (s *server) ask(t testing.TB, expr string, at time.Time) string {
	t.Helper()
	v, _, err := s.store.Instant(t.Context(), expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return v.String()
}

func pairs(kv ...string) (out []prompb.Label) {
	for i := 0; i < len(kv); i += 2 {
		out = append(out, prompb.Label{Name: kv[i], Value: kv[i+1]})
	}
	return out
}

func TestRemoteWriteStoresWhatPrometheusSends(t *testing.T) {
	s, now := newServer(t), time.Now().Truncate(time.Second)
	ms := now.UnixMilli()
	whole := prompb.FromIntHistogram(ms, tsdbutil.GenerateTestHistogram(2))
	float := prompb.FromFloatHistogram(ms, tsdbutil.GenerateTestFloatHistogram(3))
	req := &prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{
			{
				Labels:  pairs("__name__", "up", "job", "api"),
				Samples: []prompb.Sample{{Value: 0, Timestamp: ms - 1000}, {Value: 1, Timestamp: ms}},
				Exemplars: []prompb.Exemplar{
					{Labels: pairs("trace_id", "abc"), Value: 7, Timestamp: ms}},
			},
			{Labels: pairs("zone", "x", "__name__", "unsorted", "a", "", "b", "c"), Samples: []prompb.Sample{{Value: 3, Timestamp: ms}}},
			{Labels: pairs("__name__", "whole"), Histograms: []prompb.Histogram{whole}},
			{Labels: pairs("__name__", "float"), Histograms: []prompb.Histogram{float}},
		},
		Metadata: []prompb.MetricMetadata{{MetricFamilyName: "up", Type: prompb.MetricMetadata_GAUGE, Help: "is it up", Unit: "u"}},
	}
	for range 2 { // the second time every series is known
		if status, _, body := s.send(t, proto1, req); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, body)
		}
	}
	for expr, want := range map[string]string{
		`sum_over_time(up[1m])`:  fmt.Sprintf(`{job="api"} => 1 @[%d]`, ms),
		`unsorted`:               fmt.Sprintf(`{__name__="unsorted", b="c", zone="x"} => 3 @[%d]`, ms),
		`histogram_count(whole)`: fmt.Sprintf(`{} => %d @[%d]`, whole.GetCountInt(), ms),
		`histogram_sum(float)`:   fmt.Sprintf(`{} => %g @[%d]`, float.Sum, ms),
	} {
		if got := s.ask(t, expr, now); got != want {
			t.Errorf("%s = %s, want %s", expr, got, want)
		}
	}
	ex, err := s.store.Exemplars(t.Context(), "up", now.Add(-time.Minute), now)
	if err != nil || len(ex) != 1 || ex[0].Exemplars[0].Labels.Get("trace_id") != "abc" || ex[0].Exemplars[0].Value != 7 {
		t.Errorf("exemplars %v, %v", ex, err)
	}
	if md := s.store.Metadata("up")["up"]; md.Help != "is it up" || md.Type != "gauge" || md.Unit != "u" {
		t.Errorf("metadata %+v", md)
	}
}

func TestRemoteWrite2(t *testing.T) {
	s, now := newServer(t), time.Now().Truncate(time.Second)
	ms := now.UnixMilli()
	req := &writev2.Request{
		Symbols: []string{"", "__name__", "requests_total", "job", "api", "trace_id", "abc", "the requests", "lat_bucket"},
		Timeseries: []writev2.TimeSeries{
			{
				LabelsRefs: []uint32{1, 2, 3, 4},
				Samples:    []writev2.Sample{{Value: 5, Timestamp: ms}},
				Exemplars:  []writev2.Exemplar{{LabelsRefs: []uint32{5, 6}, Value: 1, Timestamp: ms}},
				Metadata:   writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER, HelpRef: 7},
			},
			{
				LabelsRefs: []uint32{1, 8},
				Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, ms, tsdbutil.GenerateTestHistogram(1))},
				Metadata:   writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM, HelpRef: 7},
			},
		},
	}
	status, h, body := s.send(t, proto2, req)
	if status != http.StatusNoContent {
		t.Fatalf("%d %s", status, body)
	}
	for name, want := range map[string]string{"Samples": "1", "Histograms": "1", "Exemplars": "1"} {
		if got := h.Get("X-Prometheus-Remote-Write-" + name + "-Written"); got != want {
			t.Errorf("%s written: %q, want %q", name, got, want)
		}
	}
	if got, want := s.ask(t, "requests_total", now), fmt.Sprintf(`{__name__="requests_total", job="api"} => 5 @[%d]`, ms); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := s.store.Families(); fmt.Sprint(got) != "[lat requests_total]" {
		t.Errorf("families %v", got)
	}

	req.Timeseries[0].Samples = []writev2.Sample{{Value: 6, Timestamp: ms}, {Value: 7, Timestamp: ms + 1000}}
	status, h, body = s.send(t, proto2, req)
	if got := h.Get("X-Prometheus-Remote-Write-Samples-Written"); status != 400 || got != "1" || !strings.Contains(body, "duplicate") {
		t.Errorf("partial: %d, %s written, %s", status, got, body)
	}
	req.Timeseries[0].LabelsRefs = []uint32{1, 99}
	if status, h, body = s.send(t, proto2, req); status != 400 || h.Get("X-Prometheus-Remote-Write-Samples-Written") != "0" {
		t.Errorf("broken reference: %d %s", status, body)
	}
}

func TestRemoteWriteRefusesOneAndKeepsTheOthers(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	ms := now.UnixMilli()
	series := func(samples []prompb.Sample, kv ...string) prompb.TimeSeries {
		return prompb.TimeSeries{Labels: pairs(kv...), Samples: samples}
	}
	at := func(t int64, v float64) prompb.Sample { return prompb.Sample{Timestamp: t, Value: v} }
	for name, c := range map[string]struct {
		bad  prompb.TimeSeries
		want string
	}{
		"too old":               {series([]prompb.Sample{at(ms-49*3600_000, 1)}, "__name__", "old"), "too old sample of old"},
		"far ahead":             {series([]prompb.Sample{at(ms+3600_000, 1)}, "__name__", "ahead"), "out of bounds"},
		"twice in one request":  {series([]prompb.Sample{at(ms, 1), at(ms, 2)}, "__name__", "twice"), "twice with different values"},
		"another value":         {series([]prompb.Sample{at(ms, 2)}, "__name__", "good"), "duplicate sample"},
		"no name":               {series([]prompb.Sample{at(ms, 1)}, "job", "x"), "no metric name"},
		"a label twice":         {series([]prompb.Sample{at(ms, 1)}, "__name__", "a", "b", "1", "b", "2"), "not unique"},
		"a name that is broken": {series([]prompb.Sample{at(ms, 1)}, "__name__", "a\xff"), "not valid"},
		"huge labels":           {series([]prompb.Sample{at(ms, 1)}, "__name__", "a", "b", strings.Repeat("x", 70_000)), "bytes in labels"},
		"a broken histogram": {prompb.TimeSeries{Labels: pairs("__name__", "h"), Histograms: []prompb.Histogram{
			{Timestamp: ms, Count: &prompb.Histogram_CountInt{CountInt: 9}, PositiveSpans: []prompb.BucketSpan{{Length: 5}}}}}, "of h"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			good := series([]prompb.Sample{at(ms-1000, 1), at(ms, 1)}, "__name__", "good")
			if status, _, body := s.send(t, proto1, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{good}}); status != 204 {
				t.Fatal(status, body)
			}
			status, _, body := s.send(t, proto1, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{good, c.bad, good}})
			if status != http.StatusBadRequest || !strings.Contains(body, c.want) || !strings.HasPrefix(body, "1 rejected") {
				t.Errorf("%d %s, want 400 with %q", status, body, c.want)
			}
			if got, want := s.ask(t, "count_over_time(good[1m])", now), fmt.Sprintf("{} => 2 @[%d]", ms); got != want {
				t.Errorf("kept %s, want %s", got, want)
			}
		})
	}
}

func TestRemoteWriteRefusesWhatItCannotRead(t *testing.T) {
	s := newServer(t)
	ok, err := (&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels: pairs("__name__", "m"), Samples: []prompb.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}}}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	huge := snappy.Encode(nil, make([]byte, 40<<20))
	for name, c := range map[string]struct {
		typ, encoding string
		body          []byte
		want          int
	}{
		"json":              {"application/json", "snappy", nil, 415},
		"an unknown proto":  {proto1 + ";proto=some.Other", "snappy", nil, 415},
		"gzip":              {proto1, "gzip", nil, 415},
		"not snappy":        {proto1, "snappy", []byte("hello"), 400},
		"empty":             {proto1, "snappy", nil, 400},
		"an empty request":  {proto1, "snappy", snappy.Encode(nil, nil), 204},
		"cut off":           {proto1, "snappy", snappy.Encode(nil, ok[:len(ok)-3]), 400},
		"v1 as v2":          {proto2, "snappy", snappy.Encode(nil, []byte{5<<3 | 2, 2, 1<<3 | 0, 9}), 400},
		"large when opened": {proto1, "snappy", huge, 413},
		"large":             {proto1, "snappy", make([]byte, 33<<20), 413},
		"v1 by its name":    {proto1 + "; proto=prometheus.WriteRequest", "snappy", snappy.Encode(nil, ok), 204},
		"without any words": {"", "", snappy.Encode(nil, ok), 204},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _, body := s.post(t, c.typ, c.encoding, c.body); status != c.want {
				t.Errorf("%d %s, want %d", status, body, c.want)
			}
		})
	}
}

// Requests that share series, buffers and references at once must not mix up.
func TestConcurrentRemoteWrites(t *testing.T) {
	s, now := newServer(t), time.Now().Truncate(time.Second)
	const writers, rounds, series = 6, 20, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for round := range rounds {
				ms := now.UnixMilli() - int64(rounds-round)*1000
				req := &prompb.WriteRequest{}
				for i := range series {
					// Half of the series are the same for all writers, and say the same.
					ls := pairs("__name__", "own", "i", fmt.Sprint(i), "writer", fmt.Sprint(w))
					if i%2 == 0 {
						ls = pairs("__name__", "shared", "i", fmt.Sprint(i))
					}
					req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
						Labels:  ls,
						Samples: []prompb.Sample{{Value: float64(i), Timestamp: ms}},
					})
				}
				if status, _, body := s.send(t, proto1, req); status != http.StatusNoContent {
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	wg.Wait()
	for expr, want := range map[string]float64{
		`sum(count_over_time(own[1m]))`:            writers * rounds * series / 2,
		`sum(count_over_time(shared[1m]))`:         rounds * series / 2,
		`sum(max by (i) (max_over_time(own[1m])))`: series / 2 * series / 2,
		`sum(min by (i) (min_over_time(own[1m])))`: series / 2 * series / 2,
		`sum(max_over_time(shared[1m]))`:           series / 2 * (series/2 - 1),
	} {
		if got, want := s.ask(t, expr, now), fmt.Sprintf("{} => %g @[%d]", want, now.UnixMilli()); got != want {
			t.Errorf("%s = %s, want %s", expr, got, want)
		}
	}
}

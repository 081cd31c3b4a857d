package promwrite_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"tripod/web/promwrite"
)

// BenchmarkRemoteWrite is one request of 2,000 series, one sample each, as
// Prometheus sends them, without HTTP's own cost.
func BenchmarkRemoteWrite(b *testing.B) {
	for name, typ := range map[string]string{"v1": proto1, "v2": proto2} {
		b.Run(name, func(b *testing.B) { benchmarkWrite(b, typ) })
	}
}

func benchmarkWrite(b *testing.B, typ string) {
	const series = 2000
	s := newServer(b)
	ms := time.Now().UnixMilli() - 1e9
	one, two := &prompb.WriteRequest{}, &writev2.Request{}
	symbols := writev2.NewSymbolTable()
	for i := range series {
		ls := pairs("__name__", "http_server_request_duration_seconds_bucket", "http_request_method", "GET",
			"http_response_status_code", "200", "http_route", fmt.Sprintf("/api/v1/tasks/%d", i), "instance", "10.0.0.1:8080",
			"job", "planner-api", "le", "0.25", "service_name", "planner-api")
		one.Timeseries = append(one.Timeseries, prompb.TimeSeries{Labels: ls, Samples: []prompb.Sample{{}}})
		var refs []uint32
		for _, l := range ls {
			refs = append(refs, symbols.Symbolize(l.Name), symbols.Symbolize(l.Value))
		}
		two.Timeseries = append(two.Timeseries, writev2.TimeSeries{LabelsRefs: refs, Samples: []writev2.Sample{{}}})
	}
	two.Symbols = symbols.Symbols()
	mux := http.NewServeMux()
	promwrite.New(promwrite.Doors{Sink: s.store, Families: s.store}, promwrite.Options{}).Register(mux)
	body := func(n int) []byte {
		for i := range series {
			one.Timeseries[i].Samples[0] = prompb.Sample{Value: float64(n), Timestamp: ms + int64(n)*15_000}
			two.Timeseries[i].Samples[0] = writev2.Sample{Value: float64(n), Timestamp: ms + int64(n)*15_000}
		}
		raw, err := one.Marshal()
		if typ == proto2 {
			raw, err = two.Marshal()
		}
		if err != nil {
			b.Fatal(err)
		}
		return snappy.Encode(nil, raw)
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		req := httptest.NewRequest("POST", "/api/v1/write", bytes.NewReader(body(n)))
		req.Header.Set("Content-Type", typ)
		w := httptest.NewRecorder()
		n++
		b.StartTimer()
		mux.ServeHTTP(w, req)
		if w.Code != 204 {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.N)*series/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/series, "s/Msample")
}

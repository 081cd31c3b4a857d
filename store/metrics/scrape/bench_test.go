package scrape

import (
	"fmt"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"

	"tripod/store/metrics"
)

// BenchmarkPush is what promscrape waits for inside a scrape of 2,000 known series.
func BenchmarkPush(b *testing.B) {
	const series = 2000
	st, err := metrics.Open(b.TempDir(), metrics.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	m := &Manager{o: Options{Sink: st, Failed: func(err error) { b.Error(err) }, Refused: func(n int) { b.Errorf("%d refused", n) }}}
	wr := &prompb.WriteRequest{}
	for i := range series {
		wr.Timeseries = append(wr.Timeseries, prompb.TimeSeries{
			Labels: []prompb.Label{
				{Name: "__name__", Value: "http_server_request_duration_seconds_bucket"}, {Name: "http_request_method", Value: "GET"},
				{Name: "http_route", Value: fmt.Sprint("/api/v1/tasks/", i)}, {Name: "instance", Value: "10.0.0.1:8080"},
				{Name: "job", Value: "planner-api"}, {Name: "le", Value: "0.25"}, {Name: "service_name", Value: "planner-api"},
			},
			Samples: []prompb.Sample{{}},
		})
	}
	at := time.Now().UnixMilli() - 1e9
	b.ReportAllocs()
	for b.Loop() {
		at += 15_000
		for i := range wr.Timeseries {
			wr.Timeseries[i].Samples[0] = prompb.Sample{Value: float64(at), Timestamp: at}
		}
		m.push(nil, wr)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/series, "s/Msample")
}

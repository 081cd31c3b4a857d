package scrape

import (
	"fmt"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"

	"tripod/store/metrics"
)

// BenchmarkPush is what promscrape waits for inside a scrape of known series:
// of one large target, of which all fits in the processor's cache, and of many
// small ones in turn.
func BenchmarkPush(b *testing.B) {
	b.Run("1x2000", func(b *testing.B) { benchPush(b, 1, 2000) })
	b.Run("200x100", func(b *testing.B) { benchPush(b, 200, 100) })
}

func benchPush(b *testing.B, targets, series int) {
	st, err := metrics.Open(b.TempDir(), metrics.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	m := &Manager{memory: newMemory(), o: Options{Sink: st, Failed: func(err error) { b.Error(err) }, Refused: func(n int) { b.Errorf("%d refused", n) }}}
	var scrapes []*prompb.WriteRequest
	for t := range targets {
		of := []prompb.Label{{Name: "instance", Value: fmt.Sprint("10.0.0.1:", t)}, {Name: "job", Value: "planner-api"}, {Name: "service_name", Value: "planner-api"}}
		wr := &prompb.WriteRequest{}
		add := func(ls ...prompb.Label) {
			wr.Timeseries = append(wr.Timeseries, prompb.TimeSeries{Labels: append(ls, of...), Samples: []prompb.Sample{{}}})
		}
		for i := range series - 1 {
			add(prompb.Label{Name: "__name__", Value: "http_server_request_duration_seconds_bucket"}, prompb.Label{Name: "http_request_method", Value: "GET"},
				prompb.Label{Name: "http_route", Value: fmt.Sprint("/api/v1/tasks/", i)}, prompb.Label{Name: "le", Value: "0.25"})
		}
		add(prompb.Label{Name: "__name__", Value: "up"})
		scrapes = append(scrapes, wr)
	}
	at, i := time.Now().UnixMilli()-1e9, 0
	push := func() {
		wr := scrapes[i%targets]
		if i++; i%targets == 0 {
			at += 15_000
		}
		for i := range wr.Timeseries {
			wr.Timeseries[i].Samples[0] = prompb.Sample{Value: 1, Timestamp: at}
		}
		m.push(nil, wr)
	}
	for range targets {
		push()
	}
	b.ReportAllocs()
	for b.Loop() {
		push()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*series), "s/Msample")
}

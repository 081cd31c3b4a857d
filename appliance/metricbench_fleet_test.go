package appliance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"

	"tripod/store/metrics/parallel"
)

const (
	samplesARequest = 2000 // Prometheus's own default
	fleetStep       = 15 * time.Second
	hourSamples     = int(time.Hour / fleetStep)
	daySamples      = int(24 * time.Hour / fleetStep)
)

// fleet is what a Prometheus would send of some hundred instances.
type fleet struct {
	end       time.Time // of the last sample
	hour, day []*fleetSeries
}

type fleetSeries struct {
	labels []prompb.Label
	value  float64
	rnd    *rand.Rand
}

func (s *fleetSeries) next() float64 {
	s.value += float64(s.rnd.IntN(100))
	return s.value
}

// newFleet has 64 % counters and 36 % buckets of histograms for an hour, and
// 100 gauges for a day.
func newFleet(series int) *fleet {
	f := &fleet{end: time.Now().Truncate(fleetStep)}
	add := func(to *[]*fleetSeries, kv ...string) {
		s := &fleetSeries{rnd: rand.New(rand.NewPCG(uint64(len(*to)), 1))}
		labels.FromStrings(kv...).Range(func(l labels.Label) { s.labels = append(s.labels, prompb.Label{Name: l.Name, Value: l.Value}) })
		*to = append(*to, s)
	}
	buckets := series * 36 / 100 / 12 * 12
	for i := range series - buckets {
		add(&f.hour, "__name__", "http_requests_total", "job", fmt.Sprint("job", i%8), "instance", fmt.Sprint("host", i/64),
			"route", fmt.Sprint("/api/v1/r", i%64), "shard", strconv.Itoa(i%6))
	}
	for i := range buckets {
		add(&f.hour, "__name__", "http_duration_seconds_bucket", "job", fmt.Sprint("job", i/12%4), "instance", fmt.Sprint("host", i/12), "le", fmt.Sprint(float64(i%12+1)/10))
	}
	for i := range 100 {
		add(&f.day, "__name__", "temperature", "room", strconv.Itoa(i), "floor", strconv.Itoa(i/10))
	}
	return f
}

func (f *fleet) samples() int { return len(f.hour)*hourSamples + len(f.day)*daySamples }

// send hands over the day, then the hour, each sender a part of the series.
func (f *fleet) send(b *testing.B, to string) {
	for _, part := range []struct {
		series []*fleetSeries
		n      int
	}{{f.day, daySamples}, {f.hour, hourSamples}} {
		failed := make(chan error, senders)
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				failed <- f.sendPart(part.series[s*len(part.series)/senders:(s+1)*len(part.series)/senders], part.n, to)
			})
		}
		wg.Wait()
		for range senders {
			if err := <-failed; err != nil {
				b.Fatal(err)
			}
		}
	}
}

func (f *fleet) sendPart(series []*fleetSeries, n int, to string) error {
	var req prompb.WriteRequest
	flush := func() error {
		raw, err := req.Marshal()
		req.Timeseries = req.Timeseries[:0]
		if err != nil {
			return err
		}
		return postAll(to, "application/x-protobuf", "snappy", s2.EncodeSnappy(nil, raw))
	}
	for i := range n {
		at := f.end.Add(-time.Duration(n-1-i) * fleetStep).UnixMilli()
		for _, s := range series {
			req.Timeseries = append(req.Timeseries, prompb.TimeSeries{Labels: s.labels, Samples: []prompb.Sample{{Value: s.next(), Timestamp: at}}})
			if len(req.Timeseries) == samplesARequest {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(req.Timeseries) > 0 {
		return flush()
	}
	return nil
}

func (f *fleet) questions() []*metricQuestion {
	ranged := func(name, target, expr string, over, step time.Duration) *metricQuestion {
		params := url.Values{"query": {expr}, "step": {step.String()},
			"start": {strconv.FormatInt(f.end.Add(-over).Unix(), 10)}, "end": {strconv.FormatInt(f.end.Unix(), 10)}}
		return &metricQuestion{name: name, target: target, expr: expr, over: over, step: step, path: "/api/v1/query_range?" + params.Encode()}
	}
	const faster = "4"
	return []*metricQuestion{
		{name: "instant, sum by of rate", expr: "sum by (job) (rate(http_requests_total[5m]))",
			path: "/api/v1/query?" + url.Values{"query": {"sum by (job) (rate(http_requests_total[5m]))"}, "time": {strconv.FormatInt(f.end.Unix(), 10)}}.Encode()},
		ranged("rate of a sixth, 1 h in 15 s", faster, `rate(http_requests_total{shard="1"}[5m])`, time.Hour, 15*time.Second),
		ranged("sum by of rate, 1 h in 15 s", faster, `sum by (job) (rate(http_requests_total{shard=~"[0-3]"}[5m]))`, time.Hour, 15*time.Second),
		ranged("histogram_quantile, 1 h in 15 s", faster, "histogram_quantile(0.95, sum by (le, job) (rate(http_duration_seconds_bucket[5m])))", time.Hour, 15*time.Second),
		ranged("topk of sum of rate, 1 h in 15 s", faster, "topk(5, sum by (instance) (rate(http_requests_total[5m])))", time.Hour, 15*time.Second),
		ranged("avg by, 24 h in 5 min", "", "avg by (floor) (temperature)", 24*time.Hour, 5*time.Minute),
		ranged("count over regex matchers, 1 h in 15 s", faster, `count by (job) (http_requests_total{route=~"/api/v1/r[1-5].*",instance=~"host.*[02468]"})`, time.Hour, 15*time.Second),
		{name: "values of a label", path: "/api/v1/label/instance/values"},
	}
}

// answers is how many series or values an answer holds.
func answers(b *testing.B, body []byte) int {
	b.Helper()
	var a struct {
		Status string
		Data   json.RawMessage
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Status != "success" {
		b.Fatalf("%.200s: %v", body, err)
	}
	var list []json.RawMessage
	var data struct{ Result []json.RawMessage }
	if json.Unmarshal(a.Data, &list) == nil {
		return len(list)
	}
	if err := json.Unmarshal(a.Data, &data); err != nil {
		b.Fatal(err)
	}
	return len(data.Result)
}

// compareWithStock asks both engines over the files that the appliance left;
// each must say the same.
func compareWithStock(b *testing.B, dir string, questions []*metricQuestion) {
	o := tsdb.DefaultOptions()
	o.OutOfOrderTimeWindow = (48 * time.Hour).Milliseconds()
	db, err := tsdb.Open(dir, nil, nil, o, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const maxSamples = 50_000_000
	stock := promql.NewEngine(promql.EngineOpts{MaxSamples: maxSamples, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	ours := parallel.New(stock, parallel.Options{MaxSamples: maxSamples})
	end := time.UnixMilli(db.Head().MaxTime()).Truncate(fleetStep)
	for _, q := range questions {
		if q.expr == "" {
			continue
		}
		var want, got string
		want, q.stock = q.evaluate(b, stock, db, end)
		got, q.ours = q.evaluate(b, ours, db, end)
		if got != want {
			b.Fatalf("%s: the engines differ", q.name)
		}
	}
}

// evaluate gives the answer as text, and the median of the times that it took.
func (q *metricQuestion) evaluate(b *testing.B, e promql.QueryEngine, db *tsdb.DB, end time.Time) (answer string, p50 time.Duration) {
	var took []time.Duration
	began := time.Now()
	for n := 0; n < askTimes && (len(took) == 0 || time.Since(began) < askWithin); n++ {
		start := time.Now()
		query, err := e.NewRangeQuery(b.Context(), db, nil, q.expr, end.Add(-q.over), end, max(q.step, time.Second))
		if err != nil {
			b.Fatal(err)
		}
		res := query.Exec(b.Context())
		if res.Err != nil {
			b.Fatal(res.Err)
		}
		took = append(took, time.Since(start))
		if n == 0 {
			answer = res.Value.String()
		}
		query.Close()
	}
	slices.Sort(took)
	return answer, took[len(took)/2]
}

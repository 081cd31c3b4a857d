package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"tripod/store"
	"tripod/store/metrics"
)

// otlp is one metric of one service; at is the time of its only point.
func otlp(name string, at time.Time, fill func(pmetric.Metric, pcommon.Timestamp)) pmetric.Metrics {
	md := pmetric.NewMetrics()
	add(md, name, at, fill)
	return md
}

func add(md pmetric.Metrics, name string, at time.Time, fill func(pmetric.Metric, pcommon.Timestamp)) {
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	rm.Resource().Attributes().PutStr("service.instance.id", "i-1")
	rm.Resource().Attributes().PutStr("host.name", "h")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	m.SetDescription("About " + name)
	fill(m, pcommon.NewTimestampFromTime(at))
}

func counter(v float64, temporality pmetric.AggregationTemporality) func(pmetric.Metric, pcommon.Timestamp) {
	return func(m pmetric.Metric, ts pcommon.Timestamp) {
		s := m.SetEmptySum()
		s.SetIsMonotonic(true)
		s.SetAggregationTemporality(temporality)
		p := s.DataPoints().AppendEmpty()
		p.SetTimestamp(ts)
		p.SetDoubleValue(v)
		p.Attributes().PutStr("http.route", "/cart")
	}
}

func histogram(m pmetric.Metric, ts pcommon.Timestamp) {
	h := m.SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := h.DataPoints().AppendEmpty()
	p.SetTimestamp(ts)
	p.SetCount(3)
	p.SetSum(4.5)
	p.ExplicitBounds().FromRaw([]float64{1, 2})
	p.BucketCounts().FromRaw([]uint64{1, 1, 1})
	e := p.Exemplars().AppendEmpty()
	e.SetTimestamp(ts)
	e.SetDoubleValue(1.5)
	e.SetTraceID(pcommon.TraceID{15: 7})
}

func exponential(m pmetric.Metric, ts pcommon.Timestamp) {
	h := m.SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := h.DataPoints().AppendEmpty()
	p.SetTimestamp(ts)
	p.SetCount(5)
	p.SetSum(10)
	p.SetScale(2)
	p.Positive().BucketCounts().FromRaw([]uint64{2, 3})
}

func TestOTLP(t *testing.T) {
	s, now := open(t, t.TempDir(), metrics.Options{}), time.Now().Truncate(time.Second)
	cumulative := pmetric.AggregationTemporalityCumulative
	md := otlp("http.server.hits", now, counter(3, cumulative))
	add(md, "cart.size", now, histogram)
	add(md, "cart.weight", now, exponential)
	if err := s.WriteOTLP(t.Context(), md); err != nil {
		t.Fatal(err)
	}
	ms := now.UnixMilli()
	for expr, want := range map[string]string{
		`http_server_hits_total`:             fmt.Sprintf(`{__name__="http_server_hits_total", http_route="/cart", instance="i-1", job="shop", service_name="shop"} => 3 @[%d]`, ms),
		`sum(cart_size_bucket{le="2.0"})`:    "",
		`sum(cart_size_bucket{le="2"})`:      fmt.Sprintf("{} => 2 @[%d]", ms),
		`sum(histogram_count(cart_weight))`:  fmt.Sprintf("{} => 5 @[%d]", ms),
		`count(target_info{host_name="h"})`:  fmt.Sprintf("{} => 1 @[%d]", ms),
		`count({job="shop",host_name!=""})`:  fmt.Sprintf("{} => 1 @[%d]", ms),
		`sum(cart_size_sum{job="shop"}) > 4`: fmt.Sprintf("{} => 4.5 @[%d]", ms),
	} {
		if got := ask(t, s, expr, now); got != want {
			t.Errorf("%s = %s, want %s", expr, got, want)
		}
	}
	ex, err := s.Exemplars(t.Context(), "cart_size_bucket", now.Add(-time.Minute), now)
	if err != nil || len(ex) != 1 || !strings.HasSuffix(ex[0].Exemplars[0].Labels.Get("trace_id"), "07") {
		t.Errorf("exemplars %v, %v", ex, err)
	}
	if md := s.Metadata("http_server_hits_total"); md["http_server_hits_total"].Help != "About http.server.hits" {
		t.Errorf("metadata %v", md)
	}
}

func TestOTLPRefusesOnePointAndKeepsTheOthers(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	cumulative := pmetric.AggregationTemporalityCumulative
	for name, c := range map[string]struct {
		at   time.Time
		fill func(pmetric.Metric, pcommon.Timestamp)
		want string
	}{
		"too old":        {now.Add(-50 * time.Hour), counter(1, cumulative), "too old"},
		"far ahead":      {now.Add(time.Hour), counter(1, cumulative), "out of bounds"},
		"no temporality": {now, counter(1, pmetric.AggregationTemporalityUnspecified), "bad: it has no aggregation temporality"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), metrics.Options{})
			write(t, s, sample{labels.FromStrings("__name__", "x"), now, 1})
			md := otlp("first", now, counter(1, cumulative))
			add(md, "bad", c.at, c.fill)
			add(md, "last", now, counter(2, cumulative))
			err := s.WriteOTLP(t.Context(), md)
			var partial *store.PartialError
			if !errors.As(err, &partial) || partial.Rejected == 0 || !strings.Contains(partial.Reason, c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if got, want := ask(t, s, "sum(first_total + on (job) last_total)", now), fmt.Sprintf("{} => 3 @[%d]", now.UnixMilli()); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	s := open(t, t.TempDir(), metrics.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteOTLP(ctx, otlp("a", now, counter(1, cumulative))); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if got := ask(t, s, "a_total", now); got != "" {
		t.Errorf("a canceled request left %s", got)
	}
}

func TestGathered(t *testing.T) {
	s, now := open(t, t.TempDir(), metrics.Options{}), time.Now().Truncate(time.Second)
	reg := prometheus.NewRegistry()
	jobs := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "jobs", Help: "Jobs."}, []string{"job", "empty"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took", Buckets: []float64{0.25, 1}})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native", NativeHistogramBucketFactor: 1.1})
	size := prometheus.NewSummary(prometheus.SummaryOpts{Name: "size", Objectives: map[float64]float64{0.5: 0.1}})
	hits := prometheus.NewCounter(prometheus.CounterOpts{Name: "hits_total"})
	reg.MustRegister(jobs, took, native, size, hits)
	jobs.WithLabelValues("x", "").Set(2)
	took.(prometheus.ExemplarObserver).ObserveWithExemplar(9, prometheus.Labels{"trace_id": "t1"})
	hits.(prometheus.ExemplarAdder).AddWithExemplar(4, prometheus.Labels{"trace_id": "t2"})
	native.Observe(3)
	size.Observe(5)
	fams, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	extra := labels.FromStrings("instance", "i", "job", "own")
	// Before a series exists there is nowhere for its exemplar to go.
	if err := s.AppendGathered(t.Context(), fams, extra, now, false); err != nil {
		t.Fatal(err)
	}
	if got := s.Usage().Series; got != 0 {
		t.Errorf("%d series made by exemplars alone", got)
	}
	if err := s.AppendGathered(t.Context(), fams, extra, now, true); err != nil {
		t.Fatal(err)
	}
	series, err := s.Series(t.Context(), []string{`{job="own"}`}, now.Add(-time.Hour), now, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ls := range series {
		got = append(got, strings.NewReplacer(`, instance="i"`, "", `, job="own"`, "", `"`, "").Replace(ls.String()))
	}
	want := []string{
		"{__name__=hits_total}", "{__name__=jobs, exported_job=x}",
		"{__name__=native_bucket, le=+Inf}", "{__name__=native_count}", "{__name__=native_sum}",
		"{__name__=size, quantile=0.5}", "{__name__=size_count}", "{__name__=size_sum}",
		"{__name__=took_bucket, le=+Inf}", "{__name__=took_bucket, le=0.25}", "{__name__=took_bucket, le=1}",
		"{__name__=took_count}", "{__name__=took_sum}",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for expr, want := range map[string]string{"took_bucket": "t1", "hits_total": "t2"} {
		ex, err := s.Exemplars(t.Context(), expr, now.Add(-time.Hour), now.Add(time.Hour))
		if err != nil || len(ex) != 1 || ex[0].Exemplars[0].Labels.Get("trace_id") != want {
			t.Errorf("exemplars of %s: %v, %v", expr, ex, err)
		}
	}
	if md := s.Metadata("jobs")["jobs"]; md.Type != "gauge" || md.Help != "Jobs." {
		t.Errorf("metadata %+v", md)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	s := open(t, t.TempDir(), metrics.Options{})
	for i := range 25_000 {
		s.SetMetadata(fmt.Sprint("m", i), metadata.Metadata{Type: "gauge", Help: strings.Repeat("ü", 1000)})
	}
	s.SetMetadata("m1", metadata.Metadata{Type: "counter"})
	all := s.Metadata("")
	if len(all) != 20_000 || all["m1"].Type != "counter" || len(all["m2"].Help) > 1024 {
		t.Errorf("%d families, %+v", len(all), all["m1"])
	}
}

// A provider that samples by the parent, which is the SDK's default, must not
// see promql's spans, also when the query is part of a trace.
func TestQueriesLeaveNoSpans(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	defer otel.SetTracerProvider(before)
	s := open(t, t.TempDir(), metrics.Options{})
	ctx, span := provider.Tracer("test").Start(t.Context(), "request")
	if _, _, err := s.Instant(ctx, "sum(rate(up[5m]))", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Range(ctx, "up", time.Now(), time.Now(), time.Second); err != nil {
		t.Fatal(err)
	}
	span.End()
	if got := spans.GetSpans(); len(got) != 1 {
		t.Errorf("%d spans, want the request's alone", len(got))
	}
}

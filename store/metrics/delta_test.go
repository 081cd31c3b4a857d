package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"tripod/store"
	"tripod/store/metrics"
)

// dump is every sample of a store, by series.
func dump(t testing.TB, q storage.Queryable) map[string][]string {
	t.Helper()
	querier, err := q.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer querier.Close()
	out := map[string][]string{}
	set := querier.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		series := set.At()
		name := series.Labels().String()
		it := series.Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind == chunkenc.ValFloat {
				at, v := it.At()
				out[name] = append(out[name], fmt.Sprintf("%d %v", at, v))
				continue
			}
			at, h := it.AtFloatHistogram(nil)
			out[name] = append(out[name], fmt.Sprintf("%d %s", at, h))
		}
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return out
}

// upstream is what Prometheus's own translator stores of OTLP.
func upstream(t testing.TB, requests ...pmetric.Metrics) map[string][]string {
	t.Helper()
	o := tsdb.DefaultOptions()
	o.OutOfOrderTimeWindow = (48 * time.Hour).Milliseconds()
	o.EnableSTAsZeroSample = true
	db, err := tsdb.Open(t.TempDir(), nil, nil, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, md := range requests {
		app := db.AppenderV2(context.Background())
		conv := prometheusremotewrite.NewPrometheusConverter(app)
		if _, err := conv.FromMetrics(context.Background(), md, prometheusremotewrite.Settings{
			AddMetricSuffixes: true, LabelNameUnderscoreSanitization: true,
			PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(config.OTLPConfig{PromoteResourceAttributes: []string{"service.name"}}),
		}); err != nil {
			t.Fatal(err)
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return dump(t, db)
}

// rounds makes requests of the same measurements twice: as deltas, and as what
// they add up to.
func rounds(rnd *rand.Rand, begin time.Time, n int) (deltas, sums []pmetric.Metrics) {
	const buckets = 6
	type state struct {
		number, up     float64
		explicit       [buckets]uint64
		positive       [buckets]uint64
		zero           uint64
		count, expoSum float64
	}
	routes := []string{"/cart", "/pay", "/"}
	all := make([]state, len(routes))
	for round := range n {
		at := begin.Add(time.Duration(round+1) * 10 * time.Second)
		request := func(delta bool, now []state) pmetric.Metrics {
			temporality, start := pmetric.AggregationTemporalityCumulative, begin
			if delta {
				temporality, start = pmetric.AggregationTemporalityDelta, at.Add(-10*time.Second)
			}
			md := pmetric.NewMetrics()
			rm := md.ResourceMetrics().AppendEmpty()
			rm.Resource().Attributes().PutStr("service.name", "shop")
			ms := rm.ScopeMetrics().AppendEmpty().Metrics()
			number, up, explicit, expo := ms.AppendEmpty(), ms.AppendEmpty(), ms.AppendEmpty(), ms.AppendEmpty()
			number.SetName("hits")
			number.SetEmptySum().SetIsMonotonic(true)
			number.Sum().SetAggregationTemporality(temporality)
			up.SetName("open")
			up.SetEmptySum().SetAggregationTemporality(temporality)
			explicit.SetName("took")
			explicit.SetUnit("s")
			explicit.SetEmptyHistogram().SetAggregationTemporality(temporality)
			expo.SetName("size")
			expo.SetEmptyExponentialHistogram().SetAggregationTemporality(temporality)
			mark := func(p interface {
				SetTimestamp(pcommon.Timestamp)
				SetStartTimestamp(pcommon.Timestamp)
				Attributes() pcommon.Map
			}, route string) {
				p.SetTimestamp(pcommon.NewTimestampFromTime(at))
				p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
				p.Attributes().PutStr("route", route)
			}
			for i, route := range routes {
				p := number.Sum().DataPoints().AppendEmpty()
				mark(p, route)
				p.SetDoubleValue(now[i].number)
				p = up.Sum().DataPoints().AppendEmpty()
				mark(p, route)
				p.SetIntValue(int64(now[i].up))
				h := explicit.Histogram().DataPoints().AppendEmpty()
				mark(h, route)
				h.ExplicitBounds().FromRaw([]float64{1, 2, 3, 4, 5})
				h.BucketCounts().FromRaw(now[i].explicit[:])
				h.SetCount(uint64(now[i].count))
				h.SetSum(now[i].number)
				e := expo.ExponentialHistogram().DataPoints().AppendEmpty()
				mark(e, route)
				e.SetScale(3)
				e.Positive().SetOffset(-2)
				e.Positive().BucketCounts().FromRaw(now[i].positive[:])
				e.SetZeroCount(now[i].zero)
				e.SetCount(uint64(now[i].count) + now[i].zero)
				e.SetSum(now[i].expoSum)
			}
			return md
		}
		step := make([]state, len(routes))
		for i := range step {
			s := &step[i]
			s.number, s.up, s.zero, s.expoSum = float64(rnd.IntN(100)), float64(rnd.IntN(9)-4), uint64(rnd.IntN(3)), float64(rnd.IntN(50))
			for b := range buckets {
				s.explicit[b] = uint64(rnd.IntN(5))
				s.positive[b] = s.explicit[b]
				s.count += float64(s.explicit[b])
			}
			if round == 0 || round == n-1 { // so that both sides begin and end at the same bucket
				s.positive[0]++
				s.positive[buckets-1]++
				s.explicit[0]++
				s.explicit[buckets-1]++
				s.count += 2
			}
			a := &all[i]
			a.number, a.up, a.zero, a.expoSum, a.count = a.number+s.number, a.up+s.up, a.zero+s.zero, a.expoSum+s.expoSum, a.count+s.count
			for b := range buckets {
				a.explicit[b] += s.explicit[b]
				a.positive[b] += s.positive[b]
			}
		}
		deltas = append(deltas, request(true, step))
		sums = append(sums, request(false, all))
	}
	return deltas, sums
}

// What deltas add up to is what Prometheus's translator makes of a sender that
// adds up itself, sample for sample.
func TestDeltasAddUp(t *testing.T) {
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		deltas, sums := rounds(rnd, time.Now().Add(-10*time.Minute).Truncate(time.Second), 12)
		s := open(t, t.TempDir(), metrics.Options{OTLPLabels: []string{"service.name"}})
		for _, md := range deltas {
			if err := s.WriteOTLP(t.Context(), md); err != nil {
				t.Fatal(err)
			}
		}
		got, want := dump(t, s), upstream(t, sums...)
		if len(want) < 3*(1+1+8+1) {
			t.Fatalf("%d series only", len(want))
		}
		for name, w := range want {
			if g := got[name]; strings.Join(g, "\n") != strings.Join(w, "\n") {
				t.Fatalf("seed %d: %s\ngot  %v\nwant %v", seed, name, g, w)
			}
		}
		if len(got) != len(want) {
			t.Errorf("seed %d: %d series, want %d", seed, len(got), len(want))
		}
	}
}

// Cumulative OTLP is stored as Prometheus's own translator does it.
func TestCumulativeIsAsUpstream(t *testing.T) {
	_, sums := rounds(rand.New(rand.NewPCG(7, 7)), time.Now().Add(-10*time.Minute).Truncate(time.Second), 8)
	copies := make([]pmetric.Metrics, len(sums))
	for i, md := range sums {
		copies[i] = pmetric.NewMetrics()
		md.CopyTo(copies[i])
	}
	s := open(t, t.TempDir(), metrics.Options{OTLPLabels: []string{"service.name"}})
	for _, md := range sums {
		if err := s.WriteOTLP(t.Context(), md); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(dump(t, s)), fmt.Sprint(upstream(t, copies...)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func deltaOf(at time.Time, v float64) pmetric.Metrics {
	return otlp("hits", at, func(m pmetric.Metric, ts pcommon.Timestamp) {
		counter(v, pmetric.AggregationTemporalityDelta)(m, ts)
		m.Sum().DataPoints().At(0).SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-10 * time.Second)))
	})
}

// A request that is sent again is not counted again, unless it was not stored.
func TestDeltasThatComeTwice(t *testing.T) {
	s, now := open(t, t.TempDir(), metrics.Options{}), time.Now().Truncate(time.Second)
	at := func(n int) time.Time { return now.Add(time.Duration(n-10) * 10 * time.Second) }
	want := func(n int, v string) {
		t.Helper()
		if got := ask(t, s, "sum(hits_total)", at(n)); !strings.HasPrefix(got, "{} => "+v+" ") {
			t.Errorf("at %d: %s, want %s", n, got, v)
		}
	}
	write := func(n int, v float64) error { return s.WriteOTLP(t.Context(), deltaOf(at(n), v)) }
	if err := errors.Join(write(1, 5), write(2, 3)); err != nil {
		t.Fatal(err)
	}
	want(2, "8")
	var partial *store.PartialError
	if err := write(2, 3); !errors.As(err, &partial) || partial.Rejected != 1 || !strings.HasPrefix(partial.Reason, "hits: its delta is not newer") {
		t.Errorf("sent twice: %v", err)
	}
	want(2, "8")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteOTLP(canceled, deltaOf(at(3), 4)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := write(3, 4); err != nil { // the next try; it begins anew, and rates see a restart
		t.Fatal(err)
	}
	want(3, "4")
}

// The sender's start is where the counter was 0.
func TestCounterBeginsAtItsStart(t *testing.T) {
	s, now := open(t, t.TempDir(), metrics.Options{}), time.Now().Truncate(time.Second)
	if err := s.WriteOTLP(t.Context(), deltaOf(now, 5)); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, "sum(hits_total)", now.Add(-10*time.Second)); !strings.HasPrefix(got, "{} => 0 ") {
		t.Errorf("at its start: %s", got)
	}
}

func TestScopesBecomeLabels(t *testing.T) {
	s, now := open(t, t.TempDir(), metrics.Options{OTLPScope: true, OTLPLabels: []string{"host.name"}}), time.Now().Truncate(time.Second)
	md := otlp("hits", now, counter(1, pmetric.AggregationTemporalityCumulative))
	scope := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Scope()
	scope.SetName("lib")
	scope.SetVersion("1.2")
	scope.Attributes().PutStr("kind", "x")
	if err := s.WriteOTLP(t.Context(), md); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, `count(hits_total{otel_scope_name="lib",otel_scope_version="1.2",otel_scope_kind="x",host_name="h",service_name=""})`, now); !strings.HasPrefix(got, "{} => 1 ") {
		t.Errorf("got %s", got)
	}
}

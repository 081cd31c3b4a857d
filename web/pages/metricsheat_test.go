package pages

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

func TestBucketsOfQuantiles(t *testing.T) {
	for expr, want := range map[string]string{
		`histogram_quantile(0.95, sum by (le, job) (rate(a_bucket[1m])))`: `sum by (le) (sum by (le, job) (rate(a_bucket[1m])))`,
		`(histogram_quantile(0.5, rate(native[1m])))`:                     `sum by (le) (rate(native[1m]))`,
		`sum by (le) (rate(a_bucket[1m]))`:                                `sum by (le) (rate(a_bucket[1m]))`,
		`histogram_quantile(`:                                             `histogram_quantile(`,
	} {
		if got := bucketsOf(nil, expr); got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}

func heatAsk(columns int) *metricsAsk {
	from := time.Unix(1000, 0)
	return &metricsAsk{from: from, to: from.Add(time.Duration(columns-1) * time.Second), step: time.Second}
}

func TestHeatOfClassicBuckets(t *testing.T) {
	a := heatAsk(2)
	at := func(le string, v ...float64) promql.Series {
		s := promql.Series{Metric: labels.FromStrings("le", le)}
		for i, f := range v {
			s.Floats = append(s.Floats, promql.FPoint{T: a.from.UnixMilli() + int64(i)*1000, F: f})
		}
		return s
	}
	h := a.heatOf(promql.Matrix{at("+Inf", 10, 20), at("0.1", 4, 12), at("0.5", 9, 11), at("text", 1, 1)})
	if got, want := fmt.Sprint(h.buckets), "[{0 0.1} {0.1 0.5} {0.5 +Inf}]"; got != want {
		t.Fatalf("buckets %s, want %s", got, want)
	}
	// in the second column the bucket of 0.5 was read before that of 0.1: it is empty, not less than empty
	if got, want := fmt.Sprint(h.counts[h.buckets[0]], h.counts[h.buckets[1]], h.counts[h.buckets[2]]), "[4 12] [5 0] [1 8]"; got != want {
		t.Errorf("counts %s, want %s", got, want)
	}
	if y := h.place(0.3); math.Abs(y-1.5/3) > 1e-9 {
		t.Errorf("0.3 lies at %v, want the middle of the second of three", y)
	}
	if got := h.buckets[2].words("s"); got != "above 500 ms" {
		t.Errorf("got %q", got)
	}
}

func TestHeatOfNativeHistograms(t *testing.T) {
	a := heatAsk(2)
	fine := &histogram.FloatHistogram{Schema: 8, Count: 200, PositiveSpans: []histogram.Span{{Offset: 0, Length: 200}}, PositiveBuckets: make([]float64, 200)}
	for i := range fine.PositiveBuckets {
		fine.PositiveBuckets[i] = 1
	}
	h := a.heatOf(promql.Matrix{{Histograms: []promql.HPoint{{T: a.from.UnixMilli(), H: fine}}}})
	if n := len(h.buckets); n == 0 || n > maxBuckets {
		t.Fatalf("%d buckets, want 1 to %d", n, maxBuckets)
	}
	sum := 0.0
	for i, b := range h.buckets {
		sum += h.counts[b][0]
		if !math.IsNaN(h.counts[b][1]) {
			t.Errorf("bucket %v has something where there was no sample", b)
		}
		if i > 0 && b.lower < h.buckets[i-1].upper {
			t.Errorf("%v overlaps %v", b, h.buckets[i-1])
		}
	}
	if sum != 200 {
		t.Errorf("%v values in all buckets, want 200: none may be lost", sum)
	}
	if len(h.grid("s")) < 2 {
		t.Error("an axis without labels")
	}
}

func TestHeatOfCustomBuckets(t *testing.T) {
	a := heatAsk(1)
	fh := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: 3, CustomValues: []float64{1, 5}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 0, 2}}
	h := a.heatOf(promql.Matrix{{Histograms: []promql.HPoint{{T: a.from.UnixMilli(), H: fh}}}})
	if len(h.buckets) < 2 || !math.IsInf(h.buckets[len(h.buckets)-1].upper, 1) {
		t.Errorf("got %v", h.buckets)
	}
}

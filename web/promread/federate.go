package promread

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"tripod/store"
)

// federate is a page of the newest samples of what match[] selects, with their
// times, for another Prometheus to scrape. Native histograms have no form in
// text and are there in protobuf alone, to whoever accepts it.
func (a *API) federate(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, fmt.Sprintf("error parsing form values: %v", err), http.StatusBadRequest)
		return
	}
	sets, err := a.selectors(r.Form["match[]"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	format := negotiate(r.Header)
	now := a.o.Now()
	from, to := now.Add(-a.o.Lookback).UnixMilli(), now.UnixMilli()
	q, err := a.samples.Querier(from, to)
	if err != nil {
		fail(w, err)
		return
	}
	defer q.Close() // labels point into blocks until the page is written
	found, err := a.newest(r.Context(), q, sets, from, to)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", string(format))
	// What fails from here on fails because the client has left.
	_ = writePage(w, format, found)
}

func (a *API) selectors(texts []string) ([][]*labels.Matcher, error) {
	for _, s := range texts {
		if err := store.BoundQuery(s); err != nil {
			return nil, err
		}
	}
	return a.o.Parser.ParseMetricSelectors(texts)
}

// formats are what a page can be written in, the one without wishes last.
var formats = []expfmt.Format{
	expfmt.NewFormat(expfmt.TypeProtoDelim), expfmt.NewFormat(expfmt.TypeProtoText), expfmt.NewFormat(expfmt.TypeProtoCompact), expfmt.NewFormat(expfmt.TypeTextPlain),
}

// negotiate prefers what holds native histograms where the client leaves the
// choice; OpenMetrics only for who takes neither: it has no way to say that
// nothing is known of a metric's type but "unknown", in which counters lose
// their names.
func negotiate(h http.Header) expfmt.Format {
	accept := h.Get("Accept")
	if strings.Contains(accept, "application/openmetrics-text") && !strings.Contains(accept, "text/plain") && !strings.Contains(accept, "protobuf") {
		return expfmt.NegotiateIncludingOpenMetrics(h)
	}
	return expfmt.NegotiateAccept(h, formats...)
}

// newest is the last sample of each series by name; what ended with a stale
// marker is left out, because no format has one.
func (a *API) newest(ctx context.Context, q storage.Querier, sets [][]*labels.Matcher, from, to int64) (promql.Vector, error) {
	hints := &storage.SelectHints{Start: from, End: to}
	var found []storage.SeriesSet
	for _, ms := range sets {
		found = append(found, q.Select(ctx, true, hints, ms...))
	}
	set := storage.NewMergeSeriesSet(found, 0, storage.ChainedSeriesMerge)
	var out promql.Vector
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		it = series.Iterator(it)
		s, err := last(it)
		if err != nil {
			return nil, err
		}
		if s.T == none || value.IsStaleNaN(s.F) || s.H != nil && value.IsStaleNaN(s.H.Sum) {
			continue
		}
		s.Metric = series.Labels()
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(x, y promql.Sample) int {
		return strings.Compare(x.Metric.Get(labels.MetricName), y.Metric.Get(labels.MetricName))
	})
	return out, set.Err()
}

// none is the time of a sample that is not there.
const none = -1 << 63

func last(it chunkenc.Iterator) (promql.Sample, error) {
	s := promql.Sample{T: none}
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		switch typ {
		case chunkenc.ValFloat:
			s.T, s.F = it.At()
			s.H = nil
		case chunkenc.ValHistogram, chunkenc.ValFloatHistogram:
			s.T, s.H = it.AtFloatHistogram(nil)
			s.F = 0
		}
	}
	return s, it.Err()
}

// writePage starts a family anew where the name or the kind changes: of one
// name there may be floats and histograms.
func writePage(w io.Writer, format expfmt.Format, found promql.Vector) error {
	enc := expfmt.NewEncoder(w, format)
	var family *dto.MetricFamily
	for _, s := range found {
		name := s.Metric.Get(labels.MetricName)
		if name == "" || s.H != nil && !holds(format, s.H) {
			continue
		}
		kind := kindOf(s.H)
		if family == nil || family.GetName() != name || family.GetType() != kind {
			if family != nil {
				if err := enc.Encode(family); err != nil {
					return err
				}
			}
			family = &dto.MetricFamily{Name: &name, Type: &kind}
		}
		family.Metric = append(family.Metric, newMetric(s, format.FormatType() == expfmt.TypeOpenMetrics))
	}
	if family != nil {
		if err := enc.Encode(family); err != nil {
			return err
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		return c.Close()
	}
	return nil
}

// holds says whether a histogram has a form in a format: text has one for
// those of custom buckets, which are classic ones, and OpenMetrics only where
// they count in whole numbers.
func holds(f expfmt.Format, h *histogram.FloatHistogram) bool {
	switch f.FormatType() {
	case expfmt.TypeProtoDelim, expfmt.TypeProtoText, expfmt.TypeProtoCompact:
		return true
	case expfmt.TypeOpenMetrics:
		return h.UsesCustomBuckets() && whole(h)
	}
	return h.UsesCustomBuckets()
}

func whole(h *histogram.FloatHistogram) bool {
	return !slices.ContainsFunc(append([]float64{h.Count}, h.PositiveBuckets...), func(f float64) bool { return f != math.Trunc(f) || f >= 1<<53 })
}

func kindOf(h *histogram.FloatHistogram) dto.MetricType {
	switch {
	case h == nil:
		return dto.MetricType_UNTYPED
	case h.CounterResetHint == histogram.GaugeType:
		return dto.MetricType_GAUGE_HISTOGRAM
	}
	return dto.MetricType_HISTOGRAM
}

func ptr[T any](v T) *T { return &v }

// newMetric gives a series without an instance an empty one, so that the
// scraper does not put its own in. Counts of histograms are floats, as they
// are when they were computed, unless they shall be whole.
func newMetric(s promql.Sample, whole bool) *dto.Metric {
	m := &dto.Metric{TimestampMs: ptr(s.T)}
	s.Metric.Range(func(l labels.Label) {
		if l.Name != labels.MetricName && l.Value != "" {
			m.Label = append(m.Label, &dto.LabelPair{Name: ptr(l.Name), Value: ptr(l.Value)})
		}
	})
	if !s.Metric.Has("instance") {
		m.Label = append(m.Label, &dto.LabelPair{Name: ptr("instance"), Value: ptr("")})
	}
	switch {
	case s.H == nil:
		m.Untyped = &dto.Untyped{Value: ptr(s.F)}
	case s.H.UsesCustomBuckets():
		m.Histogram = classic(s.H, whole)
	default:
		m.Histogram = native(s.H)
	}
	return m
}

func native(h *histogram.FloatHistogram) *dto.Histogram {
	return &dto.Histogram{
		SampleCountFloat: ptr(h.Count), SampleSum: ptr(h.Sum), Schema: ptr(h.Schema), ZeroThreshold: ptr(h.ZeroThreshold), ZeroCountFloat: ptr(h.ZeroCount),
		NegativeCount: h.NegativeBuckets, PositiveCount: h.PositiveBuckets, NegativeSpan: spans(h.NegativeSpans), PositiveSpan: spans(h.PositiveSpans),
	}
}

func spans(from []histogram.Span) []*dto.BucketSpan {
	var out []*dto.BucketSpan
	for _, s := range from {
		out = append(out, &dto.BucketSpan{Offset: ptr(s.Offset), Length: ptr(s.Length)})
	}
	return out
}

// classic writes the bounds of a histogram of custom buckets as they were; the
// last bucket, which has none, is the count.
func classic(h *histogram.FloatHistogram, whole bool) *dto.Histogram {
	out := &dto.Histogram{SampleSum: ptr(h.Sum)}
	if whole {
		out.SampleCount = ptr(uint64(h.Count))
	} else {
		out.SampleCountFloat = ptr(h.Count)
	}
	counts := make([]float64, len(h.CustomValues)+1)
	for it := h.PositiveBucketIterator(); it.Next(); {
		if b := it.At(); int(b.Index) < len(counts) {
			counts[b.Index] = b.Count
		}
	}
	sum := 0.0
	for i, le := range h.CustomValues {
		sum += counts[i]
		b := &dto.Bucket{UpperBound: ptr(le)}
		if whole {
			b.CumulativeCount = ptr(uint64(sum))
		} else {
			b.CumulativeCountFloat = ptr(sum)
		}
		out.Bucket = append(out.Bucket, b)
	}
	return out
}

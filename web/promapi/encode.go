package promapi

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/web"
)

// appendResult writes a query's value. A range of 11,000 points goes through
// here number by number: no reflection, no allocation.
func appendResult(b []byte, v parser.Value) []byte {
	switch v := v.(type) {
	case promql.Matrix:
		return appendList(b, v, appendSeries)
	case promql.Vector:
		return appendList(b, v, appendSample)
	case promql.Scalar: // without an exponent, however long; samples have one
		b = appendSeconds(append(b, '['), v.T)
		return append(strconv.AppendFloat(append(b, `,"`...), v.V, 'f', -1, 64), `"]`...)
	case promql.String:
		b = appendSeconds(append(b, '['), v.T)
		return append(web.AppendString(append(b, ','), v.V), ']')
	}
	panic("promapi: a query gave a " + string(v.Type())) // a broken invariant of the engine
}

func appendList[T any](b []byte, list []T, item func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, x)
	}
	return append(b, ']')
}

func appendSeries(b []byte, s promql.Series) []byte {
	b = appendLabels(append(b, `{"metric":`...), s.Metric)
	if len(s.Floats) > 0 {
		b = appendList(append(b, `,"values":`...), s.Floats, func(b []byte, p promql.FPoint) []byte {
			return appendPoint(b, p.T, p.F)
		})
	}
	if len(s.Histograms) > 0 {
		b = appendList(append(b, `,"histograms":`...), s.Histograms, func(b []byte, p promql.HPoint) []byte {
			return appendHistogramPoint(b, p.T, p.H)
		})
	}
	return append(b, '}')
}

func appendSample(b []byte, s promql.Sample) []byte {
	b = appendLabels(append(b, `{"metric":`...), s.Metric)
	if s.H != nil {
		b = appendHistogramPoint(append(b, `,"histogram":`...), s.T, s.H)
	} else {
		b = appendPoint(append(b, `,"value":`...), s.T, s.F)
	}
	return append(b, '}')
}

func appendPoint(b []byte, t int64, v float64) []byte {
	b = appendTime(append(b, '['), t)
	return append(appendFloat(append(b, ','), v), ']')
}

func appendHistogramPoint(b []byte, t int64, h *histogram.FloatHistogram) []byte {
	b = appendTime(append(b, '['), t)
	return append(appendHistogram(append(b, ','), h), ']')
}

// appendHistogram writes each bucket that is not empty as [which bounds are
// in it, lower, upper, count], the first being 0 for the upper only, 1 for the
// lower only, 2 for neither and 3 for both.
func appendHistogram(b []byte, h *histogram.FloatHistogram) []byte {
	b = appendFloat(append(b, `{"count":`...), h.Count)
	b = appendFloat(append(b, `,"sum":`...), h.Sum)
	open := `,"buckets":[`
	for it := h.AllBucketIterator(); it.Next(); {
		bucket := it.At()
		if bucket.Count == 0 {
			continue
		}
		b = append(append(b, open...), '[', bounds(bucket.LowerInclusive, bucket.UpperInclusive))
		for _, f := range [...]float64{bucket.Lower, bucket.Upper, bucket.Count} {
			b = appendFloat(append(b, ','), f)
		}
		b = append(b, ']')
		open = ","
	}
	if open == "," {
		b = append(b, ']')
	}
	return append(b, '}')
}

func bounds(lower, upper bool) byte {
	switch {
	case lower && upper:
		return '3'
	case lower:
		return '1'
	case upper:
		return '0'
	}
	return '2'
}

func appendExemplars(b []byte, r exemplar.QueryResult) []byte {
	b = appendLabels(append(b, `{"seriesLabels":`...), r.SeriesLabels)
	b = appendList(append(b, `,"exemplars":`...), r.Exemplars, func(b []byte, e exemplar.Exemplar) []byte {
		b = appendLabels(append(b, `{"labels":`...), e.Labels)
		b = appendFloat(append(b, `,"value":`...), e.Value)
		return append(appendTime(append(b, `,"timestamp":`...), e.Ts), '}')
	})
	return append(b, '}')
}

func appendLabels(b []byte, ls labels.Labels) []byte {
	b = append(b, '{')
	first := true
	ls.Range(func(l labels.Label) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = web.AppendString(b, l.Name)
		b = web.AppendString(append(b, ':'), l.Value)
	})
	return append(b, '}')
}

// appendSeconds writes milliseconds as seconds with as few decimals as it
// takes, which Prometheus does for scalars and strings alone.
func appendSeconds(b []byte, ms int64) []byte {
	return strconv.AppendFloat(b, float64(ms)/1000, 'f', -1, 64)
}

// appendTime writes milliseconds as seconds with three decimals or none.
func appendTime(b []byte, ms int64) []byte {
	if ms < 0 {
		b = append(b, '-')
		ms = -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if frac := ms % 1000; frac != 0 {
		b = append(b, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
	}
	return b
}

// appendFloat writes a quoted number: JSON has no NaN and no infinity.
func appendFloat(b []byte, f float64) []byte {
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return append(strconv.AppendFloat(append(b, '"'), f, form, -1, 64), '"')
}

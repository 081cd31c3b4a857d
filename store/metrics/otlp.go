package metrics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"tripod/store"
)

// converters are upstream's translators, which keep buffers between requests.
type converters struct {
	once     sync.Once
	settings prometheusremotewrite.Settings
	pool     sync.Pool
	deltas   deltas
}

// WriteOTLP stores OTLP metrics under Prometheus's names: dots become
// underscores, units and _total are appended. Points of delta temporality are
// added up, exponential histograms become native ones, and where a start time
// is told the counter begins there with 0. Data points that are too old, double
// or too far ahead are refused one by one with a *store.PartialError that names
// their metrics; the others are as durable as after Appender's Commit. It
// changes md.
func (s *Store) WriteOTLP(ctx context.Context, md pmetric.Metrics) error {
	s.otlp.once.Do(func() {
		s.otlp.settings = prometheusremotewrite.Settings{
			AddMetricSuffixes: true,
			LookbackDelta:     s.o.Lookback,
			PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(
				config.OTLPConfig{PromoteResourceAttributes: s.o.OTLPLabels}),
			PromoteScopeMetadata:            s.o.OTLPScope,
			LabelNameUnderscoreSanitization: true,
		}
	})
	app := &otlpAppender{AppenderV2: s.db.AppenderV2(ctx), s: s, latest: s.o.Now().Add(maxAhead).UnixMilli()}
	touched := s.otlp.deltas.cumulate(md, s.o.Now(), app.refuse)
	conv, ok := s.otlp.pool.Get().(*prometheusremotewrite.PrometheusConverter)
	if ok {
		conv.Reset(app)
	} else {
		conv = prometheusremotewrite.NewPrometheusConverter(app)
	}
	_, err := conv.FromMetrics(ctx, md, s.otlp.settings)
	conv.Reset(nil)
	s.otlp.pool.Put(conv)
	if err = app.finish(ctx, err); err != nil && !errors.As(err, new(*store.PartialError)) {
		s.otlp.deltas.drop(touched)
	}
	return err
}

// otlpAppender goes on behind a refused sample where upstream's handler would
// drop the whole request.
type otlpAppender struct {
	storage.AppenderV2
	s        *Store
	latest   int64 // Unix ms
	accepted int
	rejected int
	reason   string   // of the first that was refused
	names    []string // of metrics with refused points, the first few
	broken   error
	minutes  minutes
}

func (a *otlpAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	var err error
	if t > a.latest {
		err = tooFarAhead(t, a.latest)
	} else {
		ref, err = a.AppenderV2.Append(ref, ls, st, t, v, h, fh, o)
		a.minutes.add(t)
		if st > 0 {
			a.minutes.add(st) // where a counter's zero may have been written
		}
	}
	var exemplars *storage.AppendPartialError
	switch {
	case err == nil, errors.As(err, &exemplars): // the sample is in; its exemplar was too old
		a.accepted++
		a.s.meta.set(o.MetricFamilyName, metadata.Metadata{Type: o.Metadata.Type, Help: o.Metadata.Help, Unit: o.Metadata.Unit})
		return ref, nil
	case Refused(err):
		a.refuse(o.MetricFamilyName, err)
		return 0, nil
	}
	a.broken = err
	return 0, err
}

// maxNamed bounds the metrics that an answer names.
const maxNamed = 5

// refuse counts one point; metric is empty where an error names it.
func (a *otlpAppender) refuse(metric string, err error) {
	a.s.refusals.add(err)
	if a.rejected == 0 {
		a.reason = err.Error()
	}
	a.rejected++
	if metric != "" && len(a.names) <= maxNamed && !slices.Contains(a.names, metric) {
		a.names = append(a.names, metric)
	}
}

func (a *otlpAppender) why() string {
	switch n := len(a.names); {
	case n == 0:
		return a.reason
	case n > maxNamed:
		return fmt.Sprintf("%s and others: %s", strings.Join(a.names[:maxNamed], ", "), a.reason)
	}
	return fmt.Sprintf("%s: %s", strings.Join(a.names, ", "), a.reason)
}

// finish commits unless the request ended or the store failed; what could not
// be translated is refused.
func (a *otlpAppender) finish(ctx context.Context, translate error) error {
	if err := errors.Join(a.broken, ctx.Err()); err != nil {
		return errors.Join(err, a.Rollback())
	}
	each(translate, func(err error) { a.refuse("", err) })
	err := a.Commit()
	a.s.changes.wrote(a.minutes)
	if err != nil {
		return commitError(err)
	}
	a.s.accepted.Add(int64(a.accepted))
	a.s.rejected.Add(int64(a.rejected))
	if a.rejected > 0 {
		return &store.PartialError{Rejected: a.rejected, Reason: a.why()}
	}
	return nil
}

// each walks the errors that errors.Join put together, first to last.
func each(err error, f func(error)) {
	switch several := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, e := range several.Unwrap() {
			each(e, f)
		}
	default:
		f(err)
	}
}

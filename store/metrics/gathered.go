package metrics

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// AppendGathered writes what a registry of this process gathered into the very
// series that a scrape of its text exposition makes: extra is what the scrape
// adds (job, instance), and a metric's own label of such a name becomes
// exported_job as it does there. Exemplars are always written, because the
// text exposition cannot carry them; those whose series does not exist yet are
// left out until the next call. The samples are written only when asked for,
// which gives charts a first point before the first scrape.
func (s *Store) AppendGathered(ctx context.Context, fams []*dto.MetricFamily, extra labels.Labels, at time.Time, samples bool) error {
	g := gathered{app: s.Appender(ctx), extra: extra, at: at.UnixMilli(), samples: samples}
	for _, f := range fams {
		s.meta.set(f.GetName(), metadata.Metadata{
			Type: model.MetricType(strings.ToLower(f.GetType().String())),
			Help: f.GetHelp(),
			Unit: f.GetUnit(),
		})
		for _, m := range f.Metric {
			g.metric(f, m)
		}
	}
	if g.err != nil {
		return errors.Join(g.err, g.app.Rollback())
	}
	return g.app.Commit()
}

type gathered struct {
	app     storage.Appender
	builder labels.ScratchBuilder
	extra   labels.Labels
	at      int64 // Unix ms
	samples bool
	err     error
}

func (g *gathered) metric(f *dto.MetricFamily, m *dto.Metric) {
	name := f.GetName()
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		g.write(name, m, "", "", m.GetCounter().GetValue(), m.GetCounter().GetExemplar())
	case dto.MetricType_GAUGE:
		g.write(name, m, "", "", m.GetGauge().GetValue(), nil)
	case dto.MetricType_UNTYPED:
		g.write(name, m, "", "", m.GetUntyped().GetValue(), nil)
	case dto.MetricType_SUMMARY:
		for _, q := range m.GetSummary().GetQuantile() {
			g.write(name, m, labelQuantile, number(q.GetQuantile()), q.GetValue(), nil)
		}
		g.write(name+"_sum", m, "", "", m.GetSummary().GetSampleSum(), nil)
		g.write(name+"_count", m, "", "", float64(m.GetSummary().GetSampleCount()), nil)
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		g.histogram(name, m, m.GetHistogram())
	}
}

const labelQuantile = "quantile"

func (g *gathered) histogram(name string, m *dto.Metric, h *dto.Histogram) {
	infinite := false
	for _, b := range h.GetBucket() {
		infinite = infinite || math.IsInf(b.GetUpperBound(), 1)
		g.write(name+"_bucket", m, labels.BucketLabel, number(b.GetUpperBound()), float64(b.GetCumulativeCount()), b.GetExemplar())
	}
	if !infinite {
		g.write(name+"_bucket", m, labels.BucketLabel, "+Inf", float64(h.GetSampleCount()), nil)
	}
	g.write(name+"_sum", m, "", "", h.GetSampleSum(), nil)
	g.write(name+"_count", m, "", "", float64(h.GetSampleCount()), nil)
}

// number writes le and quantile as the text exposition does.
func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func (g *gathered) write(name string, m *dto.Metric, key, value string, v float64, e *dto.Exemplar) {
	if !g.samples && e == nil || g.err != nil {
		return
	}
	ls := g.series(name, m, key, value)
	if g.samples {
		if _, err := g.app.Append(0, ls, g.at, v); err != nil && !Refused(err) {
			g.err = err
			return
		}
	}
	if e != nil {
		// An error here is an exemplar older than the newest of its series, or a
		// series that no scrape has made yet.
		g.app.AppendExemplar(0, ls, g.exemplar(e))
	}
}

func (g *gathered) series(name string, m *dto.Metric, key, value string) labels.Labels {
	g.builder.Reset()
	g.builder.Add(labels.MetricName, name)
	for _, l := range m.GetLabel() {
		own := l.GetName()
		if g.extra.Has(own) {
			own = model.ExportedLabelPrefix + own
		}
		if l.GetValue() != "" {
			g.builder.Add(own, l.GetValue())
		}
	}
	if key != "" {
		g.builder.Add(key, value)
	}
	g.extra.Range(func(l labels.Label) { g.builder.Add(l.Name, l.Value) })
	g.builder.Sort()
	return g.builder.Labels()
}

func (g *gathered) exemplar(e *dto.Exemplar) exemplar.Exemplar {
	var b labels.ScratchBuilder
	for _, l := range e.GetLabel() {
		b.Add(l.GetName(), l.GetValue())
	}
	b.Sort()
	out := exemplar.Exemplar{Labels: b.Labels(), Value: e.GetValue(), Ts: g.at, HasTs: true}
	if t := e.GetTimestamp(); t != nil {
		out.Ts = t.AsTime().UnixMilli()
	}
	return out
}

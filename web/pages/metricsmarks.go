package pages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
	"tripod/ui/chart"
)

const maxEvents = 12 // of each kind

// marks are what happened in the range: new versions of services, the
// configuration read again, and alerts that began to fire. A kind that cannot
// be had is left out: the chart says enough without it.
func (p *Pages) marks(ctx context.Context, a *metricsAsk) []chart.Mark {
	var out []chart.Mark
	out = append(out, p.deploys(ctx, a)...)
	out = append(out, p.alertMarks(ctx, a)...)
	out = append(out, p.configMarks(ctx, a)...)
	slices.SortStableFunc(out, func(x, y chart.Mark) int { return cmp.Compare(x.At, y.At) })
	return out
}

// deploys are versions that were seen first in the range, of services that had
// another one before.
func (p *Pages) deploys(ctx context.Context, a *metricsAsk) []chart.Mark {
	if p.o.Graph == nil {
		return nil
	}
	versions, err := p.o.Graph.Versions(ctx)
	if err != nil {
		return nil
	}
	var out []chart.Mark
	for i, v := range versions { // in order of service and time
		first := i == 0 || versions[i-1].Service != v.Service
		if first || v.First.Before(a.from) || v.First.After(a.to) || len(a.st.Services) > 0 && !a.st.HasService(v.Service) {
			continue
		}
		out = append(out, chart.Mark{
			At: v.First.UnixNano(), Text: cut(v.Version, 16), Title: fmt.Sprintf("%s: version %s after %s, first seen %s", v.Service, v.Version, versions[i-1].Version, v.First.UTC().Format("15:04")),
			Href: a.st.Carry().In(v.Service).Href("/traces", "q", versionQuery(v)),
		})
	}
	return newestMarks(out)
}

func versionQuery(v store.ServiceVersion) string {
	return fmt.Sprintf("{resource.service.version=%q}", v.Version)
}

// alertMarks are the moments at which an alert began to fire.
func (p *Pages) alertMarks(ctx context.Context, a *metricsAsk) []chart.Mark {
	matrix, _, _, err := p.o.Metrics.Measured(ctx, `max by (alertname) (ALERTS{alertstate="firing"})`, a.from, a.to, a.step)
	if err != nil {
		return nil
	}
	var out []chart.Mark
	for _, s := range matrix {
		name := s.Metric.Get(labels.AlertName)
		before := a.from.UnixMilli() - a.step.Milliseconds() // what fires at its start has begun before the range
		for _, pt := range s.Floats {
			began := pt.T-before > a.step.Milliseconds()
			before = pt.T
			if !began {
				continue
			}
			out = append(out, chart.Mark{
				At: pt.T * int64(time.Millisecond), Text: cut(name, 24), Class: "k-err",
				Title: name + " began to fire", Href: a.st.Carry().Href("/alerts", "sel", name),
			})
		}
	}
	return newestMarks(out)
}

// configMarks are the moments at which the configuration was read.
func (p *Pages) configMarks(ctx context.Context, a *metricsAsk) []chart.Mark {
	matrix, _, _, err := p.o.Metrics.Measured(ctx, `max(tripod_config_read_timestamp_seconds)`, a.from, a.to, a.step)
	if err != nil {
		return nil
	}
	var out []chart.Mark
	for _, s := range matrix {
		before := math.NaN()
		for _, pt := range s.Floats {
			at := time.Unix(0, int64(pt.F*1e9))
			if pt.F != before && !at.Before(a.from) && !at.After(a.to) {
				out = append(out, chart.Mark{At: at.UnixNano(), Text: "config", Title: "Configuration read at " + at.UTC().Format("15:04:05")})
			}
			before = pt.F
		}
	}
	return newestMarks(out)
}

func newestMarks(all []chart.Mark) []chart.Mark {
	slices.SortFunc(all, func(x, y chart.Mark) int { return cmp.Compare(y.At, x.At) })
	return all[:min(len(all), maxEvents)]
}

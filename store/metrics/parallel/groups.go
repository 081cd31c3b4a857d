package parallel

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/schema"
	"github.com/prometheus/prometheus/storage"
)

// groups says which series are aggregated together.
type groups struct {
	of      []int           // by series: number of its group
	metrics []labels.Labels // by group
}

func (f *fragment) groups(series []storage.ChunkSeries) groups {
	by, without := f.agg.Grouping, f.agg.Without
	// a name that is not asked for need not be dropped first
	bare := without || slices.ContainsFunc(by, schema.IsMetadataLabel)
	g := groups{of: make([]int, len(series))}
	numbers := make(map[uint64]int)
	var key uint64
	buf := make([]byte, 0, 1024)
	builder := labels.NewBuilder(labels.EmptyLabels())
	for i, s := range series {
		ls := s.Labels()
		if bare {
			ls = f.metric(s)
		}
		switch {
		case without:
			key, buf = ls.HashWithoutLabels(buf, by...)
		case len(by) > 0:
			key, buf = ls.HashForLabels(buf, by...)
		}
		n, ok := numbers[key]
		if !ok {
			n = len(g.metrics)
			numbers[key] = n
			g.metrics = append(g.metrics, groupLabels(builder, ls, by, without))
		}
		g.of[i] = n
	}
	return g
}

func groupLabels(b *labels.Builder, ls labels.Labels, by []string, without bool) labels.Labels {
	b.Reset(ls)
	if without {
		b.Del(by...)
		b.Del(labels.MetricName)
		return b.Labels()
	}
	if len(by) == 0 {
		return labels.EmptyLabels()
	}
	b.Keep(by...)
	return b.Labels()
}

// rows are the groups that have a point, in the order in which the first series
// of each stands; some tells which series have a point.
func (g groups) rows(f *fragment, acc accumulator, some []bool) []promql.Series {
	var rows []promql.Series
	values := make([]float64, f.grid.steps)
	done := make([]bool, len(g.metrics))
	for i, n := range g.of {
		if !some[i] || done[n] {
			continue
		}
		done[n] = true
		acc.result(n, values)
		if f.filter(values) {
			rows = append(rows, promql.Series{Metric: g.metrics[n], Floats: f.grid.points(values)})
		}
	}
	return rows
}

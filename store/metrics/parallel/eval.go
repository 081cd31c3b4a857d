package parallel

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/schema"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// eval reads the selected series and evaluates f on all steps.
func (f *fragment) eval(ctx context.Context, data storage.ChunkQuerier, o Options) (result, error) {
	f.tally = newTally(f.grid.steps)
	if f.grid.steps == 0 {
		return result{}, nil
	}
	series, notes, err := f.selectSeries(ctx, data)
	if err != nil {
		return result{notes: notes}, err
	}
	if f.mayCollide(series) {
		return result{}, errDeclined
	}
	r := newReader(f, series, o)
	rows, err := r.evalAll(ctx)
	if err != nil {
		return result{}, err
	}
	f.countShown(rows)
	for _, n := range []annotations.Annotations{r.finish(), f.nonCounters(series, r.some)} {
		notes.Merge(n)
	}
	return result{rows: rows, notes: notes}, nil
}

func (f *fragment) selectSeries(ctx context.Context, data storage.ChunkQuerier) ([]storage.ChunkSeries, annotations.Annotations, error) {
	mint, maxt := f.reach()
	// without a step: with one, the head of tsdb keeps a cache of chunks that
	// several goroutines may not use; not trimmed: samples outside of the time
	// are passed over, while trimming would write chunks anew
	hints := &storage.SelectHints{Start: mint, End: maxt, Range: f.window, DisableTrimming: true}
	switch {
	case f.call != nil:
		hints.Func = f.call.Func.Name
	case f.agg != nil:
		hints.Func = f.agg.Op.String()
	}
	if f.agg != nil {
		hints.By, hints.Grouping = !f.agg.Without, f.agg.Grouping
	}
	set := data.Select(ctx, false, hints, f.sel.LabelMatchers...)
	var series []storage.ChunkSeries
	for set.Next() {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		series = append(series, set.At())
	}
	var notes annotations.Annotations
	notes.Merge(set.Warnings())
	return series, notes, set.Err()
}

// metric is what a function leaves of a series' labels.
func (f *fragment) metric(s storage.ChunkSeries) labels.Labels {
	if f.call == nil || f.keepName {
		return s.Labels()
	}
	return s.Labels().DropReserved(schema.IsMetadataLabel)
}

// mayCollide tells whether two series could be the same once the names of
// their metrics are dropped, which is an error.
func (f *fragment) mayCollide(series []storage.ChunkSeries) bool {
	if f.call == nil || f.keepName {
		return false
	}
	named := slices.ContainsFunc(f.sel.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value != ""
	})
	seen := make(map[uint64]struct{})
	for _, s := range series {
		ls := s.Labels()
		if named && !ls.Has(model.MetricTypeLabel) && !ls.Has(model.MetricUnitLabel) {
			continue
		}
		hash := f.metric(s).Hash()
		if _, again := seen[hash]; again {
			return true
		}
		seen[hash] = struct{}{}
	}
	return false
}

// counterSuffixes are how a counter's name ends.
var counterSuffixes = []string{"_total", "_sum", "_count", "_bucket"}

// nonCounters says which metrics look as if they were no counters. some tells
// which series have a point.
func (f *fragment) nonCounters(series []storage.ChunkSeries, some []bool) annotations.Annotations {
	var notes annotations.Annotations
	if f.call == nil || f.call.Func.Name != "rate" && f.call.Func.Name != "increase" {
		return notes
	}
	last := ""
	for i, s := range series {
		name := s.Labels().Get(model.MetricNameLabel)
		if !some[i] || name == "" || name == last {
			continue
		}
		last = name
		if !slices.ContainsFunc(counterSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) }) {
			notes.Add(annotations.NewPossibleNonCounterInfo(name, f.call.Args[0].PositionRange()))
		}
	}
	return notes
}

// countShown counts the points that the stock engine will read.
func (f *fragment) countShown(rows []promql.Series) {
	for _, r := range rows {
		for step, p := range r.Floats {
			if !isAbsent(p.F) {
				f.tally.shown[step]++
			}
		}
	}
}

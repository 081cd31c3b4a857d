package pages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/dashboard"
	"tripod/dashboard/frames"
	"tripod/store"
)

// dashWrong is an error about what a dashboard asks.
func dashWrong(why string) error { return fmt.Errorf("%s: %w", why, store.ErrInvalid) }

// dashAnswer is what the queries of a panel gave.
type dashAnswer struct {
	frames   []frames.Frame
	from, to time.Time
	step     time.Duration
	times    []float64 // Unix ms of the grid
	notes    []string
	prom     string // what was asked in PromQL, last
}

// dashAsk asks all queries of a panel that give numbers, and takes the steps
// from answers to what is shown.
func (p *Pages) dashAsk(ctx context.Context, v *dashView, one *dashboard.Scoped) (*dashAnswer, error) {
	a := &dashAnswer{}
	for i := range one.Queries {
		a.step = max(a.step, v.step(one, &one.Queries[i]))
	}
	if a.step == 0 {
		a.step = v.step(one, nil)
	}
	a.from, a.to = gridOf(v.st.Range, a.step)
	for t := a.from; !t.After(a.to); t = t.Add(a.step) {
		a.times = append(a.times, float64(t.UnixMilli()))
	}
	var later []mathQuery
	letters := map[string]bool{}
	hidden := map[string]bool{}
	for i := range one.Queries {
		own := one.Queries[i]
		own.Letter = queryLetter(&own, i) // its answers are found by it
		q := &own
		letters[q.Letter], hidden[q.Letter] = true, hidden[q.Letter] || q.Hidden
		scope := v.scope(one, q)
		scope.Step, scope.Rate = a.step, rateWindow(a.step, p.o.Scrape)
		text := strings.TrimSpace(scope.Query(q.Language, q.Text))
		if text == "" {
			continue
		}
		var err error
		switch q.Language {
		case dashboard.Math:
			later = append(later, mathQuery{q, text})
		case dashboard.LogQL:
			err = p.askLogNumbers(ctx, v, a, q, text)
		case dashboard.TraceQL:
			err = p.askSpanNumbers(ctx, v, a, q, text)
		default:
			err = p.askProm(ctx, v, a, q, text)
		}
		if err != nil {
			if len(one.Queries) > 1 {
				return nil, fmt.Errorf("query %s: %w", q.Letter, err)
			}
			return nil, err
		}
	}
	if err := a.compute(later, letters); err != nil {
		return nil, err
	}
	a.frames = frames.Apply(one.Transforms, slices.DeleteFunc(a.frames, func(f frames.Frame) bool { return hidden[f.Letter] }))
	return a, nil
}

func queryLetter(q *dashboard.Query, i int) string {
	if q.Letter != "" {
		return q.Letter
	}
	return string(rune('A' + i))
}

// askProm asks in PromQL; the numbers are those of query_range with the same
// ends and step.
func (p *Pages) askProm(ctx context.Context, v *dashView, a *dashAnswer, q *dashboard.Query, text string) error {
	if p.o.Metrics == nil {
		return errNoDoor
	}
	from, to, step := a.from, a.to, a.step
	if q.Instant {
		from = v.scope(&dashboard.Scoped{}, nil).To
		to, step = from, time.Second
	}
	text, _ = inScope(p.o.Alerts.Parser, text, v.st.Services)
	a.prom = text
	matrix, warnings, _, err := p.o.Metrics.Measured(ctx, text, from, to, step)
	if err != nil {
		return err
	}
	for _, w := range warnings.AsErrors() {
		if len(a.notes) < 3 && !errors.Is(w, annotations.PromQLInfo) { // which the Metrics screen tells
			a.notes = append(a.notes, cut(w.Error(), 300))
		}
	}
	if q.Trend {
		a.frames = append(a.frames, promTrends(q.Letter, matrix, func(s *promql.Series) []float64 { return onGrid(s, from, step, len(a.times)) }))
		return nil
	}
	if q.Table {
		a.frames = append(a.frames, promTable(q.Letter, matrix))
		return nil
	}
	for i := range matrix {
		s := &matrix[i]
		set := map[string]string{}
		s.Metric.Range(func(l labels.Label) {
			if l.Name != labels.MetricName {
				set[l.Name] = l.Value
			}
		})
		name := s.Metric.Get(labels.MetricName)
		if name == "" {
			name = "Value"
		}
		legend := ""
		if q.Legend != "" && q.Legend != "__auto" {
			legend = strings.TrimSpace(dashboard.LegendText(q.Legend, func(l string) string { return s.Metric.Get(l) }))
		}
		var f frames.Frame
		if q.Instant {
			f = frames.Series(q.Letter, name, set, nil, nil)
			for _, pt := range s.Floats {
				f.Fields[0].Nums, f.Fields[1].Nums = append(f.Fields[0].Nums, float64(pt.T)), append(f.Fields[1].Nums, pt.F)
			}
			for _, pt := range s.Histograms {
				f.Fields[0].Nums, f.Fields[1].Nums = append(f.Fields[0].Nums, float64(pt.T)), append(f.Fields[1].Nums, meanOf(pt))
			}
		} else {
			f = frames.Series(q.Letter, name, set, a.times, onGrid(s, from, step, len(a.times)))
		}
		f.Fields[1].Legend = legend
		a.frames = append(a.frames, f)
	}
	return nil
}

// onGrid puts the points of a series on a grid; NaN where there is none.
func onGrid(s *promql.Series, from time.Time, step time.Duration, n int) []float64 {
	out := gaps(n)
	put := func(t int64, v float64) {
		if i := int((t - from.UnixMilli()) / step.Milliseconds()); i >= 0 && i < n {
			out[i] = v
		}
	}
	for _, pt := range s.Floats {
		put(pt.T, pt.F)
	}
	for _, pt := range s.Histograms {
		put(pt.T, meanOf(pt))
	}
	return out
}

func gaps(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// promTable is a matrix as one table: time, labels, and Value #A.
func promTable(letter string, m promql.Matrix) frames.Frame {
	names := map[string]bool{}
	for i := range m {
		m[i].Metric.Range(func(l labels.Label) { names[l.Name] = true })
	}
	sorted := sortedKeys(names)
	out := frames.Frame{Letter: letter, Fields: make([]frames.Field, len(sorted)+2)}
	out.Fields[0] = frames.Field{Name: "Time", Kind: frames.Time}
	for i, n := range sorted {
		out.Fields[i+1] = frames.Field{Name: n, Kind: frames.Text}
	}
	value := &out.Fields[len(sorted)+1]
	*value = frames.Field{Name: "Value #" + letter}
	add := func(ls labels.Labels, t int64, v float64) {
		out.Fields[0].Nums = append(out.Fields[0].Nums, float64(t))
		for i, n := range sorted {
			out.Fields[i+1].Texts = append(out.Fields[i+1].Texts, ls.Get(n))
		}
		value.Nums = append(value.Nums, v)
	}
	for i := range m {
		for _, pt := range m[i].Floats {
			add(m[i].Metric, pt.T, pt.F)
		}
		for _, pt := range m[i].Histograms {
			add(m[i].Metric, pt.T, meanOf(pt))
		}
	}
	return out
}

// promTrends is a matrix as one table with a row a series: labels, and all
// values as Trend #A.
func promTrends(letter string, m promql.Matrix, line func(*promql.Series) []float64) frames.Frame {
	firsts := make(promql.Matrix, len(m))
	for i := range m {
		firsts[i] = promql.Series{Metric: m[i].Metric, Floats: []promql.FPoint{{}}}
	}
	out := promTable(letter, firsts)
	out.Fields = out.Fields[1:] // a trend has no one time
	trend := frames.Field{Name: "Trend #" + letter, Kind: frames.Trend}
	for i := range m {
		trend.Lines = append(trend.Lines, line(&m[i]))
	}
	out.Fields[len(out.Fields)-1] = trend
	return out
}

// askLogNumbers asks in LogQL for numbers, at the times of the grid.
func (p *Pages) askLogNumbers(ctx context.Context, v *dashView, a *dashAnswer, q *dashboard.Query, text string) error {
	if p.o.LogQL == nil {
		return errNoDoor
	}
	kind, err := p.o.LogQL.Kind(text)
	if err != nil {
		return err
	}
	if kind == store.LogLines {
		return dashWrong("the query asks for lines, and this panel shows numbers")
	}
	ask := store.LogMetricQuery{Text: text, Narrow: narrowTo(v.st.Services), From: a.from.UnixNano(), To: a.to.UnixNano(), Step: a.step}
	if q.Instant {
		ask.From, ask.To, ask.Step = v.st.Range.To, v.st.Range.To, 0
	}
	list, err := p.o.LogQL.Metric(ctx, ask)
	if err != nil {
		return err
	}
	for i := range list {
		set := map[string]string{}
		for _, l := range list[i].Labels {
			set[l.Name] = l.Value
		}
		points := make([]gridPoint, len(list[i].Points))
		for k, pt := range list[i].Points {
			points[k] = gridPoint{pt.Time, pt.Value}
		}
		a.add(q, set, points)
	}
	return nil
}

// narrowTo is a search line that limits to services.
func narrowTo(services []string) string {
	if len(services) == 0 {
		return ""
	}
	parts := make([]string, len(services))
	for i, s := range services {
		parts[i] = "service:" + forceQuote(s)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// askSpanNumbers asks in TraceQL for numbers; a value is of the spans that
// start in the step from its time on.
func (p *Pages) askSpanNumbers(ctx context.Context, v *dashView, a *dashAnswer, q *dashboard.Query, text string) error {
	if p.o.TraceNumbers == nil {
		return errNoDoor
	}
	if !isSpanMetric(text) {
		return dashWrong("the query asks for traces, and this panel shows numbers")
	}
	ask := store.SpanMetricQuery{Text: text, Range: store.TimeRange{From: a.from.UnixNano(), To: a.to.UnixNano()}, Step: a.step}
	if q.Instant {
		ask.Range, ask.Step = v.st.Range, 0
	}
	found, err := p.o.TraceNumbers.SpanMetrics(ctx, ask)
	if err != nil {
		return err
	}
	if found.Cut {
		a.notes = append(a.notes, "More spans came into question than one query may look at; the numbers are too small.")
	}
	for i := range found.Series {
		set := map[string]string{}
		for _, l := range found.Series[i].Labels {
			set[l.Key] = l.Value.Text()
		}
		points := make([]gridPoint, len(found.Series[i].Points))
		for k, pt := range found.Series[i].Points {
			points[k] = gridPoint{pt.Time, pt.Value}
		}
		a.add(q, set, points)
	}
	return nil
}

type gridPoint struct {
	at    int64 // Unix ns
	value float64
}

// add is a series of an answer, on the grid unless it is of one moment, or as a
// row of the query's table.
func (a *dashAnswer) add(q *dashboard.Query, set map[string]string, points []gridPoint) {
	if q.Table {
		for _, pt := range points {
			a.addRow(q.Letter, set, pt)
		}
		return
	}
	f := frames.Series(q.Letter, "Value", set, a.times, gaps(len(a.times)))
	if q.Instant {
		f = frames.Series(q.Letter, "Value", set, nil, nil)
		for _, pt := range points {
			f.Fields[0].Nums, f.Fields[1].Nums = append(f.Fields[0].Nums, float64(pt.at/1e6)), append(f.Fields[1].Nums, pt.value)
		}
	} else {
		for _, pt := range points {
			if i := (pt.at - a.from.UnixNano()) / int64(a.step); i >= 0 && i < int64(len(a.times)) {
				f.Fields[1].Nums[i] = pt.value
			}
		}
	}
	if q.Legend != "" && q.Legend != "__auto" {
		f.Fields[1].Legend = strings.TrimSpace(dashboard.LegendText(q.Legend, func(l string) string { return set[l] }))
	}
	a.frames = append(a.frames, f)
}

// addRow is one value with its labels as columns.
func (a *dashAnswer) addRow(letter string, set map[string]string, pt gridPoint) {
	f := frames.Frame{Letter: letter, Fields: []frames.Field{{Name: "Time", Kind: frames.Time, Nums: []float64{float64(pt.at / 1e6)}}}}
	for _, n := range sortedNames(set) {
		f.Fields = append(f.Fields, frames.Field{Name: n, Kind: frames.Text, Texts: []string{set[n]}})
	}
	f.Fields = append(f.Fields, frames.Field{Name: "Value #" + letter, Nums: []float64{pt.value}})
	if last := len(a.frames) - 1; last >= 0 && a.frames[last].Letter == letter {
		a.frames[last] = frames.Stack(a.frames[last], f)
		return
	}
	a.frames = append(a.frames, f)
}

func sortedNames(set map[string]string) []string {
	out := make([]string, 0, len(set))
	for n := range set {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// isSpanMetric says whether TraceQL asks for numbers.
func isSpanMetric(text string) bool {
	for _, f := range [...]string{"rate", "count_over_time", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "quantile_over_time", "histogram_over_time", "compare", "topk", "bottomk"} {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, "|")
			if !ok {
				break
			}
			if name, ok := strings.CutPrefix(strings.TrimSpace(after), f); ok && strings.HasPrefix(strings.TrimSpace(name), "(") {
				return true
			}
			rest = after
		}
	}
	return false
}

// pathPart writes a text into a path.
func pathPart(s string) string { return url.PathEscape(s) }

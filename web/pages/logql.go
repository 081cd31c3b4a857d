package pages

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// LogQL answers Loki's language; errors are *store.QueryError.
type LogQL interface {
	Kind(text string) (store.LogKind, error)
	Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error)
}

// logqlFunctions begin a metric query, each with what it gives.
var logqlFunctions = []struct{ name, gives string }{
	{"rate", "lines a second"}, {"count_over_time", "lines of a window"}, {"bytes_rate", "bytes a second"}, {"bytes_over_time", "bytes of a window"},
	{"absent_over_time", "1 where nothing is"}, {"rate_counter", "of a growing number"}, {"sum_over_time", "of a number"}, {"avg_over_time", "of a number"},
	{"min_over_time", "of a number"}, {"max_over_time", "of a number"}, {"first_over_time", "of a number"}, {"last_over_time", "of a number"},
	{"stddev_over_time", "of a number"}, {"stdvar_over_time", "of a number"}, {"quantile_over_time", "of a number"},
	{"sum", "over series"}, {"avg", "over series"}, {"min", "over series"}, {"max", "over series"}, {"count", "of series"},
	{"stddev", "over series"}, {"stdvar", "over series"}, {"topk", "the greatest series"}, {"bottomk", "the least series"},
	{"approx_topk", "the greatest series"}, {"sort", "by value"}, {"sort_desc", "by value"}, {"vector", "a number"}, {"label_replace", "other labels"},
}

// isLogQL says whether a text is meant as LogQL: it begins with a selector or
// with a function of its own.
func isLogQL(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return true
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
	if end <= 0 {
		return false
	}
	name, rest := text[:end], text[end:]
	known := false
	for _, f := range logqlFunctions {
		known = known || f.name == name
	}
	if !known {
		return false
	}
	if strings.HasPrefix(rest, "(") {
		return true
	}
	rest = strings.TrimLeft(rest, " ")
	for _, by := range [...]string{"by", "without"} {
		if after, ok := strings.CutPrefix(rest, by); ok && strings.HasPrefix(strings.TrimLeft(after, " "), "(") {
			return true
		}
	}
	return false
}

// takeSyntax finds out which language was typed.
func (p *Pages) takeSyntax(a *logAsk) {
	if p.o.LogQL == nil || !isLogQL(a.typed) {
		return
	}
	a.syntax = store.LogQL
	kind, err := p.o.LogQL.Kind(a.typed)
	a.metric = err == nil && kind != store.LogLines
}

// marker finds what the query looks for in messages.
func (a *logAsk) marker() marker {
	if a.syntax == store.SearchLine {
		return newMarker(a.typed)
	}
	var out []string
	for _, part := range strings.Split(a.typed, "|=")[1:] {
		part = strings.TrimSpace(part)
		if strings.HasPrefix(part, `"`) {
			s, _ := unquote(part, 0)
			out = append(out, forceQuote(s))
		} else if rest, ok := strings.CutPrefix(part, "`"); ok {
			s, _, _ := strings.Cut(rest, "`")
			out = append(out, forceQuote(s))
		}
	}
	return newMarker(strings.Join(out, " "))
}

// rewrites names the stages of a LogQL query that change what its lines say:
// the list shows lines as they were kept.
func (a *logAsk) rewrites() string {
	if a.syntax != store.LogQL || a.metric {
		return ""
	}
	for _, stage := range [...]string{"line_format", "label_format", "unpack", "decolorize"} {
		if strings.Contains(a.typed, stage) {
			return stage
		}
	}
	return ""
}

const (
	seriesPoints = 120
	seriesDrawn  = 10
	seriesListed = 100
)

// seriesAnswer is the answer to a metric query.
type seriesAnswer struct {
	list    []store.LogSeries
	step    time.Duration
	receipt store.Receipt
	took    time.Duration
	err     error
}

func (p *Pages) askSeries(ctx context.Context, a *logAsk) seriesAnswer {
	start := p.o.Now()
	ans := seriesAnswer{step: a.st.Step(seriesPoints)}
	step := int64(ans.step)
	ans.list, ans.err = p.o.LogQL.Metric(ctx, store.LogMetricQuery{
		Text: a.typed, Narrow: a.narrow, From: (a.st.Range.From + step - 1) / step * step, To: a.st.Range.To, Step: ans.step, Receipt: &ans.receipt,
	})
	ans.took = p.o.Now().Sub(start)
	return ans
}

// peakOf orders series: the one with the greatest value first.
func peakOf(s *store.LogSeries) float64 {
	most := math.Inf(-1)
	for _, pt := range s.Points {
		if !math.IsNaN(pt.Value) {
			most = max(most, pt.Value)
		}
	}
	return most
}

// seriesView draws the greatest series and lists all.
func (p *Pages) seriesView(ctx context.Context, a *logAsk, ans *seriesAnswer) screens.Logs {
	m := screens.Logs{LogHead: a.head(&logAnswer{searchErr: ans.err, receipt: ans.receipt})}
	if m.Query.Error != nil {
		m.Empty = &screens.LogEmpty{Icon: "warn", Title: "The query cannot be read", Before: "Nothing was computed."}
		return m
	}
	if ans.err != nil {
		m.Error = p.reason(ctx, "log series", ans.err)
		return m
	}
	list := slices.Clone(ans.list)
	slices.SortStableFunc(list, func(x, y store.LogSeries) int {
		a, b := peakOf(&x), peakOf(&y)
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	n := chart.Count(int64(len(list))) + " series"
	m.Took = n + " in " + chart.Duration(ans.took.Round(time.Millisecond)).String()
	if len(list) == 0 {
		m.Empty = &screens.LogEmpty{Icon: "metrics", Title: "The query has no values in this time range", Before: "No line matches, or none has the number that it asks for."}
		return m
	}
	m.Series = p.series(ctx, a, ans, list)
	m.Summary = scanned([]string{"one value every " + chart.Long(ans.step)}, &ans.receipt)
	return m
}

func (p *Pages) series(ctx context.Context, a *logAsk, ans *seriesAnswer, list []store.LogSeries) *screens.LogSeries {
	step := int64(ans.step)
	first := (a.st.Range.From + step - 1) / step * step
	n := int((a.st.Range.To-first)/step) + 1
	out := &screens.LogSeries{Chart: chart.Lines{Frame: chart.Frame{
		Label: "Values of the query over time", Height: 220, Left: 46, From: first, To: first + int64(n-1)*step, Brush: true, Ticks: 8,
		Marks: p.flags(ctx, &a.st, time.Unix(0, first), time.Unix(0, first+int64(n-1)*step), wideChart),
	}}}
	for i := range list {
		s := &list[i]
		class := p.seriesClass(s, i)
		if i < seriesDrawn {
			values := slices.Repeat([]float64{math.NaN()}, n)
			for _, pt := range s.Points {
				if at := (pt.Time - first) / step; at >= 0 && at < int64(n) {
					values[at] = pt.Value
				}
			}
			out.Chart.Series = append(out.Chart.Series, chart.Line{Class: class, Name: labelText(s.Labels), Values: values})
		} else {
			class = ""
		}
		if i < seriesListed {
			out.Rows = append(out.Rows, seriesRow(s, class))
		}
	}
	if left := len(list) - seriesDrawn; left > 0 {
		out.Note = "The " + strconv.Itoa(seriesDrawn) + " greatest series are drawn, of " + chart.Count(int64(len(list))) + "."
	}
	return out
}

// seriesClass is the colour of the service, where series are of services.
func (p *Pages) seriesClass(s *store.LogSeries, i int) string {
	if len(s.Labels) == 1 && isService(s.Labels[0].Name) {
		return "c" + strconv.Itoa(p.o.Slots(s.Labels[0].Value))
	}
	return "c" + strconv.Itoa(10-i%10)
}

func seriesRow(s *store.LogSeries, class string) screens.LogSeriesRow {
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	for _, pt := range s.Points {
		low, high, sum = min(low, pt.Value), max(high, pt.Value), sum+pt.Value
	}
	r := screens.LogSeriesRow{Class: class, Name: labelText(s.Labels)}
	if n := len(s.Points); n > 0 {
		r.Last, r.Low, r.High, r.Mean = chart.Number(s.Points[n-1].Value), chart.Number(low), chart.Number(high), chart.Number(sum/float64(n))
	}
	return r
}

func labelText(l store.LogLabels) string {
	if len(l) == 0 {
		return "all"
	}
	parts := make([]string, len(l))
	for i := range l {
		parts[i] = l[i].Name + "=" + l[i].Value
	}
	return strings.Join(parts, ", ")
}

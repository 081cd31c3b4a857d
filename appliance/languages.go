package appliance

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store"
	"tripod/store/logs/logql"
	"tripod/store/metrics/asked"
	"tripod/store/traces/traceql"
)

// languages are those that PromQL may ask in. The stores are those of the
// moment of asking.
func (a *Appliance) languages() asked.Languages {
	l := checkLanguages()
	l[store.AskLogQL] = asked.Language{Check: l[store.AskLogQL].Check, Ask: func(ctx context.Context, q asked.Query) (promql.Matrix, error) {
		return askLogs(ctx, logql.New(a.logs), q)
	}}
	l[store.AskTraceQL] = asked.Language{Check: l[store.AskTraceQL].Check, Ask: func(ctx context.Context, q asked.Query) (promql.Matrix, error) {
		return askSpans(ctx, a.traces, q)
	}}
	return l
}

// checkLanguages can only be checked.
func checkLanguages() asked.Languages {
	return asked.Languages{store.AskLogQL: {Check: checkLogQL}, store.AskTraceQL: {Check: checkTraceQL}}
}

// ruleParser reads the expressions of rules.
func ruleParser(o parser.Options) parser.Parser { return checkLanguages().Parser(o) }

func checkLogQL(text string, over time.Duration) error {
	if over != 0 {
		return fmt.Errorf("a LogQL query has ranges of its own, as in rate(… [5m])")
	}
	kind, err := (*logql.Engine)(nil).Kind(text)
	if err == nil && kind == store.LogLines {
		err = fmt.Errorf("%.80q gives lines, not numbers: count them, as in count_over_time(… [5m])", text)
	}
	return err
}

func checkTraceQL(text string, _ time.Duration) error {
	q, err := traceql.Parse(text)
	if err == nil && q.Metrics == nil {
		err = fmt.Errorf("%.80q gives spans, not numbers: a metrics function is missing, as in | rate()", text)
	}
	return err
}

type logNumbers interface {
	Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error)
}

func askLogs(ctx context.Context, logs logNumbers, q asked.Query) (promql.Matrix, error) {
	list, err := logs.Metric(ctx, store.LogMetricQuery{Text: q.Text, From: q.From.UnixNano(), To: q.To.UnixNano(), Step: q.Step})
	if err != nil {
		return nil, err
	}
	m := make(promql.Matrix, 0, len(list))
	for _, s := range list {
		b := labels.NewScratchBuilder(len(s.Labels))
		for _, l := range s.Labels {
			b.Add(l.Name, l.Value)
		}
		b.Sort()
		points := make([]promql.FPoint, len(s.Points))
		for i, p := range s.Points {
			points[i] = promql.FPoint{T: p.Time / 1e6, F: p.Value}
		}
		m = append(m, promql.Series{Metric: b.Labels(), Floats: points})
	}
	return m, nil
}

type spanNumbers interface {
	SpanMetrics(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error)
}

const (
	// spansOver is how long before a moment spans count, when nothing is said.
	spansOver = 5 * time.Minute
	// maxSpanAsks bounds the questions of one selector, each of which reads the
	// spans of its windows.
	maxSpanAsks = 300
)

// askSpans asks for the spans that start in a window before each moment. The
// windows of one question do not overlap; of those of five minutes before each
// minute every fifth is asked for at once.
func askSpans(ctx context.Context, spans spanNumbers, q asked.Query) (promql.Matrix, error) {
	over := q.Over
	if over == 0 {
		over = spansOver
	}
	counts, err := countsSpans(q.Text)
	if err != nil {
		return nil, err
	}
	moments := int(q.To.Sub(q.From)/q.Step) + 1
	stride := int((over + q.Step - 1) / q.Step)
	if min(stride, moments) > maxSpanAsks {
		return nil, fmt.Errorf("%s before each of %d moments %s apart is too much: a range of at most %d steps can be asked for: %w", over, moments, q.Step, maxSpanAsks, store.ErrTooLarge)
	}
	every := time.Duration(stride) * q.Step
	c := spanSeries{over: over, counts: counts, series: map[string]*promql.Series{}}
	for first := range min(stride, moments) {
		from := q.From.Add(time.Duration(first) * q.Step)
		last := from.Add(q.To.Sub(from) / every * every)
		answer, err := spans.SpanMetrics(ctx, store.SpanMetricQuery{Text: q.Text, Step: over, Every: every, Origin: from.Add(-over).UnixNano(), Range: store.Between(from.Add(-over), last)})
		switch {
		case err != nil:
			return nil, err
		case answer.Damage != nil:
			return nil, answer.Damage
		case answer.Cut:
			return nil, fmt.Errorf("%s before %s has more traces than a TraceQL query looks at: %w", over, last.UTC().Format(time.RFC3339), store.ErrTooLarge)
		}
		if err := c.add(answer.Series); err != nil {
			return nil, err
		}
	}
	return c.matrix(), nil
}

// countsSpans says that a 0 of a query is a window without spans.
func countsSpans(text string) (bool, error) {
	q, err := traceql.Parse(text)
	if err != nil {
		return false, err
	}
	return slices.Contains([]string{"rate", "count_over_time", "histogram_over_time"}, q.Metrics.Fn), nil
}

// spanSeries gathers the answers to several questions.
type spanSeries struct {
	over   time.Duration
	counts bool
	series map[string]*promql.Series
}

// add adds points at the end of their windows. A window without spans has no
// value: of one window alone nothing would say that there are none. Groups that
// differ in what PromQL has no labels for, as the number 200 and the text "200",
// are counted together, and refused where they cannot be.
func (c *spanSeries) add(list []store.SpanSeries) error {
	here := map[string]bool{}
	for _, s := range list {
		set := spanLabels(s.Labels)
		key := set.String()
		if here[key] && !c.counts {
			return fmt.Errorf("two groups have the labels %s: %w", set, store.ErrInvalid)
		}
		here[key] = true
		for _, p := range s.Points {
			if math.IsNaN(p.Value) || c.counts && p.Value == 0 {
				continue
			}
			to := c.series[key]
			if to == nil {
				to = &promql.Series{Metric: set}
				c.series[key] = to
			}
			to.Floats = append(to.Floats, promql.FPoint{T: (p.Time + int64(c.over)) / 1e6, F: p.Value})
		}
	}
	return nil
}

// matrix puts points in order of time, and those of one moment together.
func (c *spanSeries) matrix() promql.Matrix {
	m := make(promql.Matrix, 0, len(c.series))
	for _, s := range c.series {
		slices.SortStableFunc(s.Floats, func(a, b promql.FPoint) int { return cmp.Compare(a.T, b.T) })
		points := s.Floats[:0]
		for _, p := range s.Floats {
			if n := len(points); n > 0 && points[n-1].T == p.T {
				points[n-1].F += p.F
			} else {
				points = append(points, p)
			}
		}
		s.Floats = points
		m = append(m, *s)
	}
	return m
}

// spanLabels are the words of a TraceQL query as names that PromQL and templates
// write without quotes: service_name of resource.service.name, with the scope
// where two would be the same, and bucket of a histogram, whose counts are each of
// its bucket alone.
func spanLabels(attrs store.Attrs) labels.Labels {
	names := make([]string, len(attrs))
	for i, a := range attrs {
		names[i] = plainName(a.Key[strings.IndexByte(a.Key, '.')+1:])
		if a.Key == "__bucket" {
			names[i] = "bucket"
		}
	}
	b := labels.NewScratchBuilder(len(attrs))
	for i, a := range attrs {
		name := names[i]
		if slices.Index(names, name) != i || slices.Contains(names[i+1:], name) {
			name = plainName(a.Key)
		}
		b.Add(name, a.Value.Text())
	}
	b.Sort()
	return b.Labels()
}

func plainName(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, key)
}

package appliance

import (
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

// Labels of selectors that ask logs and traces: {__logql__=`…`}.
const (
	askLogQL   = "__logql__"
	askTraceQL = "__traceql__"
)

// languages are those that PromQL may ask in. The stores are those of the
// moment of asking.
func (a *Appliance) languages() asked.Languages {
	l := checkLanguages()
	l[askLogQL] = asked.Language{Check: l[askLogQL].Check, Ask: func(ctx context.Context, q asked.Query) (promql.Matrix, error) {
		return askLogs(ctx, logql.New(a.logs), q)
	}}
	l[askTraceQL] = asked.Language{Check: l[askTraceQL].Check, Ask: func(ctx context.Context, q asked.Query) (promql.Matrix, error) {
		return askSpans(ctx, a.traces, q)
	}}
	return l
}

// checkLanguages can only be checked.
func checkLanguages() asked.Languages {
	return asked.Languages{askLogQL: {Check: checkLogQL}, askTraceQL: {Check: checkTraceQL}}
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
	// spans of all of its windows.
	maxSpanAsks = 100
)

// askSpans asks for the spans that start in a window before each moment. The
// windows of one question lie side by side; where they overlap, as those of five
// minutes each minute, there are as many questions as windows at a time.
func askSpans(ctx context.Context, spans spanNumbers, q asked.Query) (promql.Matrix, error) {
	over := q.Over
	if over == 0 {
		over = spansOver
	}
	moments := int(q.To.Sub(q.From)/q.Step) + 1
	stride := moments // every so many moments a window begins where another ends
	if over%q.Step == 0 {
		stride = min(moments, int(over/q.Step))
	} else if q.Step%over == 0 && moments > maxSpanAsks {
		stride = 1 // the windows between them are left out
	}
	if stride > maxSpanAsks {
		return nil, fmt.Errorf("%s for %d moments %s apart is too much: ask for multiples of %s: %w", over, moments, q.Step, over, store.ErrTooLarge)
	}
	counts, err := countsSpans(q.Text)
	if err != nil {
		return nil, err
	}
	series := map[string]*promql.Series{}
	for first := range stride {
		from := q.From.Add(time.Duration(first) * q.Step)
		last := from.Add(q.To.Sub(from) / over * over)
		if stride == moments {
			last = from
		}
		ask := store.SpanMetricQuery{Text: q.Text, Step: over, Origin: from.Add(-over).UnixNano(), Range: store.Between(from.Add(-over), last)}
		answer, err := spans.SpanMetrics(ctx, ask)
		switch {
		case err != nil:
			return nil, err
		case answer.Damage != nil:
			return nil, answer.Damage
		case answer.Cut:
			return nil, fmt.Errorf("%s before %s has more traces than a TraceQL query looks at: %w", over, last.UTC().Format(time.RFC3339), store.ErrTooLarge)
		}
		collectSpans(series, answer.Series, q, over, counts)
	}
	m := make(promql.Matrix, 0, len(series))
	for _, s := range series {
		slices.SortFunc(s.Floats, func(a, b promql.FPoint) int { return int(min(1, max(-1, a.T-b.T))) })
		m = append(m, *s)
	}
	return m, nil
}

// countsSpans says that a 0 of a query is a window without spans.
func countsSpans(text string) (bool, error) {
	q, err := traceql.Parse(text)
	if err != nil {
		return false, err
	}
	return slices.Contains([]string{"rate", "count_over_time", "histogram_over_time"}, q.Metrics.Fn), nil
}

// collectSpans adds points to the series of their labels, at the end of their
// windows, where that is a moment that was asked for. A window without spans
// has no value: of one window alone nothing would say that there are none.
func collectSpans(to map[string]*promql.Series, list []store.SpanSeries, q asked.Query, over time.Duration, counts bool) {
	for _, s := range list {
		set := spanLabels(s.Labels)
		key := set.String()
		for _, p := range s.Points {
			at := p.Time + int64(over)
			if (at-q.From.UnixNano())%int64(q.Step) != 0 || math.IsNaN(p.Value) || counts && p.Value == 0 {
				continue
			}
			if to[key] == nil {
				to[key] = &promql.Series{Metric: set}
			}
			to[key].Floats = append(to[key].Floats, promql.FPoint{T: at / 1e6, F: p.Value})
		}
	}
}

// spanLabels are the words of a TraceQL query as names that PromQL and templates
// write without quotes: service_name of resource.service.name, with the scope
// where two would be the same, and le of a histogram.
func spanLabels(attrs store.Attrs) labels.Labels {
	names := make([]string, len(attrs))
	for i, a := range attrs {
		names[i] = plainName(a.Key[strings.IndexByte(a.Key, '.')+1:])
		if a.Key == "__bucket" {
			names[i] = "le"
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

package pages

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
)

// rateWindow is four scrapes, so that one that was missed leaves no gap, and
// never less than the distance of two points and one scrape, so that no sample
// lies between two windows.
func rateWindow(step, scrape time.Duration) time.Duration { return max(4*scrape, step+scrape) }

// expandRate puts the window in place of $__rate, and of the name that Grafana
// has for it.
func expandRate(q string, window time.Duration) string {
	if !strings.Contains(q, "$__rate") {
		return q
	}
	return rateName.ReplaceAllString(q, promDuration(window))
}

func promDuration(d time.Duration) string { return model.Duration(d).String() }

// parsePromQL reads with the parser of the store, or stock PromQL when nil.
func parsePromQL(read parser.Parser, q string) (parser.Expr, error) {
	if read == nil {
		read = parser.NewParser(parser.Options{})
	}
	return read.ParseExpr(q)
}

// parseProblem is where a query as it was typed cannot be read, or nil.
func parseProblem(read parser.Parser, typed string) *store.QueryError {
	_, err := parsePromQL(read, shortRate(typed))
	var list parser.ParseErrors
	if !errors.As(err, &list) || len(list) == 0 {
		return nil
	}
	first := list[0]
	start, end := int(first.PositionRange.Start), int(first.PositionRange.End)
	if end <= start && start > 0 {
		start-- // the lexer names the place behind the character
	}
	return &store.QueryError{Query: typed, Pos: unexpanded(typed, start), End: unexpanded(typed, end), Msg: first.Err.Error()}
}

// inScope limits every selector to the services of the scope, unless it names
// services itself, and says whether one was; what cannot be read stays as it
// is and fails at the door.
func inScope(read parser.Parser, q string, services []string) (string, bool) {
	if len(services) == 0 {
		return q, false
	}
	e, err := parsePromQL(read, q)
	if err != nil {
		return q, false
	}
	quoted := make([]string, len(services))
	for i, s := range services {
		quoted[i] = regexp.QuoteMeta(s)
	}
	limited := false
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok || asksElsewhere(v) {
			return nil
		}
		name := serviceLabel(v)
		for _, have := range v.LabelMatchers {
			if have.Name == name {
				return nil
			}
		}
		m, err := labels.NewMatcher(labels.MatchRegexp, name, strings.Join(quoted, "|"))
		if err != nil {
			return err
		}
		v.LabelMatchers = append(v.LabelMatchers, m)
		limited = true
		return nil
	})
	if !limited {
		return q, false
	}
	return e.String(), true
}

// asksElsewhere says that a selector is a query of another language, beside
// which nothing may stand: {__logql__=`…`}.
func asksElsewhere(v *parser.VectorSelector) bool {
	return slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == store.AskLogQL || m.Name == store.AskTraceQL })
}

// serviceLabel is where a selector's metrics have the service: those of spans
// in Tempo's way, and of calls the one that was called.
func serviceLabel(v *parser.VectorSelector) string {
	name := v.Name
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			name = m.Value
		}
	}
	switch {
	case strings.HasPrefix(name, "traces_spanmetrics_"):
		return "service"
	case strings.HasPrefix(name, "traces_service_graph_"):
		return "server"
	}
	return "service_name"
}

// unitOf is what a query's values count: "s", "B", "/s", "B/s", "%" or
// nothing, from the names of its metrics and what is done with them.
func unitOf(read parser.Parser, q string) string {
	e, err := parsePromQL(read, shortRate(q))
	if err != nil {
		return ""
	}
	rate, quantile, ratio := false, false, false
	var names []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.Call:
			rate = rate || n.Func.Name == "rate" || n.Func.Name == "irate"
			quantile = quantile || n.Func.Name == "histogram_quantile"
		case *parser.BinaryExpr:
			ratio = ratio || n.Op == parser.DIV
		case *parser.VectorSelector:
			names = append(names, n.Name)
		case *parser.AggregateExpr:
			if n.Op == parser.COUNT || n.Op == parser.COUNT_VALUES {
				names = append(names, "")
			}
		}
		return nil
	})
	if len(names) == 0 {
		return ""
	}
	return unitOfNames(names, rate, quantile, ratio)
}

func unitOfNames(names []string, rate, quantile, ratio bool) string {
	every := func(ends ...string) bool {
		for _, n := range names {
			ok := false
			for _, e := range ends {
				ok = ok || strings.HasSuffix(n, e)
			}
			if !ok {
				return false
			}
		}
		return true
	}
	switch {
	case ratio && len(names) == 2 && strings.HasSuffix(names[0], "_seconds_sum") && strings.HasSuffix(names[1], "_seconds_count"):
		return "s"
	case ratio:
		return ""
	case quantile && every("_seconds_bucket", "_seconds"):
		return "s"
	case quantile && every("_bytes_bucket", "_bytes"):
		return "B"
	case quantile:
		return ""
	case rate && every("_bytes_total", "_bytes_sum"):
		return "B/s"
	case rate && every("_seconds_total", "_seconds_sum"):
		return ""
	case rate && every("_total", "_count", "_bucket"):
		return "/s"
	case rate:
		return ""
	case every("_seconds"):
		return "s"
	case every("_bytes"):
		return "B"
	case every("_ratio"):
		return "%"
	}
	return ""
}

// quantity writes a value of a unit.
func quantity(v float64, unit string) ui.Quantity {
	switch {
	case math.IsNaN(v):
		return ui.Quantity{N: chart.Dash}
	case math.IsInf(v, 1):
		return ui.Quantity{N: "+Inf"}
	case math.IsInf(v, -1):
		return ui.Quantity{N: "−Inf"}
	}
	switch unit {
	case "s":
		if math.Abs(v) < 1e9 {
			return chart.Duration(time.Duration(v * 1e9))
		}
	case "B":
		return chart.Bytes(v)
	case "B/s":
		q := chart.Bytes(v)
		q.Unit += "/s"
		return q
	case "%":
		return chart.Percent(v)
	case "/s":
		return ui.Quantity{N: chart.Number(v), Unit: unit}
	}
	return ui.Quantity{N: chart.Number(v)}
}

// tickOf writes a value on the axis.
func tickOf(v float64, unit string) string {
	if v == 0 {
		return "0"
	}
	if unit == "" || unit == "/s" {
		return chart.Tick(v)
	}
	return quantity(v, unit).String()
}

// stats64 leave gaps out; all are NaN when there are only gaps.
func stats64(v []float64) (least, mean, most float64) {
	least, most = math.NaN(), math.NaN()
	sum, n := 0.0, 0
	for _, f := range v {
		if math.IsNaN(f) {
			continue
		}
		if n == 0 {
			least, most = f, f
		}
		least, most = min(least, f), max(most, f)
		sum += f
		n++
	}
	return least, sum / float64(n), most
}

func nullable(v []float64) []*float64 {
	out := make([]*float64, len(v))
	for i := range v {
		if !math.IsNaN(v[i]) && !math.IsInf(v[i], 0) { // JSON has neither
			out[i] = &v[i]
		}
	}
	return out
}

// seriesText is a label set, the metric's name first, cut around the value that
// tells most: the service, or the only label.
func seriesText(ls labels.Labels) (before, main, after string) {
	name := ls.Get(labels.MetricName)
	rest := labels.NewBuilder(ls).Del(labels.MetricName).Labels()
	if rest.IsEmpty() {
		if name == "" {
			return "", "all", ""
		}
		return "", name, ""
	}
	text := name + rest.String()
	main = rest.Get("service_name")
	if main == "" && rest.Len() == 1 {
		rest.Range(func(l labels.Label) { main = l.Value })
	}
	if i := strings.Index(text, `"`+main+`"`); main != "" && i >= 0 {
		return text[:i+1], main, text[i+1+len(main):]
	}
	return text, "", ""
}

// labelSet is a label set as PromQL writes it.
func labelSet(ls labels.Labels) string {
	before, main, after := seriesText(ls)
	return before + main + after
}

// shortName is what the tip beside the cross-hair says.
func shortName(letter, full, main string, several bool) string {
	if main != "" {
		full = main
	}
	if several {
		return letter + " " + cut(full, 80)
	}
	return cut(full, 80)
}

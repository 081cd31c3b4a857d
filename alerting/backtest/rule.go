package backtest

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
)

// Rule is an alerting rule as a rule file has it.
type Rule struct {
	Name          string
	Expr          string
	For           time.Duration
	KeepFiringFor time.Duration
	Labels        map[string]string // templates, as written
	Annotations   map[string]string // templates, as written
	Interval      time.Duration     // between evaluations; 0 means the default
	Offset        time.Duration     // query_offset of its group
}

// Parse reads the alerting rules of a Prometheus rule file, and their
// expressions with p: stock PromQL when nil. The error names every fault; a
// file without an alerting rule is one.
func Parse(p parser.Parser, text []byte) ([]Rule, error) {
	groups, faults := rulefmt.Parse(text, false, model.UTF8Validation, orStock(p), slog.New(slog.DiscardHandler))
	if len(faults) > 0 {
		return nil, faulty(faults)
	}
	var out []Rule
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			rule := Rule{
				Name: r.Alert, Expr: r.Expr, For: time.Duration(r.For), KeepFiringFor: time.Duration(r.KeepFiringFor),
				Labels: r.Labels, Annotations: r.Annotations, Interval: time.Duration(g.Interval),
			}
			if g.QueryOffset != nil {
				rule.Offset = time.Duration(*g.QueryOffset)
			}
			out = append(out, rule)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the file has no alerting rule: %w", alerting.ErrInvalid)
	}
	return out, nil
}

func orStock(p parser.Parser) parser.Parser {
	if p == nil {
		p = parser.NewParser(parser.Options{})
	}
	return p
}

// faulty names each fault once: what is no YAML is found twice.
func faulty(faults []error) error {
	var words []string
	for _, f := range faults {
		if s := strings.Join(strings.Fields(f.Error()), " "); !slices.Contains(words, s) {
			words = append(words, s)
		}
	}
	return fmt.Errorf("%w rule file: %s", alerting.ErrInvalid, strings.Join(words, "; "))
}

// check refuses what a range of moments cannot answer as one moment after the
// other does.
func (r *Rule) check(p parser.Parser) error {
	expr, err := orStock(p).ParseExpr(r.Expr)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", r.Name, err, alerting.ErrInvalid)
	}
	var fault error
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			if n.StartOrEnd != 0 {
				fault = fmt.Errorf("%s: @ start() and @ end() mean each evaluation's own time, which a back-test cannot ask for: %w", r.Name, alerting.ErrInvalid)
			}
		case *parser.SubqueryExpr:
			if n.StartOrEnd != 0 {
				fault = fmt.Errorf("%s: @ start() and @ end() mean each evaluation's own time, which a back-test cannot ask for: %w", r.Name, alerting.ErrInvalid)
			}
		}
		return nil
	})
	return fault
}

// naming makes an alert's labels of a series'.
type naming struct {
	rule    *Rule
	valued  bool // a label's template reads the value
	builder *labels.Builder
}

func newNaming(r *Rule) *naming {
	n := &naming{rule: r, builder: labels.NewBuilder(labels.EmptyLabels())}
	for _, text := range r.Labels {
		n.valued = n.valued || strings.Contains(text, "{{") && strings.Contains(strings.ToLower(text), "value")
	}
	return n
}

func (n *naming) of(series labels.Labels, v float64, at time.Time) labels.Labels {
	n.builder.Reset(series)
	n.builder.Del(labels.MetricName)
	for name, text := range n.rule.Labels {
		n.builder.Set(name, expand(n.rule.Name, text, series, v, at))
	}
	n.builder.Set(labels.AlertName, n.rule.Name)
	return n.builder.Labels()
}

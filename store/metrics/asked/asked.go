package asked

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Query is one question of another language.
type Query struct {
	Text string
	// Over is how long before each moment it looks; 0 where nothing is said.
	Over time.Duration
	// The moments: from one to another, both included, which may be the same.
	From, To time.Time
	Step     time.Duration
}

// Language answers queries of one language.
type Language struct {
	// Ask gives series that have a point at each moment at which they have a
	// value.
	Ask func(ctx context.Context, q Query) (promql.Matrix, error)
	// Check says what is wrong with a text and its range, without asking.
	Check func(text string, over time.Duration) error
}

// Languages are those that a selector may name, by label: __logql__.
type Languages map[string]Language

// rangeLabel says, beside a query, how long before each moment it looks.
const rangeLabel = "__range__"

// Asks says whether an expression asks in another language.
func (l Languages) Asks(expr parser.Expr) bool {
	return slices.ContainsFunc(parser.ExtractSelectors(expr), func(s []*labels.Matcher) bool { return l.named(s) != "" })
}

// faults are parser.ParseErrors, which say where: what selectors that ask in
// another language may not be.
func (l Languages) faults(expr parser.Expr) error {
	var faults parser.ParseErrors
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		s, ok := node.(*parser.VectorSelector)
		if !ok || l.named(s.LabelMatchers) == "" {
			return nil
		}
		if err := l.fault(s, path); err != nil {
			faults = append(faults, parser.ParseErr{PositionRange: s.PositionRange(), Err: err})
		}
		return nil
	})
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// named is the label of the language of a selector, if there is one.
func (l Languages) named(matchers []*labels.Matcher) string {
	for _, m := range matchers {
		if _, ok := l[m.Name]; ok {
			return m.Name
		}
	}
	return ""
}

func (l Languages) fault(s *parser.VectorSelector, path []parser.Node) error {
	for _, outer := range path {
		switch outer.(type) {
		case *parser.MatrixSelector, *parser.SubqueryExpr:
			return fmt.Errorf("%s gives values for the moments that are asked for and cannot stand in a range: put the range into the query", l.named(s.LabelMatchers))
		}
	}
	name, q, err := l.read(s.LabelMatchers)
	if err == nil {
		err = l[name].Check(q.Text, q.Over)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.named(s.LabelMatchers), err)
	}
	return nil
}

// read reads the matchers of a selector that names a language.
func (l Languages) read(matchers []*labels.Matcher) (name string, q Query, err error) {
	name = l.named(matchers)
	for _, m := range matchers {
		switch {
		case m.Type == labels.MatchEqual && m.Name == name:
			q.Text = m.Value
		case m.Type == labels.MatchEqual && m.Name == rangeLabel:
			over, err := model.ParseDuration(m.Value)
			if err != nil || over <= 0 {
				return name, q, fmt.Errorf("%s: want a duration above 0, as in %s=\"5m\"", m, rangeLabel)
			}
			q.Over = time.Duration(over)
		default:
			return name, q, fmt.Errorf("%s is too much: a query stands alone in its selector, as {%s=`…`}, or beside %s", m, name, rangeLabel)
		}
	}
	return name, q, nil
}

// Mentions says whether a text may name one of the languages: most do not, and
// need not be parsed.
func (l Languages) Mentions(text string) bool {
	for name := range l {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

package promapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// parseQuery answers with the tree of an expression, in the form that
// Prometheus's own pages draw it from.
func (a *API) parseQuery(r *http.Request) (answer, error) {
	e, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return answer{}, badParam("query", err)
	}
	return answer{data: value(tree(e))}, nil
}

type node map[string]any

// tree is a node, or nil for an expression that is not there.
func tree(e parser.Expr) any {
	switch e := e.(type) {
	case *parser.AggregateExpr:
		return node{"type": "aggregation", "op": e.Op.String(), "expr": tree(e.Expr), "param": tree(e.Param), "grouping": list(e.Grouping), "without": e.Without}
	case *parser.BinaryExpr:
		return node{"type": "binaryExpr", "op": e.Op.String(), "lhs": tree(e.LHS), "rhs": tree(e.RHS), "matching": matching(e.VectorMatching), "bool": e.ReturnBool}
	case *parser.Call:
		return call(e)
	case *parser.MatrixSelector:
		n := selector("matrixSelector", e.VectorSelector.(*parser.VectorSelector))
		n["range"], n["rangeExpr"] = e.Range.Milliseconds(), length(e.RangeExpr)
		return n
	case *parser.VectorSelector:
		return selector("vectorSelector", e)
	case *parser.SubqueryExpr:
		n := moment("subquery", e.OriginalOffset, e.OriginalOffsetExpr, e.Timestamp, e.StartOrEnd)
		n["expr"] = tree(e.Expr)
		n["range"], n["rangeExpr"] = e.Range.Milliseconds(), length(e.RangeExpr)
		n["step"], n["stepExpr"] = e.Step.Milliseconds(), length(e.StepExpr)
		return n
	case *parser.NumberLiteral:
		return node{"type": "numberLiteral", "val": decimal(e.Val)}
	case *parser.StringLiteral:
		return node{"type": "stringLiteral", "val": e.Val}
	case *parser.ParenExpr:
		return node{"type": "parenExpr", "expr": tree(e.Expr)}
	case *parser.UnaryExpr:
		return node{"type": "unaryExpr", "op": e.Op.String(), "expr": tree(e.Expr)}
	case *parser.DurationExpr:
		return length(e)
	}
	return nil
}

func call(e *parser.Call) node {
	args := make([]any, 0, len(e.Args))
	for _, arg := range e.Args {
		args = append(args, tree(arg))
	}
	return node{"type": "call", "args": args, "func": node{
		"name": e.Func.Name, "argTypes": e.Func.ArgTypes, "variadic": e.Func.Variadic, "returnType": e.Func.ReturnType,
	}}
}

func matching(m *parser.VectorMatching) any {
	if m == nil {
		return nil
	}
	return node{
		"card": m.Card.String(), "labels": list(m.MatchingLabels), "on": m.On, "include": list(m.Include),
		"fillValues": node{"lhs": m.FillValues.LHS, "rhs": m.FillValues.RHS},
	}
}

func selector(typ string, e *parser.VectorSelector) node {
	n := moment(typ, e.OriginalOffset, e.OriginalOffsetExpr, e.Timestamp, e.StartOrEnd)
	n["name"], n["matchers"], n["anchored"], n["smoothed"] = e.Name, matchers(e.LabelMatchers), e.Anchored, e.Smoothed
	return n
}

// moment is what a selector and a subquery say about their time.
func moment(typ string, offset time.Duration, offsetExpr *parser.DurationExpr, at *int64, startOrEnd parser.ItemType) node {
	n := node{"type": typ, "offset": offset.Milliseconds(), "offsetExpr": length(offsetExpr), "timestamp": at, "startOrEnd": nil}
	if startOrEnd != 0 {
		n["startOrEnd"] = startOrEnd.String()
	}
	return n
}

// length is a duration that is computed, or a number in one. A pointer to
// nothing in e is nothing.
func length(e parser.Expr) any {
	switch e := e.(type) {
	case *parser.DurationExpr:
		if e == nil {
			return nil
		}
		return node{"type": "durationExpr", "op": e.Op.String(), "lhs": length(e.LHS), "rhs": length(e.RHS), "wrapped": e.Wrapped}
	case *parser.NumberLiteral:
		if e == nil {
			return nil
		}
		return node{"type": "numberLiteral", "val": decimal(e.Val), "duration": e.Duration}
	}
	return tree(e)
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func matchers(ms []*labels.Matcher) []node {
	out := make([]node, 0, len(ms))
	for _, m := range ms {
		out = append(out, node{"name": m.Name, "value": m.Value, "type": m.Type.String()})
	}
	return out
}

// list is never null in JSON.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

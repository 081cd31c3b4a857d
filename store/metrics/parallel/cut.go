package parallel

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// placeholder is the label by which a fragment is selected; its value is the
// fragment's number. No series can have it: the name is not valid UTF-8.
const placeholder = "\xfftripod"

// fragment is a part of an expression that is evaluated here:
// [aggregation (] [function (] selector [)] [)] [comparison number]
type fragment struct {
	grid     grid
	sel      *parser.VectorSelector
	lookback int64 // how old a sample may be and still count, in milliseconds, of a selector without range

	// of a function over a range of samples
	call     *parser.Call    // nil means the samples as they are
	of       time.Duration   // the range
	window   int64           // the same in milliseconds
	scalars  []promql.Vector // the other arguments
	keepName bool

	agg *parser.AggregateExpr // nil means every series by itself

	keep func(v float64) bool // of a comparison with a number; nil keeps all

	text  string // of the expression
	below bool   // an aggregation, to which the order of series matters

	tally tally
}

// cutter takes fragments out of a tree.
type cutter struct {
	grid      grid
	lookback  time.Duration
	fragments []*fragment
	below     int // aggregations above
}

// cut returns e with a selector in the place of each fragment. What is
// evaluated on another grid (subqueries) or only once (@) stays as it is.
func (c *cutter) cut(e parser.Expr) parser.Expr {
	if f := c.fragment(e); f != nil {
		f.text = e.String()
		c.fragments = append(c.fragments, f)
		return stand(len(c.fragments)-1, e)
	}
	switch n := e.(type) {
	case *parser.AggregateExpr:
		c.below++
		n.Expr = c.cut(n.Expr)
		c.below--
	case *parser.BinaryExpr:
		n.LHS, n.RHS = c.cut(n.LHS), c.cut(n.RHS)
	case *parser.ParenExpr:
		n.Expr = c.cut(n.Expr)
	case *parser.UnaryExpr:
		n.Expr = c.cut(n.Expr)
	case *parser.Call:
		if slices.Contains(readArguments, n.Func.Name) {
			break
		}
		for i, arg := range n.Args {
			n.Args[i] = c.cut(arg)
		}
	}
	return e
}

// readArguments are the functions whose result depends on how their argument
// is written, not only on its value.
var readArguments = []string{"absent", "absent_over_time", "timestamp", "start_timestamp", "info"}

func stand(number int, for_ parser.Expr) *parser.VectorSelector {
	return &parser.VectorSelector{
		LabelMatchers: []*labels.Matcher{{Type: labels.MatchEqual, Name: placeholder, Value: strconv.Itoa(number)}},
		PosRange:      for_.PositionRange(),
	}
}

// fragment is nil when e is none. A selector alone is none: there is nothing
// to gain.
func (c *cutter) fragment(e parser.Expr) *fragment {
	f := &fragment{grid: c.grid, lookback: milliseconds(c.lookback), below: c.below > 0}
	if b, ok := e.(*parser.BinaryExpr); ok {
		if f.keep = keeper(b); f.keep == nil {
			return nil
		}
		for e = b.LHS; ; {
			p, ok := e.(*parser.ParenExpr)
			if !ok {
				break
			}
			e = p.Expr
		}
	}
	if agg, ok := e.(*parser.AggregateExpr); ok {
		if accumulators[agg.Op] == nil {
			return nil
		}
		f.agg = agg
		slices.Sort(agg.Grouping) // as the stock engine does
		e = agg.Expr
	}
	switch n := e.(type) {
	case *parser.Call:
		if !f.over(n) {
			return nil
		}
	case *parser.VectorSelector:
		if f.agg == nil && f.keep == nil {
			return nil
		}
		f.sel = n
	default:
		return nil
	}
	if f.sel.Timestamp != nil || f.sel.StartOrEnd != 0 || f.sel.Anchored || f.sel.Smoothed {
		return nil
	}
	f.sel.Offset = f.sel.OriginalOffset // what the stock engine does for selectors in its tree
	return f
}

// keeper is the condition of a comparison with a number at its right, nil when
// b is another operation.
func keeper(b *parser.BinaryExpr) func(v float64) bool {
	number, ok := b.RHS.(*parser.NumberLiteral)
	if !ok || b.ReturnBool {
		return nil
	}
	than := number.Val
	switch b.Op {
	case parser.GTR:
		return func(v float64) bool { return v > than }
	case parser.LSS:
		return func(v float64) bool { return v < than }
	case parser.GTE:
		return func(v float64) bool { return v >= than }
	case parser.LTE:
		return func(v float64) bool { return v <= than }
	case parser.EQLC:
		return func(v float64) bool { return v == than }
	case parser.NEQ:
		return func(v float64) bool { return v != than }
	}
	return nil
}

// filter makes absent what the comparison does not keep, and tells whether
// anything is left.
func (f *fragment) filter(row []float64) bool {
	if f.keep == nil {
		return true
	}
	some := false
	for step, v := range row {
		switch {
		case isAbsent(v):
		case f.keep(v):
			some = true
		default:
			row[step] = absent
		}
	}
	return some
}

// overTime are the functions of one range of samples and numbers whose value
// at a step depends on nothing but the samples in its window.
var overTime = []string{
	"rate", "increase", "delta", "irate", "idelta", "changes", "resets", "deriv", "predict_linear",
	"avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time",
	"last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time", "quantile_over_time",
}

// over takes a call like rate(x[5m]); false means that it is another.
func (f *fragment) over(call *parser.Call) bool {
	if !slices.Contains(overTime, call.Func.Name) {
		return false
	}
	for _, arg := range call.Args {
		switch n := arg.(type) {
		case *parser.MatrixSelector:
			f.sel, _ = n.VectorSelector.(*parser.VectorSelector)
			f.of, f.window = n.Range, milliseconds(n.Range)
		case *parser.NumberLiteral:
			f.scalars = append(f.scalars, promql.Vector{{F: n.Val}})
		default:
			return false
		}
	}
	f.call = call
	f.keepName = call.Func.Name == "last_over_time"
	return f.sel != nil && f.window > 0
}

// reach is the time of the samples that f wants, both included.
func (f *fragment) reach() (mint, maxt int64) {
	back := f.window
	if f.call == nil {
		back = f.lookback
	}
	offset := milliseconds(f.sel.OriginalOffset)
	return f.grid.start - back + 1 - offset, f.grid.end() - offset
}

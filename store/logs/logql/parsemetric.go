package logql

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"tripod/store/logs"
)

// rangeFn says what a range aggregation takes.
type rangeFn struct {
	known    bool
	lines    bool // without unwrap
	unwraps  bool // with unwrap
	grouping bool
	param    bool
}

var rangeFns = map[string]rangeFn{
	"rate":               {known: true, lines: true, unwraps: true},
	"count_over_time":    {known: true, lines: true},
	"bytes_rate":         {known: true, lines: true},
	"bytes_over_time":    {known: true, lines: true},
	"absent_over_time":   {known: true, lines: true, unwraps: true},
	"rate_counter":       {known: true, unwraps: true},
	"sum_over_time":      {known: true, unwraps: true},
	"avg_over_time":      {known: true, unwraps: true, grouping: true},
	"max_over_time":      {known: true, unwraps: true, grouping: true},
	"min_over_time":      {known: true, unwraps: true, grouping: true},
	"first_over_time":    {known: true, unwraps: true, grouping: true},
	"last_over_time":     {known: true, unwraps: true, grouping: true},
	"stdvar_over_time":   {known: true, unwraps: true, grouping: true},
	"stddev_over_time":   {known: true, unwraps: true, grouping: true},
	"quantile_over_time": {known: true, unwraps: true, grouping: true, param: true},
}

var vectorOps = []string{"sum", "avg", "min", "max", "count", "stddev", "stdvar", "topk", "bottomk", "approx_topk", "sort", "sort_desc"}

func takesCount(op string) bool { return op == "topk" || op == "bottomk" || op == "approx_topk" }

// rangeAgg reads fn([number,] lines [range] [offset]) [by (…)].
func (p *parser) rangeAgg() (Expr, error) {
	r := &RangeAgg{Fn: p.tok.text, Pos: p.tok.start, End: p.tok.end}
	fn := rangeFns[r.Fn]
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind "+r.Fn); err != nil {
		return nil, err
	}
	var err error
	if fn.param {
		if r.Param, err = p.number(); err != nil {
			return nil, err
		}
		if err := p.need(",", ""); err != nil {
			return nil, err
		}
	}
	if err := p.window(r); err != nil {
		return nil, err
	}
	if err := p.need(")", ""); err != nil {
		return nil, err
	}
	at := p.tok
	if r.Group, err = p.grouping(); err != nil {
		return nil, err
	}
	if r.Group != nil && !fn.grouping {
		return nil, p.fail(at.start, at.end, fmt.Sprintf("%s takes no grouping", r.Fn), "sum by (…) ("+r.Fn+"(…)) does")
	}
	return r, p.checkUnwrap(r, fn)
}

func (p *parser) checkUnwrap(r *RangeAgg, fn rangeFn) error {
	u := r.Log.unwrap()
	switch {
	case r.Range == 0:
		return p.fail(r.Pos, r.End, "the range is missing", "as in "+r.Fn+"({…}[5m])")
	case u == nil && !fn.lines:
		return p.fail(r.Pos, r.End, r.Fn+" needs an unwrapped label", "as in | unwrap took [5m]")
	case u != nil && !fn.unwraps:
		return p.fail(u.Pos, u.End, r.Fn+" counts lines and takes no unwrap", "")
	}
	return nil
}

// window reads lines with a range behind the selector or at the end.
func (p *parser) window(r *RangeAgg) error {
	if p.tok.is("(") {
		open := p.tok
		if err := p.deeper(); err != nil {
			return err
		}
		defer func() { p.depth-- }()
		if err := p.advance(); err != nil {
			return err
		}
		if err := p.window(r); err != nil {
			return err
		}
		if !p.tok.is(")") {
			return p.fail(open.start, open.end, `"(" is never closed`, "")
		}
		if err := p.advance(); err != nil {
			return err
		}
	} else {
		if !p.tok.is("{") {
			return p.wrong(r.Fn+" counts lines: a stream selector is missing", `as in {service_name="planner-api"}`)
		}
		r.Log = &LogExpr{}
		if err := p.selector(r.Log); err != nil {
			return err
		}
	}
	for {
		before := p.tok
		if err := p.windowRange(r); err != nil {
			return err
		}
		if err := p.stages(r.Log); err != nil {
			return err
		}
		if p.tok == before {
			return p.checkStages(r.Log, before)
		}
	}
}

// windowRange reads [5m] and offset 1h, if they stand here.
func (p *parser) windowRange(r *RangeAgg) error {
	var err error
	if p.tok.is("[") {
		if r.Range != 0 {
			return p.wrong("a second range", "")
		}
		if err := p.advance(); err != nil {
			return err
		}
		if r.Range, err = p.duration(); err != nil {
			return err
		}
		if r.Range <= 0 {
			return p.wrong("the range must be longer than nothing", "")
		}
		if err := p.need("]", ""); err != nil {
			return err
		}
	}
	if !p.word("offset") {
		return nil
	}
	if r.Range == 0 || r.Offset != 0 {
		return p.wrong("offset stands behind the range, once", "as in [5m] offset 1h")
	}
	if err := p.advance(); err != nil {
		return err
	}
	r.Offset, err = p.duration()
	return err
}

// checkStages holds unwrap to its place: once, with label filters alone behind.
func (p *parser) checkStages(l *LogExpr, at token) error {
	var u *Unwrap
	for _, s := range l.Stages {
		switch s := s.(type) {
		case *Unwrap:
			if u != nil {
				return p.fail(s.Pos, s.End, "a second unwrap", "")
			}
			u = s
		case *LabelFilter:
		default:
			if u != nil {
				return p.fail(u.Pos, u.End, "only label filters may stand behind unwrap", "")
			}
		}
	}
	return nil
}

func (p *parser) duration() (time.Duration, error) {
	minus := p.tok.is("-")
	if minus {
		if err := p.advance(); err != nil {
			return 0, err
		}
	}
	d, ok := parseDuration(p.tok.text)
	if !ok || p.tok.kind != tokenNumber {
		return 0, p.wrong("a duration is missing", "as in 5m or 1h30m")
	}
	if minus {
		d = -d
	}
	return d, p.advance()
}

// vectorAgg reads op [by (…)] ([k,] x) [by (…)].
func (p *parser) vectorAgg() (Expr, error) {
	v := &VectorAgg{Op: p.tok.text}
	at := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err error
	if v.Group, err = p.grouping(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind "+v.Op); err != nil {
		return nil, err
	}
	if takesCount(v.Op) {
		if v.Param, err = p.countParam(); err != nil {
			return nil, err
		}
	}
	inner := p.tok
	if v.X, err = p.expr(0); err != nil {
		return nil, err
	}
	if _, ok := v.X.(*LogExpr); ok {
		return nil, p.fail(inner.start, inner.end, v.Op+" takes numbers, not lines", "count them first: count_over_time({…}[5m])")
	}
	if _, ok := v.X.(*Number); ok {
		return nil, p.fail(inner.start, inner.end, v.Op+" takes a vector, not a number", "")
	}
	if err := p.need(")", ""); err != nil {
		return nil, err
	}
	if p.word("by") || p.word("without") {
		if v.Group != nil {
			return nil, p.wrong("a second grouping", "")
		}
		if v.Group, err = p.grouping(); err != nil {
			return nil, err
		}
	}
	if v.Group != nil && (v.Op == "sort" || v.Op == "sort_desc") {
		return nil, p.fail(at.start, at.end, v.Op+" takes no grouping", "")
	}
	if v.Group != nil && v.Op == "approx_topk" {
		return nil, p.fail(at.start, at.end, "approx_topk takes no grouping", "topk does")
	}
	return v, nil
}

func (p *parser) countParam() (int, error) {
	at := p.tok
	f, err := p.number()
	if err != nil {
		return 0, err
	}
	if f != math.Trunc(f) || f < 1 || f > 1e6 {
		return 0, p.fail(at.start, at.end, "a whole number from 1 on is missing", "as in topk(5, …)")
	}
	return int(f), p.need(",", "")
}

// vector reads vector(1).
func (p *parser) vector() (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind vector"); err != nil {
		return nil, err
	}
	f, err := p.number()
	if err != nil {
		return nil, err
	}
	return &Vector{f}, p.need(")", "")
}

// labelReplace reads label_replace(x, "dst", "replacement", "src", "regexp").
func (p *parser) labelReplace() (Expr, error) {
	r := &LabelReplace{Pos: p.tok.start, End: p.tok.end}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind label_replace"); err != nil {
		return nil, err
	}
	inner := p.tok
	var err error
	if r.X, err = p.expr(0); err != nil {
		return nil, err
	}
	switch r.X.(type) {
	case *LogExpr, *Number:
		return nil, p.fail(inner.start, inner.end, "label_replace takes a vector", "")
	}
	var at token
	for _, into := range []*string{&r.Dst, &r.Repl, &r.Src, &r.Exp} {
		if err := p.need(",", ""); err != nil {
			return nil, err
		}
		at = p.tok
		if *into, err = p.quotedText(); err != nil {
			return nil, err
		}
	}
	if _, err := wholeRegexp(r.Exp); err != nil {
		return nil, p.fail(at.start, at.end, logs.RegexpProblem(err), "")
	}
	if r.Dst == "" || nameLength(r.Dst) != len(r.Dst) || isDigit(r.Dst[0]) {
		return nil, p.fail(r.Pos, r.End, strconv.Quote(r.Dst)+" is no label name", "")
	}
	return r, p.need(")", "")
}

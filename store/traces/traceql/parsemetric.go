package traceql

import (
	"fmt"
	"slices"
	"strings"
)

var metricFns = []string{
	"rate", "count_over_time", "min_over_time", "max_over_time", "avg_over_time", "sum_over_time",
	"quantile_over_time", "histogram_over_time", "compare",
}

// maxQuantiles bounds those of one query.
const maxQuantiles = 20

func (p *parser) metrics() (m *Metrics, err error) {
	m = &Metrics{Fn: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind "+m.Fn); err != nil {
		return nil, err
	}
	if err := p.arguments(m); err != nil {
		return nil, err
	}
	if err := p.need(")", ""); err != nil {
		return nil, err
	}
	if p.word("by") {
		if m.Fn == "compare" {
			return nil, p.wrong("compare is by every field already", "")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if m.By, err = p.fields(); err != nil {
			return nil, err
		}
	}
	return m, p.seriesStages(m)
}

func (p *parser) arguments(m *Metrics) (err error) {
	switch m.Fn {
	case "rate", "count_over_time":
		return nil
	case "compare":
		m.Compare, err = p.compare()
		return err
	}
	if m.Of, err = p.field(); err != nil {
		return err
	}
	if c := classOf[m.Of.Intrinsic]; c != classAny && c != classNumber {
		return p.fail(m.Of.Pos, m.Of.End, m.Fn+" is of numbers and durations", "")
	}
	for m.Fn == "quantile_over_time" {
		more, err := p.take(",")
		if err != nil {
			return err
		}
		if !more {
			if len(m.Quantiles) == 0 {
				return p.wrong("a quantile is missing", "as in quantile_over_time(duration, .99)")
			}
			break
		}
		at := p.tok
		q, err := p.plainNumber()
		if err != nil {
			return err
		}
		if q < 0 || q > 1 || len(m.Quantiles) == maxQuantiles {
			return p.fail(at.start, at.end, fmt.Sprintf("quantiles are from 0 to 1, and at most %d", maxQuantiles), "")
		}
		m.Quantiles = append(m.Quantiles, q)
	}
	return nil
}

// plainNumber reads a number that is no duration.
func (p *parser) plainNumber() (float64, error) {
	if p.tok.kind != tokenNumber {
		return 0, p.wrong("a number is missing", "")
	}
	at := p.tok
	v, err := p.number()
	if err == nil && v.kind == kindDuration {
		err = p.fail(at.start, at.end, "a number is needed, not a duration", "")
	}
	return v.number(), err
}

func (p *parser) compare() (*Compare, error) {
	if !p.tok.is("{") {
		return nil, p.wrong("compare needs a spanset", "as in compare({status = error})")
	}
	f, err := p.filter()
	if err != nil {
		return nil, err
	}
	c := &Compare{Filter: f.(*Filter)}
	for _, to := range []func(int64){func(n int64) { c.Top = int(n) }, func(n int64) { c.Start = n }, func(n int64) { c.End = n }} {
		more, err := p.take(",")
		if err != nil || !more {
			return c, p.checkCompare(c, err)
		}
		at := p.tok
		if p.tok.kind != tokenNumber {
			return nil, p.wrong("a whole number is missing", "")
		}
		v, err := p.number()
		if err != nil {
			return nil, err
		}
		if v.kind != kindInt || v.n <= 0 {
			return nil, p.fail(at.start, at.end, "a whole number above zero is needed", "")
		}
		to(v.n)
	}
	return c, p.checkCompare(c, nil)
}

func (p *parser) checkCompare(c *Compare, err error) error {
	switch {
	case err != nil:
		return err
	case c.Start > 0 && c.End == 0:
		return p.wrong("start and end are both given, or neither", "")
	case c.Top > maxCompareTop || c.Top < 0:
		return p.wrong(fmt.Sprintf("at most %d values of an attribute", maxCompareTop), "")
	}
	return nil
}

// maxTop bounds N of topk and bottomk.
const maxTop = 10_000

// seriesStages reads what stands behind a metrics function.
func (p *parser) seriesStages(m *Metrics) error {
	for {
		var s SeriesStage
		switch {
		case p.tok.kind == tokenOp && isComparison(p.tok.text):
			s.Op = p.tok.text
			if err := p.advance(); err != nil {
				return err
			}
			n, err := p.threshold()
			if err != nil {
				return err
			}
			s.N = n
		case p.tok.is("|"):
			if err := p.advance(); err != nil {
				return err
			}
			if !p.word("topk") && !p.word("bottomk") {
				return p.wrong("behind a metrics function stand only topk, bottomk and comparisons", "")
			}
			if err := p.topk(&s); err != nil {
				return err
			}
		default:
			return nil
		}
		if err := p.count(); err != nil {
			return err
		}
		m.Then = append(m.Then, s)
	}
}

// threshold reads a number with its sign; of durations the seconds.
func (p *parser) threshold() (float64, error) {
	minus, err := p.take("-")
	if err != nil {
		return 0, err
	}
	if p.tok.kind != tokenNumber {
		return 0, p.wrong("a number is missing", "")
	}
	v, err := p.number()
	if minus {
		v = negate(v)
	}
	return seconds(v), err
}

func (p *parser) topk(s *SeriesStage) error {
	s.Op = p.tok.text
	if err := p.advance(); err != nil {
		return err
	}
	if err := p.need("(", " behind "+s.Op); err != nil {
		return err
	}
	at := p.tok
	n, err := p.plainNumber()
	if err != nil {
		return err
	}
	if n != float64(int(n)) || n < 1 || n > maxTop {
		return p.fail(at.start, at.end, s.Op+" needs a whole number from 1 to 10,000", "")
	}
	s.N = n
	return p.need(")", "")
}

// hints reads with (key=value, …).
func (p *parser) hints() ([]Hint, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind with"); err != nil {
		return nil, err
	}
	var list []Hint
	for {
		if err := p.count(); err != nil {
			return nil, err
		}
		h := Hint{Key: p.tok.text}
		if p.tok.kind != tokenName {
			return nil, p.wrong("the name of a hint is missing", "as in with (most_recent=true)")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.need("=", " behind "+h.Key); err != nil {
			return nil, err
		}
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		l, ok := x.(*Literal)
		if !ok || slices.Contains([]valueKind{kindNil, kindStatus, kindSpanKind}, l.kind) {
			return nil, p.wrong("a hint is a constant", strings.TrimSpace(h.Key)+"=true")
		}
		h.Value = *l
		list = append(list, h)
		if more, err := p.take(","); err != nil || !more {
			if err != nil {
				return nil, err
			}
			return list, p.need(")", "")
		}
	}
}

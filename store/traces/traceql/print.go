package traceql

import (
	"strconv"
	"strings"
	"time"
)

func (q *Query) String() string {
	text := stagesText(q.Stages)
	if q.Metrics != nil {
		text += " | " + q.Metrics.String()
	}
	if len(q.Hints) > 0 {
		text += " with (" + joinText(q.Hints) + ")"
	}
	return text
}

func stagesText(list []Stage) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.String()
	}
	return strings.Join(texts, " | ")
}

// joinText prints a list with commas.
func joinText[T interface{ String() string }](list []T) string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = x.String()
	}
	return strings.Join(texts, ", ")
}

func (h Hint) String() string { return h.Key + "=" + h.Value.String() }

func (f *Filter) String() string {
	if f.X == nil {
		return "{}"
	}
	return "{" + f.X.String() + "}"
}

func (j *Joined) String() string {
	return j.side(j.L, true) + " " + j.Op + " " + j.side(j.R, false)
}

func (j *Joined) side(s Stage, left bool) string {
	in, joined := s.(*Joined)
	_, filter := s.(*ScalarFilter)
	if joined && !(left && in.Op == j.Op) || filter {
		return "(" + s.String() + ")"
	}
	return s.String()
}

func (p *Pipeline) String() string     { return "(" + stagesText(p.Stages) + ")" }
func (f *ScalarFilter) String() string { return f.L.String() + " " + f.Op + " " + f.R.String() }
func (g *GroupBy) String() string      { return "by(" + joinText(g.By) + ")" }
func (*Coalesce) String() string       { return "coalesce()" }
func (s *Select) String() string       { return "select(" + joinText(s.Fields) + ")" }

func (a *Aggregate) String() string {
	if a.X == nil {
		return a.Fn + "()"
	}
	return a.Fn + "(" + a.X.String() + ")"
}

func (b *ScalarBinary) String() string {
	l, r := b.L.String(), b.R.String()
	if ofScalar(b.L, b.Op, true) {
		l = "(" + l + ")"
	}
	if ofScalar(b.R, b.Op, false) {
		r = "(" + r + ")"
	}
	return l + " " + b.Op + " " + r
}

// ofScalar says whether an operand needs parentheses.
func ofScalar(x Scalar, op string, left bool) bool {
	switch x := x.(type) {
	case *ScalarBinary:
		return needs(x.Op, op, left)
	case *ScalarMinus:
		return op == "^" && left
	}
	return false
}

// needs says whether an operation by inner needs parentheses beside outer.
func needs(inner, outer string, left bool) bool {
	if inner == outer && bindings[outer] != 2 {
		return left == (outer == "^")
	}
	return bindings[inner] <= bindings[outer]
}

func (m *ScalarMinus) String() string {
	if b, ok := m.X.(*ScalarBinary); ok && b.Op != "^" {
		return "-(" + m.X.String() + ")"
	}
	return "-" + m.X.String()
}

func (s *ScalarPipeline) String() string {
	return "(" + stagesText(s.Stages) + " | " + s.X.String() + ")"
}

func (b *Binary) String() string {
	return b.side(b.L, true) + " " + b.Op + " " + b.side(b.R, false)
}

func (b *Binary) side(x Expr, left bool) string {
	switch x := x.(type) {
	case *Binary:
		if needs(x.Op, b.Op, left) {
			return "(" + x.String() + ")"
		}
	case *Unary:
		if b.Op == "^" && left {
			return "(" + x.String() + ")"
		}
	}
	return x.String()
}

func (u *Unary) String() string {
	if b, ok := u.X.(*Binary); ok && b.Op != "^" {
		return u.Op + "(" + b.String() + ")"
	}
	return u.Op + u.X.String()
}

func (l Literal) String() string {
	switch l.kind {
	case kindText:
		return strconv.Quote(l.s)
	case kindDuration:
		return durationText(time.Duration(l.n))
	case kindFloat:
		text := strconv.FormatFloat(l.f, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0" // else it were an integer
		}
		return text
	case kindInt:
		if l.n == words["minInt"].n {
			return "minInt"
		}
	}
	return l.text()
}

// durationText prints 90m as 1h30m.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (f *Field) String() string {
	if f.Intrinsic != Attribute {
		return f.Name
	}
	name := f.Name
	if strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) }) >= 0 || f.Scope == ScopeNone && isDigit(name[0]) {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return scopeWords[f.Scope] + "." + name
}

func (m *Metrics) String() string {
	text := m.Fn + "("
	switch {
	case m.Compare != nil:
		text += m.Compare.String()
	case m.Of != nil:
		text += m.Of.String()
	}
	for _, q := range m.Quantiles {
		text += ", " + numberText(q)
	}
	text += ")"
	if len(m.By) > 0 {
		text += " by (" + joinText(m.By) + ")"
	}
	for _, s := range m.Then {
		text += s.String()
	}
	return text
}

func (c *Compare) String() string {
	text := c.Filter.String()
	if c.Top > 0 {
		text += ", " + strconv.Itoa(c.Top)
	}
	if c.Start > 0 {
		text += ", " + strconv.FormatInt(c.Start, 10) + ", " + strconv.FormatInt(c.End, 10)
	}
	return text
}

func (s SeriesStage) String() string {
	if isComparison(s.Op) {
		return " " + s.Op + " " + numberText(s.N)
	}
	return " | " + s.Op + "(" + numberText(s.N) + ")"
}

func numberText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

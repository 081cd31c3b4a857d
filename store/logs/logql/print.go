package logql

import (
	"strconv"
	"strings"
	"time"
)

func (l *LogExpr) String() string {
	text := selectorText(l.Matchers)
	for i, s := range l.Stages {
		if f, ok := s.(*LineFilter); ok && i > 0 && f.Op[0] == '!' && endsInName(l.Stages[i-1]) {
			text = "(" + text + ")" // or the filter would be read as drop's matcher
		}
		text += " " + s.String()
	}
	return text
}

func endsInName(s Stage) bool {
	d, ok := s.(*DropKeep)
	return ok && d.Items[len(d.Items)-1].Op == ""
}

func selectorText(list []Matcher) string { return "{" + joined(list, ", ") + "}" }

// joined prints a list of things.
func joined[T interface{ String() string }](list []T, between string) string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = list[i].String()
	}
	return strings.Join(texts, between)
}

func (m Matcher) String() string {
	if m.Op == "" {
		return m.Name
	}
	return m.Name + m.Op + strconv.Quote(m.Value)
}

func (f *LineFilter) String() string { return f.Op + " " + joined(f.Texts, " or ") }

func (t LineText) String() string {
	if t.IP {
		return "ip(" + strconv.Quote(t.Text) + ")"
	}
	return strconv.Quote(t.Text)
}

func (s *Parser) String() string {
	text := "| " + s.Kind
	if s.Strict {
		text += " --strict"
	}
	if s.KeepEmpty {
		text += " --keep-empty"
	}
	if s.Kind == "pattern" || s.Kind == "regexp" {
		return text + " " + strconv.Quote(s.Text)
	}
	if len(s.Params) > 0 {
		text += " " + joined(s.Params, ", ")
	}
	return text
}

func (p Param) String() string { return p.Name + "=" + strconv.Quote(p.Expr) }

func (f *LabelFilter) String() string {
	if stageNames[firstName(f.Cond)] {
		return "| (" + f.Cond.String() + ")"
	}
	return "| " + f.Cond.String()
}

// firstName is the name with which a condition begins.
func firstName(c Cond) string {
	switch c := c.(type) {
	case *Both:
		return firstName(c.L)
	case *MatchCond:
		return c.Name
	case *NumberCond:
		return c.Name
	case *IPCond:
		return c.Name
	}
	return ""
}

func (c *Both) String() string {
	op := " and "
	if c.Or {
		op = " or "
	}
	return side(c.L, c.Or, false) + op + side(c.R, c.Or, true)
}

// side prints a part of Both; only a left part of the same kind needs no
// parentheses.
func side(c Cond, or, right bool) string {
	if b, ok := c.(*Both); ok && (right || b.Or != or) {
		return "(" + c.String() + ")"
	}
	return c.String()
}

func (c *NumberCond) String() string { return c.Name + " " + c.Op + " " + c.Text }

func (c *IPCond) String() string {
	op := "="
	if c.Not {
		op = "!="
	}
	return c.Name + " " + op + " ip(" + strconv.Quote(c.Text) + ")"
}

func (s *LineFormat) String() string  { return "| line_format " + strconv.Quote(s.Text) }
func (s *LabelFormat) String() string { return "| label_format " + joined(s.Items, ", ") }
func (*Decolorize) String() string    { return "| decolorize" }

func (it FormatItem) String() string {
	if it.Template {
		return it.To + "=" + strconv.Quote(it.From)
	}
	return it.To + "=" + it.From
}

func (s *DropKeep) String() string {
	if s.Keep {
		return "| keep " + joined(s.Items, ", ")
	}
	return "| drop " + joined(s.Items, ", ")
}

func (u *Unwrap) String() string {
	if u.Convert != "" {
		return "| unwrap " + u.Convert + "(" + u.Label + ")"
	}
	return "| unwrap " + u.Label
}

func (g *Grouping) String() string {
	if g.Without {
		return "without (" + strings.Join(g.Labels, ", ") + ")"
	}
	return "by (" + strings.Join(g.Labels, ", ") + ")"
}

func (r *RangeAgg) String() string {
	var b strings.Builder
	b.WriteString(r.Fn + "(")
	if rangeFns[r.Fn].param {
		b.WriteString(numberText(r.Param) + ", ")
	}
	b.WriteString(r.Log.String())
	if len(r.Log.Stages) > 0 {
		b.WriteByte(' ')
	}
	b.WriteString("[" + durationText(r.Range) + "]")
	if r.Offset != 0 {
		b.WriteString(" offset " + durationText(r.Offset))
	}
	b.WriteByte(')')
	if r.Group != nil {
		b.WriteString(" " + r.Group.String())
	}
	return b.String()
}

func (v *VectorAgg) String() string {
	text := v.Op
	if v.Group != nil {
		text += " " + v.Group.String() + " "
	}
	text += "("
	if takesCount(v.Op) {
		text += strconv.Itoa(v.Param) + ", "
	}
	return text + v.X.String() + ")"
}

func (b *Binary) String() string {
	text := operandText(b.L) + " " + b.Op
	if b.Bool {
		text += " bool"
	}
	if m := b.Match; m != nil {
		text += " ignoring ("
		if m.On {
			text = strings.TrimSuffix(text, "ignoring (") + "on ("
		}
		text += strings.Join(m.Labels, ", ") + ")"
		if m.Group != "" {
			text += " " + m.Group + " (" + strings.Join(m.Include, ", ") + ")"
		}
	}
	return text + " " + operandText(b.R)
}

func operandText(e Expr) string {
	if _, ok := e.(*Binary); ok {
		return "(" + e.String() + ")"
	}
	return e.String()
}

func (n *Number) String() string { return numberText(n.Value) }
func (v *Vector) String() string { return "vector(" + numberText(v.Value) + ")" }

func (r *LabelReplace) String() string {
	text := "label_replace(" + r.X.String()
	for _, s := range []string{r.Dst, r.Repl, r.Src, r.Exp} {
		text += ", " + strconv.Quote(s)
	}
	return text + ")"
}

func numberText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

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

package logs

import (
	"strings"
	"unicode"
)

// How tightly the operators bind.
const (
	bindOr = iota
	bindAnd
	bindNot
)

func (n All) String() string    { return printed(n) }
func (n And) String() string    { return printed(n) }
func (n Or) String() string     { return printed(n) }
func (n *Not) String() string   { return printed(n) }
func (n *Text) String() string  { return printed(n) }
func (n *Field) String() string { return printed(n) }
func (n *Keep) String() string  { return n.Text }

func printed(n Node) string {
	var b strings.Builder
	n.write(&b, bindOr)
	return b.String()
}

func (n *Keep) write(b *strings.Builder, _ int) { b.WriteString(n.Text) }

func (All) write(b *strings.Builder, _ int) { b.WriteByte('*') }

func (n And) write(b *strings.Builder, bind int) {
	writeList(b, n, " ", bindAnd, bind)
}

func (n Or) write(b *strings.Builder, bind int) {
	writeList(b, n, " or ", bindOr, bind)
}

func writeList(b *strings.Builder, list []Node, between string, own, bind int) {
	if bind > own {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, n := range list {
		if i > 0 {
			b.WriteString(between)
		}
		n.write(b, own+1)
	}
}

func (n *Not) write(b *strings.Builder, _ int) {
	b.WriteByte('-')
	n.X.write(b, bindNot+1)
}

func (n *Text) write(b *strings.Builder, _ int) { n.Pattern.write(b) }

func (n *Field) write(b *strings.Builder, _ int) {
	if bareName(n.Name) {
		b.WriteString(n.Name)
	} else {
		writeQuoted(b, n.Name)
	}
	b.WriteByte(':')
	b.WriteString(opText[n.Op])
	switch n.Op {
	case Exists:
	case Between:
		b.WriteString(n.Pattern.Text + ".." + n.To)
	default:
		n.Pattern.write(b)
	}
}

func (p *Pattern) write(b *strings.Builder) {
	switch {
	case p.Kind == Glob && p.Text[0] == '/':
		b.WriteString(`\` + p.Text)
	case p.Kind == Glob || p.Kind == Literal && bareText(p.Text):
		b.WriteString(p.Text)
	case p.Kind == Literal:
		writeQuoted(b, p.Text)
	default:
		b.WriteByte('/')
		b.WriteString(pairwise(p.Text, func(pair string) string {
			if pair == "/" {
				return `\/`
			}
			return pair
		}))
		b.WriteByte('/')
		if p.Fold {
			b.WriteByte('i')
		}
	}
}

// writeQuoted escapes what the parser reads back; broken UTF-8 stays as it is.
func writeQuoted(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

func isNameStart(r rune) bool { return unicode.IsLetter(r) || r == '_' || r == '@' || r == '$' }

func isNameRune(r rune) bool {
	return isNameStart(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '/' || r == '#' || r == '[' || r == ']'
}

func bareName(s string) bool {
	for i, r := range s {
		if r == unicode.ReplacementChar || i == 0 && !isNameStart(r) || !isNameRune(r) {
			return false
		}
	}
	return s != ""
}

// bareText says whether a literal needs no quotes, whatever stands around it.
func bareText(s string) bool {
	for i, r := range s {
		letter := r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
		if !letter && (i == 0 || !strings.ContainsRune(".-/@%,+#", r)) {
			return false
		}
	}
	return s != "" && !isKeyword(s) && !strings.Contains(s, "..")
}

func isKeyword(s string) bool {
	switch s {
	case "and", "or", "not", "AND", "OR", "NOT":
		return true
	}
	return false
}

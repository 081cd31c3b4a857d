package events

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	maxLiterals = 3 // that are looked for of one expression
	minLiteral  = 3 // bytes; a shorter one is in too many texts
)

// sharpen says beside each regular expression which texts its matches have in
// them, so that the index, filters and forms can rule out what has not, and the
// expression is tried on few.
func sharpen(x Expr) Expr {
	switch x := x.(type) {
	case And:
		return And(sharpenAll(x))
	case Or:
		return Or(sharpenAll(x))
	case Not:
		return Not{sharpen(x.X)}
	case Regexp:
		return besides(x, literalsOf(x.Re), func(s Substring) Expr { s.Fields = x.Fields; return s })
	case Within:
		if re, ok := x.X.(Regexp); ok && len(re.Fields) == 0 {
			return besides(x, literalsOf(re.Re), func(s Substring) Expr { return Within{x.Named, s} })
		}
	}
	return x
}

func sharpenAll(xs []Expr) []Expr {
	out := make([]Expr, len(xs))
	for i, x := range xs {
		out[i] = sharpen(x)
	}
	return out
}

func besides(x Expr, literals []Substring, where func(Substring) Expr) Expr {
	if len(literals) == 0 {
		return x
	}
	var and And
	for _, s := range literals {
		and = append(and, where(s))
	}
	return append(and, x)
}

// literalsOf are texts that every match of an expression has in it, at most
// maxLiterals and the longest of them.
func literalsOf(re *regexp.Regexp) []Substring {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	var l literals
	l.require(tree.Simplify())
	l.end()
	for len(l.found) > maxLiterals {
		shortest := 0
		for i, s := range l.found {
			if len(s.Text) < len(l.found[shortest].Text) {
				shortest = i
			}
		}
		l.found = append(l.found[:shortest], l.found[shortest+1:]...)
	}
	return l.found
}

// literals gathers runs of characters that stand in each match.
type literals struct {
	run   strings.Builder
	fold  bool
	found []Substring
}

func (l *literals) require(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		fold := re.Flags&syntax.FoldCase != 0
		for _, r := range re.Rune {
			// U+017F and U+212A are other cases of s and k.
			if r >= 0x80 || fold && strings.ContainsRune("sSkK", r) {
				l.end()
				continue
			}
			if fold != l.fold {
				l.end()
			}
			l.fold = fold
			l.run.WriteByte(byte(r))
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l.require(sub)
		}
	case syntax.OpCapture:
		l.require(re.Sub[0])
	case syntax.OpPlus:
		l.alone(re.Sub[0])
	case syntax.OpRepeat:
		if l.end(); re.Min > 0 {
			l.alone(re.Sub[0])
		}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary: // take no characters
	default:
		l.end()
	}
}

// alone gathers what stands in each match, but not beside what is around it.
func (l *literals) alone(re *syntax.Regexp) {
	l.end()
	l.require(re)
	l.end()
}

func (l *literals) end() {
	if text := l.run.String(); len(text) >= minLiteral {
		if l.fold {
			text = strings.ToLower(text)
		}
		l.found = append(l.found, Substring{Text: text, Fold: l.fold})
	}
	l.run.Reset()
}

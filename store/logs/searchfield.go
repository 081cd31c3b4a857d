package logs

import (
	"fmt"
	"strings"

	"tripod/store"
)

// field reads what stands behind a field's name, from the colon on.
func (p *parser) field(name string, start int) (Node, error) {
	p.at++
	n := &Field{Name: name, Pos: start}
	n.Op = p.operator()
	value := p.at
	if p.endsTerm(p.at) {
		return nil, p.fail(start, p.at, "a value is missing behind "+p.text[start:p.at], fmt.Sprintf("to search for the text, quote it: %q", p.text[start:p.at]))
	}
	if p.text[p.at] == '(' {
		return nil, p.fail(p.at, p.at+1, "a field takes one value", "write a:x or a:y")
	}
	quoted := p.text[p.at] == '"'
	pattern, err := p.pattern()
	if err != nil {
		return nil, err
	}
	n.Pattern, n.End = pattern, p.at
	if n.Op != Is && pattern.Kind != Literal {
		if n.Op == Equal || n.Op == Contains {
			pattern = Pattern{Text: p.text[value:p.at]}
			n.Pattern = pattern
		} else {
			return nil, p.fail(value, p.at, fmt.Sprintf("%q compares with a number, duration, size or level", opText[n.Op]), "")
		}
	}
	switch {
	case n.Op == Is && pattern.Kind == Glob && strings.Trim(pattern.Text, "*") == "":
		n.Op, n.Pattern = Exists, Pattern{}
	case n.Op == Is && !quoted && pattern.Kind == Literal:
		splitRange(n)
	}
	if err := p.checkValue(n, value); err != nil {
		return nil, err
	}
	return n, nil
}

// operator reads the operator behind the colon.
func (p *parser) operator() Op {
	for _, op := range []Op{LessEqual, GreaterEqual, Less, Greater, Equal, Contains} {
		if strings.HasPrefix(p.text[p.at:], opText[op]) {
			p.at += len(opText[op])
			return op
		}
	}
	return Is
}

// splitRange turns a..b into a range when both ends can be compared.
func splitRange(n *Field) {
	from, to, ok := strings.Cut(n.Pattern.Text, "..")
	if !ok || strings.HasPrefix(to, ".") {
		return
	}
	a, okA := n.operand(from)
	b, okB := n.operand(to)
	if okA && okB && a.unit == b.unit {
		n.Op, n.Pattern, n.To = Between, Pattern{Text: from}, to
	}
}

// checkValue refuses values that can never be compared.
func (p *parser) checkValue(n *Field, at int) error {
	text := n.Pattern.Text
	if n.isLevel() {
		if n.Op == Exists || n.Op == Contains || n.Pattern.Kind != Literal {
			return nil
		}
		if _, ok := n.operand(text); !ok {
			return p.fail(at, p.at, fmt.Sprintf("unknown level %q", text), "did you mean "+nearestLevel(text)+"?")
		}
		return nil
	}
	if n.Op >= Less && n.Op <= GreaterEqual {
		if _, ok := n.operand(text); !ok {
			return p.fail(at, p.at, fmt.Sprintf("%q is no number, duration or size", text), "write 500, 5ms, 1.5s, 10KB")
		}
	}
	return nil
}

func (n *Field) isLevel() bool { return n.Name == "level" || n.Name == "detected_level" }

// nearestLevel is the level's word with the fewest changes to the text.
func nearestLevel(text string) string {
	best, least := "", 1<<30
	for _, word := range store.LevelNames {
		if d := distance(strings.ToLower(text), word); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance is Levenshtein's, over bytes, of the first 32 of a.
func distance(a, b string) int {
	a = a[:min(len(a), 32)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

package frames

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// Math is an expression over the answers of a panel's other queries:
//
//	$A / $B * 100      mean($A) > 5      -round(${A} ** 2)
//
// A name stands for all series of the query with that letter. Operators are
// || && and < <= > >= == != + - * / % ** from the weakest up, with - and !
// before a value. Comparisons give 1 or 0. Functions are those of one number
// (abs, ceil, …) and Reducers, which bring a series to one number.
type Math struct {
	root    mathNode
	letters []string
}

// Letters are those of the queries that it is over, each once, in order.
func (m *Math) Letters() []string { return m.letters }

// Bounds on an expression.
const (
	maxMathText = 4 << 10 // bytes
	maxMathDeep = 100
)

// mathNode is a number, a name, or an operator or function over others.
type mathNode struct {
	op   string // "", "$", an operator, or a function's name
	n    float64
	name string
	args []mathNode
}

// mathParser reads from left to right.
type mathParser struct {
	text string
	at   int
	deep int
	out  *Math
}

// ParseMath reads an expression; errors say where in it, in bytes from 0.
func ParseMath(text string) (*Math, error) {
	if len(text) > maxMathText {
		return nil, fmt.Errorf("%w: an expression of %d bytes; at most %d are read", dashboard.ErrInvalid, len(text), maxMathText)
	}
	p := &mathParser{text: text, out: &Math{}}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.fault("what is %q", p.text[p.at:min(len(p.text), p.at+10)])
	}
	p.out.root = root
	return p.out, nil
}

func (p *mathParser) fault(format string, args ...any) error {
	return fmt.Errorf("%w: at %d: %s", dashboard.ErrInvalid, p.at, fmt.Sprintf(format, args...))
}

func (p *mathParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take is true when the text goes on with one of some marks, the longest first.
func (p *mathParser) take(marks ...string) (string, bool) {
	p.space()
	for _, m := range marks {
		if strings.HasPrefix(p.text[p.at:], m) {
			p.at += len(m)
			return m, true
		}
	}
	return "", false
}

// levels are the operators from the weakest up; longer ones come first. All
// bind to the left, as Grafana's do: 2 ** 3 ** 2 is 8 ** 2. The last takes every
// ** before * is looked for.
var levels = [][]string{{"||"}, {"&&"}, {"<=", ">=", "==", "!=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}, {"**"}}

func (p *mathParser) binary(level int) (mathNode, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		op, ok := p.take(levels[level]...)
		if !ok {
			break
		}
		var right mathNode
		right, err = p.binary(level + 1)
		left = mathNode{op: op, args: []mathNode{left, right}}
	}
	return left, err
}

func (p *mathParser) down() error {
	if p.deep++; p.deep > maxMathDeep {
		return p.fault("nested more than %d deep", maxMathDeep)
	}
	return nil
}

func (p *mathParser) up() { p.deep-- }

func (p *mathParser) unary() (mathNode, error) {
	if err := p.down(); err != nil {
		return mathNode{}, err
	}
	defer p.up()
	if op, ok := p.take("-", "!"); ok {
		of, err := p.unary()
		return mathNode{op: map[string]string{"-": "neg", "!": "not"}[op], args: []mathNode{of}}, err
	}
	if _, ok := p.take("("); ok {
		return p.closed()
	}
	return p.value()
}

// closed is what stands before a closing parenthesis.
func (p *mathParser) closed() (mathNode, error) {
	in, err := p.binary(0)
	if err != nil {
		return in, err
	}
	if _, ok := p.take(")"); !ok {
		return in, p.fault("want )")
	}
	return in, nil
}

// value is a name, a number or a call.
func (p *mathParser) value() (mathNode, error) {
	if _, ok := p.take("${"); ok { // which holds any name
		in, _, ok := strings.Cut(p.text[p.at:], "}")
		name := strings.TrimSpace(in)
		if !ok || name == "" {
			return mathNode{}, p.fault("want ${A}")
		}
		p.at += len(in) + len("}")
		return p.named(name), nil
	}
	if _, ok := p.take("$"); ok {
		name := p.word()
		if name == "" {
			return mathNode{}, p.fault("want the letter of a query after $")
		}
		return p.named(name), nil
	}
	start := p.at
	word := p.word()
	switch {
	case word == "":
		return mathNode{}, p.fault("want a number, a name like $A, or a function")
	case word[0] >= '0' && word[0] <= '9' || word[0] == '.':
		n, err := strconv.ParseFloat(p.exponent(start), 64)
		if err != nil {
			p.at = start
			return mathNode{}, p.fault("%q is no number", word)
		}
		return mathNode{n: n}, nil
	}
	if _, ok := p.take("("); !ok || !mathFunction(word) {
		p.at = start
		return mathNode{}, p.fault("%q is no function; known are %s", word, strings.Join(append(slices.Clone(mathNames), Reducers...), ", "))
	}
	of, err := p.closed()
	return mathNode{op: word, args: []mathNode{of}}, err
}

// exponent goes on with the sign of a number like 1e-9.
func (p *mathParser) exponent(start int) string {
	if last := p.text[p.at-1]; (last == 'e' || last == 'E') && p.at < len(p.text) && (p.text[p.at] == '-' || p.text[p.at] == '+') {
		p.at++
		p.word()
	}
	return p.text[start:p.at]
}

func (p *mathParser) word() string {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

func (p *mathParser) named(name string) mathNode {
	if !slices.Contains(p.out.letters, name) {
		p.out.letters = append(p.out.letters, name)
	}
	return mathNode{op: "$", name: name}
}

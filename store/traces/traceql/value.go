package traceql

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tripod/store"
)

// valueKind is the type of a value. Integers, floats and durations compare and
// compute with one another.
type valueKind uint8

const (
	kindNil valueKind = iota
	kindBool
	kindInt
	kindFloat
	kindDuration
	kindText
	kindStatus
	kindSpanKind
	kindList // of values that are neither lists nor nil; never computed with
)

// value is what an expression makes of a span.
type value struct {
	kind valueKind
	n    int64 // kindBool, kindInt, kindDuration (ns), kindStatus, kindSpanKind
	f    float64
	s    string
	list []value
}

func text(s string) value             { return value{kind: kindText, s: s} }
func integer(n int64) value           { return value{kind: kindInt, n: n} }
func float(f float64) value           { return value{kind: kindFloat, f: f} }
func duration(ns int64) value         { return value{kind: kindDuration, n: ns} }
func (v value) isNumber() bool        { return v.kind >= kindInt && v.kind <= kindDuration }
func (v value) whole() bool           { return v.kind == kindInt || v.kind == kindDuration }
func status(c store.StatusCode) value { return value{kind: kindStatus, n: int64(c)} }
func boolean(b bool) value {
	if b {
		return value{kind: kindBool, n: 1}
	}
	return value{kind: kindBool}
}

// number is a number's value; durations in nanoseconds.
func (v value) number() float64 {
	if v.kind == kindFloat {
		return v.f
	}
	return float64(v.n)
}

// of is the value of an attribute. Bytes and maps are their texts.
func of(v store.Value) value {
	switch v.Kind {
	case store.KindEmpty:
		return value{}
	case store.KindInt:
		return integer(v.Int())
	case store.KindFloat:
		return float(v.Float())
	case store.KindBool:
		return boolean(v.Bool())
	case store.KindList:
		out := value{kind: kindList}
		for _, a := range v.In() {
			out.add(of(a.Value))
		}
		return out
	}
	return text(v.Text())
}

// add adds to a list: the values of a list, and nothing for nil.
func (v *value) add(w value) {
	switch w.kind {
	case kindNil:
	case kindList:
		v.list = append(v.list, w.list...)
	default:
		v.list = append(v.list, w)
	}
}

// attr is the value as an attribute has it.
func (v value) attr() store.Value {
	switch v.kind {
	case kindNil:
		return store.Value{}
	case kindBool:
		return store.Bool(v.n != 0)
	case kindInt:
		return store.Int(v.n)
	case kindFloat:
		return store.Float(v.f)
	case kindList:
		items := make([]store.Value, len(v.list))
		for i := range items {
			items[i] = v.list[i].attr()
		}
		return store.List(items...)
	}
	return store.String(v.text())
}

// text is the value as people read it.
func (v value) text() string {
	switch v.kind {
	case kindText:
		return v.s
	case kindNil:
		return "nil"
	case kindDuration:
		return time.Duration(v.n).String()
	case kindStatus:
		return statusWord(v.n)
	case kindSpanKind:
		return store.SpanKind(v.n).String()
	}
	return v.attr().Text()
}

var statusWords = [...]string{"unset", "ok", "error"}

func statusWord(n int64) string {
	if n >= 0 && n < int64(len(statusWords)) {
		return statusWords[n]
	}
	return "unset"
}

// sameType says whether two values that are no lists are of one type.
func sameType(a, b value) bool { return a.kind == b.kind || a.isNumber() && b.isNumber() }

// order compares two values of one type; false for a NaN.
func order(a, b value) (int, bool) {
	switch {
	case a.kind == kindText:
		return cmp.Compare(a.s, b.s), true
	case a.kind != kindFloat && b.kind != kindFloat:
		return cmp.Compare(a.n, b.n), true
	}
	x, y := a.number(), b.number()
	return cmp.Compare(x, y), x == x && y == y
}

// compare says whether a op b, for = != < <= > >=. Nil, and values of two types,
// are neither equal nor unequal.
func compare(op string, a, b value) bool {
	if a.kind == kindNil || b.kind == kindNil {
		return false
	}
	if a.kind != kindList && b.kind != kindList {
		if op == "!=" {
			return sameType(a, b) && !equal(a, b)
		}
		return compareOne(op, a, b)
	}
	if op == "!=" {
		return !anyPair(a, b, equal)
	}
	return anyPair(a, b, func(a, b value) bool { return compareOne(op, a, b) })
}

func equal(a, b value) bool { return compareOne("=", a, b) }

func compareOne(op string, a, b value) bool {
	if !sameType(a, b) {
		return false
	}
	c, ok := order(a, b)
	if op == "=" || !ok {
		return ok && c == 0
	}
	if !a.isNumber() && a.kind != kindText {
		return false // there is no order
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// anyPair says whether some value of a and some value of b pass.
func anyPair(a, b value, passes func(a, b value) bool) bool {
	if a.kind == kindList {
		return slices.ContainsFunc(a.list, func(x value) bool { return anyPair(x, b, passes) })
	}
	if b.kind == kindList {
		return slices.ContainsFunc(b.list, func(y value) bool { return passes(a, y) })
	}
	return passes(a, b)
}

// matches says whether a =~ or !~ the expression. What is no text does neither.
func matches(op string, a value, match func(string) bool) bool {
	if a.kind != kindText && a.kind != kindList {
		return false
	}
	found := anyPair(a, value{kind: kindBool}, func(a, _ value) bool { return a.kind == kindText && match(a.s) })
	return found == (op == "=~")
}

// arithmetic computes + - * / % ^; nil comes of what is no number, and of a
// division by zero.
func arithmetic(op string, a, b value) value {
	if !a.isNumber() || !b.isNumber() {
		return value{}
	}
	out := value{kind: kindFloat}
	if a.whole() && b.whole() {
		if n, ok := exact(op, a.n, b.n); ok {
			out = integer(n)
		}
	}
	if out.kind == kindFloat {
		var ok bool
		if out.f, ok = inexact(op, a.number(), b.number()); !ok {
			return value{}
		}
	}
	ratio := op == "/" && b.kind == kindDuration
	if (a.kind == kindDuration || b.kind == kindDuration) && !ratio && math.Abs(out.number()) < math.MaxInt64 {
		return duration(out.round())
	}
	return out
}

func (v value) round() int64 {
	if v.kind == kindFloat {
		return int64(math.Round(v.f))
	}
	return v.n
}

// exact computes whole numbers; false when the answer is none, or too great.
func exact(op string, a, b int64) (int64, bool) {
	switch op {
	case "+":
		n := a + b
		return n, (n > a) == (b > 0)
	case "-":
		n := a - b
		return n, (n < a) == (b > 0)
	case "*":
		if a == 0 || b == 0 {
			return 0, true
		}
		n := a * b
		return n, n/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
	case "/":
		if b == 0 || b == -1 || a%b != 0 {
			return 0, false
		}
		return a / b, true
	case "%":
		if b == 0 || b == -1 {
			return 0, b == -1
		}
		return a % b, true
	}
	return 0, false
}

func inexact(op string, a, b float64) (float64, bool) {
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	case "/":
		return a / b, b != 0
	case "%":
		return math.Mod(a, b), b != 0
	}
	return math.Pow(a, b), true
}

func negate(v value) value {
	switch {
	case v.kind == kindFloat:
		return float(-v.f)
	case v.whole() && v.n != math.MinInt64:
		v.n = -v.n
		return v
	case v.whole():
		return float(-float64(v.n))
	}
	return value{}
}

package events

import (
	"regexp"
	"slices"
	"strings"

	"tripod/store"
)

// Expr is a predicate over one event. The engine looks into the types of this
// file to skip blocks; any other implementation is asked event by event.
type Expr interface {
	Match(e *Event) bool
}

// And matches when all do; empty matches everything.
type And []Expr

// Or matches when one does; empty matches nothing.
type Or []Expr

// Not matches when X does not.
type Not struct{ X Expr }

// Word matches a whole token of some field's text, whatever its case. A token
// is a maximal run of letters, digits and '_'; Text is one token.
type Word struct {
	Fields []string // any field when empty
	Text   string
}

// Phrase matches a run of text, whatever its case, that does not begin or end
// inside a token.
type Phrase struct {
	Fields []string // any field when empty
	Text   string
}

// Equal matches when some field of the name has exactly this text.
type Equal struct{ Field, Text string }

// OneOf matches when some field of the name has one of these texts; it is asked
// much faster than an Or of many Equals.
type OneOf struct {
	Field string
	Texts map[string]bool
}

// Substring matches text anywhere in a field; Fold ignores case.
type Substring struct {
	Fields []string // any field when empty
	Text   string
	Fold   bool
}

// Regexp matches a field's text.
type Regexp struct {
	Fields []string // any field when empty
	Re     *regexp.Regexp
}

// Op compares numbers.
type Op uint8

// The comparisons of Compare.
const (
	OpEqual Op = iota
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
)

// Compare matches when some field of the name is a number, or text that reads
// as one, and compares so.
type Compare struct {
	Field  string
	Op     Op
	Number float64
}

// Exists matches when there is a field of the name.
type Exists struct{ Field string }

// ClassIn matches the classes whose bits are set: ClassIn(1<<3 | 1<<4).
type ClassIn uint8

// Func asks a function. Implied, when not nil, is a predicate that matches
// every event that Fn matches; the engine uses it only to skip blocks.
type Func struct {
	Fn      func(*Event) bool
	Implied Expr
}

// Any matches events with a field whose name passes Named (any, when nil) and
// whose value passes Test, which a block asks once for each distinct value.
// Implied is as in Func.
type Any struct {
	Named   func(name string) bool
	Test    func(v store.Value) bool
	Implied Expr
}

// Measured matches events with a field whose name passes Named and whose value
// has a measure that Holds. Among numbers a greater one must not measure less
// (or never more); what holds lies from From to To, both included: the engine
// skips blocks whose numbers measure less or more.
type Measured struct {
	Named    func(name string) bool
	Measure  func(v store.Value) (float64, bool)
	Holds    func(measure float64) bool
	From, To float64
}

// ValueIn matches events with a field of the names whose text, which begins
// with Prefix, passes OK; and any with a list or map there.
type ValueIn struct {
	Fields []string
	Prefix string
	OK     func(text string) bool
}

// Within matches events with a field whose name passes and which alone matches
// X: a Word, Phrase, Substring or Regexp over all fields.
type Within struct {
	Named func(name string) bool
	X     Expr
}

func (x Any) Match(e *Event) bool {
	for i := range e.Fields {
		if (x.Named == nil || x.Named(e.Fields[i].Name)) && x.Test(e.Fields[i].Value) {
			return true
		}
	}
	return false
}

func (x ValueIn) Match(e *Event) bool {
	for i := range e.Fields {
		f := &e.Fields[i]
		if slices.Contains(x.Fields, f.Name) && (f.Value.Kind >= store.KindList || strings.HasPrefix(f.Value.Text(), x.Prefix) && x.OK(f.Value.Text())) {
			return true
		}
	}
	return false
}

func (x Measured) Match(e *Event) bool {
	return Any{Named: x.Named, Test: x.test}.Match(e)
}

func (x Measured) test(v store.Value) bool {
	f, ok := x.Measure(v)
	return ok && x.Holds(f)
}

// may says whether a number between two may pass.
func (x Measured) may(z zone) bool {
	least, ok1 := x.Measure(z.least)
	most, ok2 := x.Measure(z.most)
	return !ok1 || !ok2 || min(least, most) <= x.To && x.From <= max(least, most)
}

func (x Within) Match(e *Event) bool {
	for i := range e.Fields {
		if x.Named(e.Fields[i].Name) && x.X.Match(&Event{Fields: e.Fields[i : i+1]}) {
			return true
		}
	}
	return false
}

func (x And) Match(e *Event) bool {
	for _, y := range x {
		if !y.Match(e) {
			return false
		}
	}
	return true
}

func (x Or) Match(e *Event) bool {
	for _, y := range x {
		if y.Match(e) {
			return true
		}
	}
	return false
}

func (x Not) Match(e *Event) bool     { return !x.X.Match(e) }
func (x ClassIn) Match(e *Event) bool { return x>>e.Class&1 == 1 }
func (x Func) Match(e *Event) bool    { return x.Fn(e) }

func (x Word) Match(e *Event) bool {
	low := lower(x.Text)
	return anyText(e, x.Fields, func(s string) bool { return hasWord(s, low) })
}

func (x Phrase) Match(e *Event) bool {
	low := lower(x.Text)
	return anyText(e, x.Fields, func(s string) bool { return hasPhrase(s, low) })
}

func (x Substring) Match(e *Event) bool {
	if !x.Fold {
		return anyText(e, x.Fields, func(s string) bool { return strings.Contains(s, x.Text) })
	}
	low := lower(x.Text)
	return anyText(e, x.Fields, func(s string) bool { return foldIndex(s, low) >= 0 })
}

func (x Regexp) Match(e *Event) bool { return anyText(e, x.Fields, x.Re.MatchString) }

func (x Equal) Match(e *Event) bool {
	for i := range e.Fields {
		if e.Fields[i].Name == x.Field && isText(e.Fields[i].Value, x.Text) {
			return true
		}
	}
	return false
}

func (x OneOf) Match(e *Event) bool {
	return anyText(e, []string{x.Field}, func(s string) bool { return x.Texts[s] })
}

func (x Compare) Match(e *Event) bool {
	for i := range e.Fields {
		if e.Fields[i].Name != x.Field {
			continue
		}
		if n, ok := e.Fields[i].Value.Number(); ok && x.Op.holds(n, x.Number) {
			return true
		}
	}
	return false
}

func (x Exists) Match(e *Event) bool {
	_, ok := e.Get(x.Field)
	return ok
}

// may says whether a number between two may compare so.
func (x Compare) may(z zone) bool {
	least, _ := z.least.Number()
	most, _ := z.most.Number()
	switch x.Op {
	case OpEqual:
		return least <= x.Number && x.Number <= most
	case OpLess, OpLessEqual:
		return x.Op.holds(least, x.Number)
	}
	return x.Op.holds(most, x.Number)
}

func (o Op) holds(a, b float64) bool {
	switch o {
	case OpEqual:
		return a == b
	case OpLess:
		return a < b
	case OpLessEqual:
		return a <= b
	case OpGreater:
		return a > b
	case OpGreaterEqual:
		return a >= b
	}
	return false
}

// anyText asks about the text of every field of the names, or of all fields.
func anyText(e *Event, names []string, ask func(string) bool) bool {
	var buf [textBuf]byte
	for i := range e.Fields {
		f := &e.Fields[i]
		if len(names) > 0 && !slices.Contains(names, f.Name) {
			continue
		}
		if ask(shortText(f.Value, &buf)) {
			return true
		}
	}
	return false
}

func isText(v store.Value, s string) bool {
	if v.Kind == store.KindString {
		return v.Str() == s
	}
	var buf [textBuf]byte
	return shortText(v, &buf) == s
}

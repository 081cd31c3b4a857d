package traces

import (
	"math"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

// everything and nothing match all spans and none.
var (
	everything = events.And{}
	nothing    = events.Or{}
)

// where matches every span that fits a need, and maybe more.
func where(n traceql.Need) events.Expr {
	switch n := n.(type) {
	case nil:
		return nil
	case traceql.All:
		all := events.And{}
		for _, in := range n {
			all = append(all, where(in))
		}
		return all
	case traceql.Any:
		any := events.Or{}
		for _, in := range n {
			any = append(any, where(in))
		}
		return any
	}
	return pushed(n.(*traceql.Test))
}

func pushed(t *traceql.Test) events.Expr {
	switch t.Field.Intrinsic {
	case traceql.Attribute:
		return pushedAttribute(t)
	case traceql.SpanName:
		return pushedText(t, fName)
	case traceql.SpanStatusMessage:
		return pushedText(t, fStatusMessage)
	case traceql.SpanKind, traceql.SpanStatus:
		return pushedCode(t)
	case traceql.SpanDuration:
		return pushedDuration(t)
	case traceql.SpanID:
		return pushedID(t, fSpanID)
	case traceql.TraceID:
		return pushedID(t, fTraceID)
	case traceql.SpanParentID, traceql.SpanParent:
		return pushedParent(t)
	case traceql.NestedSetParent:
		return pushedRoot(t)
	case traceql.InstrumentationName:
		return pushedItem(t, fScope, func(v store.Value) store.Value { return item(v, 0) })
	case traceql.InstrumentationVersion:
		return pushedItem(t, fScope, func(v store.Value) store.Value { return item(v, 1) })
	case traceql.EventName:
		return pushedItem(t, fEvent, func(v store.Value) store.Value { return item(v, 1) })
	case traceql.EventTimeSinceStart:
		return pushedItem(t, fEvent, nil)
	case traceql.LinkTraceID:
		return pushedItem(t, fLink, func(v store.Value) store.Value { return item(v, 0) })
	case traceql.LinkSpanID:
		return pushedItem(t, fLink, func(v store.Value) store.Value { return item(v, 1) })
	}
	return everything // a field of the whole trace
}

func pushedAttribute(t *traceql.Test) events.Expr {
	name := t.Field.Name
	switch t.Field.Scope {
	case traceql.ScopeSpan:
		return pushedValue(t, attrPrefix+name)
	case traceql.ScopeResource:
		return pushedResource(t)
	case traceql.ScopeInstrumentation:
		return pushedValue(t, scopePrefix+name)
	case traceql.ScopeEvent:
		return pushedItem(t, fEvent, func(v store.Value) store.Value { return member(item(v, 2), name) })
	case traceql.ScopeLink:
		return pushedItem(t, fLink, func(v store.Value) store.Value { return member(item(v, 4), name) })
	}
	return events.Or{pushedValue(t, attrPrefix+name), pushedResource(t)}
}

func member(v store.Value, name string) store.Value {
	got, _ := v.In().Get(name)
	return got
}

func named(field string) func(string) bool {
	return func(name string) bool { return name == field }
}

// pushedResource: the service's name stands in a field of its own, which is not
// there when it is empty.
func pushedResource(t *traceql.Test) events.Expr {
	if t.Field.Name != "service.name" {
		return pushedValue(t, resourcePrefix+t.Field.Name)
	}
	text, isText := t.Text()
	switch {
	case t.Exists:
		return events.Exists{Field: fService}
	case t.Missing():
		return events.Not{X: events.Exists{Field: fService}}
	case t.Op == "=" && isText:
		return events.Equal{Field: fService, Text: text}
	}
	return events.Any{Named: named(fService), Test: t.Passes, Implied: events.Exists{Field: fService}}
}

// pushedValue asks about an attribute, of which lookups find the first of its
// key: any of them may do here.
func pushedValue(t *traceql.Test, field string) events.Expr {
	exists := events.Exists{Field: field}
	text, isText := t.Text()
	_, isNumber := t.Number()
	switch {
	case t.Missing():
		return everything // it may be there, and null
	case t.Exists:
		return exists
	case t.Op == "=" && isText:
		return equalText(t, field, text)
	case t.Op != "!=" && isNumber:
		return number(t, field)
	}
	return events.Any{Named: named(field), Test: t.Passes, Implied: exists}
}

// equalText also finds lists that hold the text.
func equalText(t *traceql.Test, field, text string) events.Expr {
	implied := events.ValueIn{Fields: []string{field}, Prefix: text, OK: func(s string) bool { return s == text }}
	any := events.Any{Named: named(field), Test: t.Passes, Implied: implied}
	if !plainInJSON(text) {
		return any
	}
	return events.And{events.Phrase{Fields: []string{field}, Text: text}, any}
}

// plainInJSON says that a text stands in the text of a list as it is.
func plainInJSON(text string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }
	return text != "" && strings.IndexFunc(text, odd) < 0
}

// maxExact is the greatest magnitude below which floats tell integers apart.
const maxExact = 1 << 53

// number compares numbers; lists are not looked into.
func number(t *traceql.Test, field string) events.Expr {
	with, _ := t.Number()
	m := measured(t, field, func(v store.Value) (float64, bool) {
		switch v.Kind {
		case store.KindInt:
			return float64(v.Int()), true
		case store.KindFloat:
			return v.Float(), true
		}
		return math.NaN(), v.Kind == store.KindList
	})
	if t.Op != "=" {
		return events.And{events.Exists{Field: field}, m}
	}
	implied := events.ValueIn{Fields: []string{field}, OK: func(s string) bool {
		f, err := strconv.ParseFloat(s, 64)
		return err == nil && f == with
	}}
	return events.And{m, events.Any{Named: named(field), Test: t.Passes, Implied: implied}}
}

// measured is a comparison that blocks are skipped by; NaN always passes.
func measured(t *traceql.Test, field string, measure func(store.Value) (float64, bool)) events.Measured {
	with, _ := t.Number()
	m := events.Measured{Named: named(field), Measure: measure, From: math.Inf(-1), To: math.Inf(1)}
	switch t.Op {
	case "=":
		m.From, m.To = with, with
	case "<", "<=":
		m.To = with
	case ">", ">=":
		m.From = with
	}
	strict := (t.Op == "<" || t.Op == ">") && math.Abs(with) < maxExact
	m.Holds = func(f float64) bool { return f != f || m.From <= f && f <= m.To && !(strict && f == with) }
	return m
}

// pushedText asks about a text of the span itself, which is not there when it
// is empty.
func pushedText(t *traceql.Test, field string) events.Expr {
	text, isText := t.Text()
	switch {
	case t.Exists:
		return everything
	case t.Missing():
		return nothing
	case t.Op == "=" && isText && text != "":
		return events.Equal{Field: field, Text: text}
	}
	return orZero(t, field, store.String(""), events.Any{Named: named(field), Test: t.Passes})
}

// orZero adds the spans in which a field is not there because it is zero.
func orZero(t *traceql.Test, field string, zero store.Value, x events.Expr) events.Expr {
	if t.Passes(zero) {
		return events.Or{x, events.Not{X: events.Exists{Field: field}}}
	}
	return x
}

// pushedCode asks about a status or kind.
func pushedCode(t *traceql.Test) events.Expr {
	field, code := fKind, t.Code()
	if t.Field.Intrinsic == traceql.SpanStatus {
		field = fStatus
	}
	var is events.Expr = events.Equal{Field: field, Text: strconv.FormatInt(code, 10)}
	switch {
	case t.Exists:
		return everything
	case t.Missing():
		return nothing
	case code == 0:
		is = events.Not{X: events.Exists{Field: field}}
	case field == fStatus && code == int64(store.StatusError):
		is = errorClasses
	}
	if t.Op == "!=" {
		return events.Not{X: is}
	}
	return is
}

func pushedDuration(t *traceql.Test) events.Expr {
	switch {
	case t.Exists:
		return everything
	case t.Missing():
		return nothing
	case t.Op == "!=":
		return everything
	}
	took := measured(t, fDuration, func(v store.Value) (float64, bool) { return max(0, float64(v.Int())), true })
	return orZero(t, fDuration, store.Int(0), took)
}

func pushedID(t *traceql.Test, field string) events.Expr {
	if text, ok := t.Text(); ok && t.Op == "=" {
		return events.Equal{Field: field, Text: text}
	}
	return everything
}

func pushedParent(t *traceql.Test) events.Expr {
	switch {
	case t.Missing():
		return events.Not{X: events.Exists{Field: fParentID}}
	case t.Op == "=":
		return pushedID(t, fParentID)
	}
	return events.Exists{Field: fParentID}
}

// pushedRoot asks for spans without a parent, which have -1 for its number.
func pushedRoot(t *traceql.Test) events.Expr {
	if t.Passes(store.Int(-1)) && !t.Passes(store.Int(0)) && !t.Passes(store.Int(math.MaxInt32)) {
		return events.Not{X: events.Exists{Field: fParentID}}
	}
	return everything
}

// pushedItem asks about what part gives of events, links or the scope. What no
// one of several values is cannot be said of one.
func pushedItem(t *traceql.Test, field string, part func(store.Value) store.Value) events.Expr {
	exists := events.Exists{Field: field}
	negated := t.Op == "!=" || t.Op == "!~"
	switch {
	case t.Missing():
		return everything
	case part == nil || negated && !t.Exists:
		return exists
	}
	return events.Any{Named: named(field), Test: func(v store.Value) bool { return t.Passes(part(v)) }, Implied: exists}
}

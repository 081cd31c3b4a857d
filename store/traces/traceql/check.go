package traceql

import "fmt"

// class is what is known of an expression's type before it meets a span.
type class uint8

const (
	classAny class = iota // an attribute
	classNil
	classBool
	classNumber
	classText
	classStatus
	classKind
)

var classNames = [...]string{"an attribute", "nil", "true or false", "a number or duration", "a text", "a status", "a kind"}

// classOf are the classes of intrinsics; classAny for attributes.
var classOf = [...]class{
	Attribute: classAny, SpanDuration: classNumber, SpanName: classText, SpanStatus: classStatus, SpanStatusMessage: classText,
	SpanKind: classKind, SpanID: classText, SpanParentID: classText, SpanChildCount: classNumber, SpanParent: classText,
	NestedSetLeft: classNumber, NestedSetRight: classNumber, NestedSetParent: classNumber,
	TraceDuration: classNumber, TraceRootName: classText, TraceRootService: classText, TraceID: classText,
	EventName: classText, EventTimeSinceStart: classNumber, LinkTraceID: classText, LinkSpanID: classText,
	InstrumentationName: classText, InstrumentationVersion: classText,
}

var kindClasses = [...]class{
	kindNil: classNil, kindBool: classBool, kindInt: classNumber, kindFloat: classNumber, kindDuration: classNumber,
	kindText: classText, kindStatus: classStatus, kindSpanKind: classKind, kindList: classAny,
}

// check finds what can never be true, or was meant otherwise.
func (p *parser) check(x Expr) (class, error) {
	switch x := x.(type) {
	case *Literal:
		return kindClasses[x.kind], nil
	case *Field:
		return classOf[x.Intrinsic], nil
	case *Unary:
		return p.checkUnary(x)
	}
	b := x.(*Binary)
	l, err := p.check(b.L)
	if err != nil {
		return 0, err
	}
	r, err := p.check(b.R)
	if err != nil {
		return 0, err
	}
	return p.checkBinary(b, l, r)
}

func (p *parser) checkUnary(u *Unary) (class, error) {
	want := classBool
	if u.Op == "-" {
		want = classNumber
	}
	c, err := p.check(u.X)
	if err == nil && c != classAny && c != want {
		err = p.fail(u.Pos, u.End, fmt.Sprintf("%q needs %s, not %s", u.Op, classNames[want], classNames[c]), "")
	}
	return want, err
}

func (p *parser) checkBinary(b *Binary, l, r class) (class, error) {
	fail := func(msg, hint string) error { return p.fail(b.Pos, b.End, msg, hint) }
	want := classAny
	switch {
	case b.Op == "&&" || b.Op == "||":
		want = classBool
	case bindings[b.Op] > 2:
		want = classNumber
	}
	if want != classAny {
		for _, c := range []class{l, r} {
			if c != want && c != classAny {
				return 0, fail(fmt.Sprintf("%q needs %s, not %s", b.Op, classNames[want], classNames[c]), "")
			}
		}
		return want, nil
	}
	switch {
	case b.re != nil && l != classText && l != classAny:
		return 0, fail(fmt.Sprintf("%q needs a text, not %s", b.Op, classNames[l]), "")
	case (l == classNil || r == classNil) && b.Op != "=" && b.Op != "!=":
		return 0, fail(fmt.Sprintf("nil has no order for %q", b.Op), "compare by = and !=")
	case l != r && l > classNil && r > classNil:
		return 0, fail(fmt.Sprintf("%s is never %s", classNames[l], classNames[r]), hintOf(l, r))
	case l > classText || r > classText || l == classBool || r == classBool:
		if b.Op != "=" && b.Op != "!=" {
			return 0, fail(fmt.Sprintf("%s has no order", classNames[max(l, r)]), "compare by = and !=")
		}
	}
	return classBool, nil
}

func hintOf(l, r class) string {
	if (l >= classStatus) != (r >= classStatus) && (l == classText || r == classText) {
		return "states and kinds are written without quotes: status = error, kind = server"
	}
	return ""
}

package logs

import (
	"math"
	"regexp"
	"strings"
	"unicode"

	"tripod/store"
	"tripod/store/events"
)

// Where is a node as the engine's predicate.
func Where(n Node) events.Expr {
	switch n := n.(type) {
	case And:
		return events.And(whereAll(n))
	case Or:
		return events.Or(whereAll(n))
	case *Not:
		return events.Not{X: Where(n.X)}
	case *Text:
		return textWhere(&n.Pattern)
	case *Field:
		return n.where()
	case *Keep:
		return n.where()
	case *Maybe:
		return n.where()
	case *StreamLabel:
		return n.where()
	case JSONLine:
		return n.where()
	}
	return events.And(nil)
}

func whereAll(list []Node) []events.Expr {
	out := make([]events.Expr, len(list))
	for i, n := range list {
		out[i] = Where(n)
	}
	return out
}

// textWhere looks for a pattern in what the record says itself. The engine may
// skip by the same predicate over all fields.
func textWhere(p *Pattern) events.Expr {
	switch {
	case p.Kind == Literal && p.Text == "":
		return events.And(nil)
	case p.Kind == Literal && isToken(p.Text):
		return inSaid(events.Word{Text: p.Text})
	case p.Kind == Literal:
		return inSaid(events.Phrase{Text: p.Text})
	case p.Kind == Glob:
		return inSaid(events.Regexp{Re: textGlob(p.Text)})
	}
	return inSaid(events.Regexp{Re: p.re})
}

func inSaid(x events.Expr) events.Expr {
	return events.Within{Named: func(name string) bool { return !unsaid(name) }, X: x}
}

// isToken says whether a text is one token of the engine.
func isToken(s string) bool {
	for _, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return s != ""
}

const (
	tokenClass = `\pL\p{Nd}_`
	notToken   = `[^` + tokenClass + `]`
)

// textGlob matches words with wildcards: "*" stands for any run without white
// space, case is ignored, and no end lies inside a token unless it is a "*".
func textGlob(glob string) *regexp.Regexp {
	parts := strings.Split(glob, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.ToValidUTF8(parts[i], "\uFFFD"))
	}
	pre, post := "", ""
	if r := []rune(glob)[0]; isToken(string(r)) {
		pre = `(?:^|` + notToken + `)`
	}
	if r := []rune(glob); isToken(string(r[len(r)-1])) {
		post = `(?:$|` + notToken + `)`
	}
	return regexp.MustCompile(`(?i)` + pre + strings.Join(parts, `\S*`) + post)
}

// valueGlob matches a whole value: "*" stands for anything.
func valueGlob(glob string) *regexp.Regexp {
	parts := strings.Split(glob, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.ToValidUTF8(parts[i], "\uFFFD"))
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, `.*`) + `$`)
}

func (n *Field) where() events.Expr {
	switch {
	case n.isLevel():
		return n.levelWhere()
	case n.Name == "line":
		return lineWhere(n)
	case n.Op == Is && n.Name == patternField && n.Pattern.Kind == Literal:
		return patternWhere(n.Pattern.Text)
	case n.Op == Is && ownWords[n.Name] == wordBody:
		return messageWhere(n)
	}
	fields := namesOf(n.Name)
	p := n.Pattern
	switch {
	case n.Op == Exists:
		return fields.exists()
	case n.Op == Contains:
		return fields.any(func(v store.Value) bool { return strings.Contains(v.Text(), p.Text) }, nil)
	case n.Op == Is || n.Op == Equal:
		if word := ownWords[n.Name]; word == wordTrace || word == wordSpan {
			p.Text = lowerID(p.Text)
		}
		return fields.matches(p, n.Op == Is)
	}
	return n.compareWhere(&fields)
}

// lowerID spells an id as it is kept.
func lowerID(text string) string {
	if _, err := store.ParseTraceID(text); err != nil {
		return text
	}
	return strings.ToLower(text)
}

// any asks about the value of each field that is meant.
func (n *names) any(test func(store.Value) bool, implied events.Expr) events.Expr {
	return events.Any{Named: n.has, Test: test, Implied: implied}
}

func (n *names) exists() events.Expr {
	if n.loose != "" {
		return n.any(func(store.Value) bool { return true }, nil)
	}
	var or events.Or
	for _, name := range n.exact {
		or = append(or, events.Exists{Field: name})
	}
	return or
}

// matches compares whole values, and maybe each item of a list.
func (n *names) matches(p Pattern, items bool) events.Expr {
	is := func(s string) bool { return s == p.Text }
	var implied events.Expr
	switch {
	case p.Kind == Glob:
		is = valueGlob(p.Text).MatchString
	case p.Kind == Regexp:
		is = p.re.MatchString
	default:
		implied = n.impliedBy(p.Text)
	}
	return n.any(func(v store.Value) bool {
		if is(v.Text()) {
			return true
		}
		if !items || v.Kind != store.KindList {
			return false
		}
		for _, item := range v.In() {
			if is(item.Value.Text()) {
				return true
			}
		}
		return false
	}, implied)
}

// impliedBy is what holds for every event with a value or item of that text:
// it stands in the field's text as a phrase, unless a list's JSON escapes it.
func (n *names) impliedBy(text string) events.Expr {
	if n.loose != "" {
		return impliedBy(nil, text)
	}
	return impliedBy(n.exact, text)
}

func impliedBy(fields []string, text string) events.Expr {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			return nil
		}
	}
	if text == "" {
		return nil
	}
	return events.Phrase{Fields: fields, Text: text}
}

// messageWhere looks for words in the message.
func messageWhere(n *Field) events.Expr {
	body := []string{wordBody}
	p := &n.Pattern
	switch {
	case p.Kind == Glob:
		return events.Regexp{Fields: body, Re: textGlob(p.Text)}
	case p.Kind == Regexp:
		return events.Regexp{Fields: body, Re: p.re}
	case isToken(p.Text):
		return events.Word{Fields: body, Text: p.Text}
	}
	return events.Phrase{Fields: body, Text: p.Text}
}

// lineWhere looks into the line as it was sent: the raw line of a record that
// was taken apart, or else its message.
func lineWhere(n *Field) events.Expr {
	p := &n.Pattern
	in := func(fields ...string) events.Expr {
		switch {
		case p.Kind == Regexp:
			return events.Regexp{Fields: fields, Re: p.re}
		case p.Kind == Glob:
			return events.Regexp{Fields: fields, Re: textGlob(p.Text)}
		case n.Op == Contains:
			return events.Substring{Fields: fields, Text: p.Text}
		case n.Op == Equal:
			return events.Equal{Field: fields[0], Text: p.Text}
		}
		return events.Phrase{Fields: fields, Text: p.Text}
	}
	if n.Op == Exists {
		return events.And(nil)
	}
	if n.Op >= Less {
		return events.Or(nil)
	}
	return events.Or{in(wordRaw), events.And{events.Not{X: events.Exists{Field: wordRaw}}, in(wordBody)}}
}

func (n *Field) compareWhere(fields *names) events.Expr {
	from, ok := n.operand(n.Pattern.Text)
	if !ok {
		return events.Or(nil)
	}
	to, _ := n.operand(n.To)
	x := events.Measured{
		Named:   fields.has,
		Measure: func(v store.Value) (float64, bool) { return measure(n.Name, v, from.unit) },
		Holds:   func(f float64) bool { return n.holds(f, from.number, to.number) },
		From:    from.number, To: from.number,
	}
	switch n.Op {
	case Less, LessEqual:
		x.From = math.Inf(-1)
	case Greater, GreaterEqual:
		x.To = math.Inf(1)
	case Between:
		x.To = to.number
	}
	return x
}

func (n *Field) holds(f, from, to float64) bool {
	switch n.Op {
	case Less:
		return f < from
	case LessEqual:
		return f <= from
	case Greater:
		return f > from
	case GreaterEqual:
		return f >= from
	case Between:
		return from <= f && f <= to
	}
	return f == from
}

// levelWhere is the set of levels, as the engine's classes. Unset is no level:
// it lies neither above nor below another.
func (n *Field) levelWhere() events.Expr {
	var set events.ClassIn
	for slot := range len(store.LogBucket{}.Counts) {
		if n.levelIs(slot) {
			set |= 1 << slot
		}
	}
	return set
}

func (n *Field) levelIs(slot int) bool {
	if slot == 0 && n.Pattern.Kind == Regexp && n.Pattern.re.MatchString("unknown") {
		return true // as Loki calls it
	}
	word := slotWord(slot)
	p := &n.Pattern
	switch {
	case n.Op == Exists:
		return slot > 0
	case n.Op == Contains:
		return strings.Contains(word, p.Text)
	case p.Kind == Glob:
		return valueGlob(p.Text).MatchString(word)
	case p.Kind == Regexp:
		return p.re.MatchString(word)
	}
	from, ok := n.operand(p.Text)
	to, _ := n.operand(n.To)
	if !ok || n.Op >= Less && n.Op <= Between && slot == 0 {
		return false
	}
	return n.holds(float64(slot), from.number, to.number)
}

func slotWord(slot int) string {
	if slot == 0 {
		return "unset"
	}
	return store.LevelNames[slot-1]
}

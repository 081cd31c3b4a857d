package logs

import (
	"strconv"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// Maybe asks for records that may have a label of Loki's with a value that
// passes: one of the stream, one that came with the line, or one that the json
// stage takes out of it. It finds all that have one, and maybe more; for
// detected_level just these. It is no part of the search line.
type Maybe struct {
	Label  string
	Is     string             // the value, or
	Test   func(string) bool  // what the value passes; never an empty one
	Number func(float64) bool // of a Test of numbers: what those pass whose text is not known; nil passes all
	Text   string             // prints it
	// Ahead asks for "level" where no line was taken apart yet, and finds just
	// those: what came with the line or, when nothing did, the record's level.
	Ahead bool
}

// MaybeLabel says whether Maybe can be asked about labels of this name.
func MaybeLabel(name string) bool {
	word, isWord := memberWords[name]
	return name != "" && name != labelService && !strings.HasSuffix(name, "_extracted") && (word != "" || !isWord)
}

func (n *Maybe) passes(text string) bool {
	if n.Test == nil {
		return text == n.Is
	}
	return n.Test(text)
}

func (n *Maybe) where() events.Expr {
	if n.Label == "detected_level" {
		return n.levels()
	}
	if n.Ahead {
		came := events.Any{Named: func(name string) bool { return name == wordLevelLabel }, Test: n.value}
		return events.Or{came, events.And{events.Not{X: events.Exists{Field: wordLevelLabel}}, n.levels()}}
	}
	or := events.Or{events.Any{Named: n.names, Test: n.value, Implied: n.implied()}, events.Exists{Field: wordOpaque}}
	switch word := memberWords[n.Label]; {
	case n.Label == labelLevel:
		or = append(or, n.levels())
	case word == wordTrace || word == wordSpan:
		or = append(or, events.Any{Named: func(name string) bool { return name == word }, Test: n.id, Implied: n.implied()})
	}
	return or
}

// levels are the classes whose word passes.
func (n *Maybe) levels() (set events.ClassIn) {
	for slot := range len(store.LogBucket{}.Counts) {
		if word := slotWord(slot); n.passes(word) && slot > 0 || slot == 0 && n.passes("unknown") {
			set |= 1 << slot
		}
	}
	return set
}

// names says whether a field may be the label; ids are asked for apart.
func (n *Maybe) names(field string) bool {
	name, isAttr := askedName(field)
	switch {
	case !isAttr:
		word := memberWords[n.Label]
		return field == word && word != wordTrace && word != wordSpan ||
			field == wordScopeName && n.Label == "scope_name" || field == wordScopeVersion && n.Label == "scope_version"
	case field != "" && field[0] == scope[0]:
		return false
	}
	return memberLabel(name, n.Label) || oddMember(name)
}

// id says whether an id may pass, which may have had capitals in the line.
func (n *Maybe) id(v store.Value) bool { return n.Test != nil || strings.EqualFold(v.Str(), n.Is) }

// value says whether the value of an attribute may pass. A float may have been
// written in another way.
func (n *Maybe) value(v store.Value) bool {
	switch {
	case v.Kind == store.KindEmpty:
		return false
	case v.Kind != store.KindFloat:
		return n.passes(v.Text())
	case n.Test == nil:
		f, ok := anyFloat(n.Is)
		return ok && f == v.Float() || n.Is == v.Text()
	}
	return n.Number == nil || n.Number(v.Float())
}

// anyFloat reads what a float of another text may stand for: an integer in its
// own form is kept as one.
func anyFloat(text string) (float64, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(i, 10) == text {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// implied is a phrase that every record with the value holds, if there is one.
func (n *Maybe) implied() events.Expr {
	if _, ok := anyFloat(n.Is); ok || n.Test != nil {
		return nil
	}
	return impliedBy(nil, n.Is)
}

// JSONLine asks for records whose line is a JSON object: all of them and maybe
// more or, when Sure, those of which the fields hold all that is in it. It is no
// part of the search line.
type JSONLine struct{ Sure bool }

func (n JSONLine) where() events.Expr {
	raw, opaque := events.Exists{Field: wordRaw}, events.Exists{Field: wordOpaque}
	if n.Sure {
		return events.And{raw, events.Not{X: opaque}}
	}
	return events.Or{raw, opaque}
}

func (n *Maybe) String() string                  { return n.Text }
func (n *Maybe) write(b *strings.Builder, _ int) { b.WriteString(n.Text) }

func (JSONLine) String() string                  { return "a JSON object" }
func (JSONLine) write(b *strings.Builder, _ int) { b.WriteString("a JSON object") }

package logs

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tripod/store"
)

// How a record's parts are called as fields of an event. Attributes have their
// own names; the rest begins with a byte below keep, which parts the name
// spaces. An attribute whose own name begins so gets keep in front.
const (
	own      = "\x00" // words of the record
	resource = "\x01" // attributes of the resource
	scope    = "\x02" // attributes of the scope
	keep     = "\x03"
)

// The record's words. Those up to wordEvent are searched by texts.
const (
	wordBody    = own + "msg"
	wordService = own + "service"
	wordTrace   = own + "trace_id"
	wordSpan    = own + "span_id"
	wordEvent   = own + "event_name"

	wordRaw        = own + "raw"
	wordLevelFrom  = own + "level_from"
	wordAhead      = own + "ahead"  // of a record with a raw line
	wordOpaque     = own + "opaque" // the line may hold what no field does
	wordLevel      = own + "level"  // number, when the class does not say it
	wordLevelText  = own + "level_text"
	wordLevelLabel = own + "level_label" // text of an attribute "level" that came with the line
	wordObserved   = own + "observed"
	wordFlags      = own + "flags"
	wordDropped    = own + "dropped"

	wordResourceDropped = own + "resource.dropped"
	wordResourceSchema  = own + "resource.schema"
	wordScopeName       = own + "scope.name"
	wordScopeVersion    = own + "scope.version"
	wordScopeDropped    = own + "scope.dropped"
	wordScopeSchema     = own + "scope.schema"
)

// ownWords maps the names under which people ask to the record's words.
var ownWords = map[string]string{
	"msg": wordBody, "message": wordBody,
	"service": wordService, "service_name": wordService, "service.name": wordService,
	"trace_id": wordTrace, "traceId": wordTrace, "traceID": wordTrace, "trace.id": wordTrace,
	"span_id": wordSpan, "spanId": wordSpan, "spanID": wordSpan, "span.id": wordSpan,
	"event_name": wordEvent, "event.name": wordEvent,
	"scope.name": wordScopeName, "scope_name": wordScopeName, "otel.scope.name": wordScopeName,
	"scope.version": wordScopeVersion, "scope_version": wordScopeVersion,
}

// attrName is the field name of an attribute.
func attrName(key string) string {
	if key != "" && key[0] <= keep[0] {
		return keep + key
	}
	return key
}

// askedName takes the name space off: the name under which people ask for a
// field; "" and false for the record's own words.
func askedName(field string) (string, bool) {
	if field == "" || field[0] > keep[0] {
		return field, true
	}
	return field[1:], field[0] != own[0]
}

// names says which fields of an event are meant by a name.
type names struct {
	exact []string
	loose string // with "_" for what is no letter or digit; empty when exact is all
}

func namesOf(asked string) names {
	n := names{exact: []string{attrName(asked), resource + asked, scope + asked}}
	if word, ok := ownWords[asked]; ok {
		n.exact = append(n.exact, word)
	} else if strings.Contains(asked, "_") {
		n.loose = asked
	}
	return n
}

func (n *names) has(field string) bool {
	if n.loose == "" {
		return slices.Contains(n.exact, field)
	}
	name, ok := askedName(field)
	return ok && sameLabel(name, n.loose)
}

// LabelName is a name as Loki spells it: "_" for all but letters and digits, and
// in front of a digit that leads.
func LabelName(name string) string {
	if startsWithDigit(name) {
		name = "_" + name
	}
	return strings.Map(func(r rune) rune {
		if isLabelRune(r) {
			return r
		}
		return '_'
	}, name)
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func isLabelRune(r rune) bool {
	return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
}

// sameLabel says whether a name, in Loki's spelling or its own, is the one
// asked for.
func sameLabel(name, asked string) bool {
	if name == asked {
		return true
	}
	if startsWithDigit(name) && strings.HasPrefix(asked, "_") {
		asked = asked[1:]
	}
	for _, a := range asked {
		r, size := utf8.DecodeRuneInString(name)
		if size == 0 || r != a && (a != '_' || isLabelRune(r)) {
			return false
		}
		name = name[size:]
	}
	return name == ""
}

// unsaid are the fields that texts are not searched in.
func unsaid(name string) bool {
	if name == "" || name[0] >= keep[0] {
		return store.IsFileMark(name)
	}
	switch name {
	case wordBody, wordService, wordTrace, wordSpan, wordEvent:
		return false
	}
	return true
}

package traces

import (
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// decoder makes spans out of events and shares what is the same in many.
type decoder struct {
	only      map[string]bool // fields that are read; nil means all
	words     map[string]string
	resources []*store.Resource
	scopes    []*store.Scope
	res       store.Resource // of the span that is decoded, not to be kept
	scope     store.Scope
	texts     strings.Builder // of values that were copied last
}

const maxWords = 10_000

// word is a copy of s, the same one for equal strings.
func (d *decoder) word(s string) string {
	if w, ok := d.words[s]; ok {
		return w
	}
	s = strings.Clone(s)
	if d.words == nil {
		d.words = map[string]string{}
	}
	if len(d.words) < maxWords {
		d.words[s] = s
	}
	return s
}

// decode owns all that it returns. Of an event without some of its fields it
// makes a span without what they say.
func (d *decoder) decode(e *events.Event) store.Span {
	s := store.Span{Start: e.Time, End: e.Time}
	d.res, d.scope = store.Resource{Attrs: d.res.Attrs[:0]}, store.Scope{Attrs: d.scope.Attrs[:0]}
	res, scope := &d.res, &d.scope
	var hasRes, hasScope bool
	for i := range e.Fields {
		name, v := e.Fields[i].Name, e.Fields[i].Value
		switch {
		case d.only != nil && !d.only[name]: // of a head, events have all
		case strings.HasPrefix(name, attrPrefix):
			if s.Attrs == nil {
				s.Attrs = make(store.Attrs, 0, d.attrsFrom(e.Fields[i:]))
			}
			s.Attrs = append(s.Attrs, store.Attr{Key: d.word(name[len(attrPrefix):]), Value: d.value(v)})
		case strings.HasPrefix(name, resourcePrefix):
			hasRes = true
			res.Attrs = append(res.Attrs, store.Attr{Key: name[len(resourcePrefix):], Value: v})
		case strings.HasPrefix(name, scopePrefix):
			hasScope = true
			scope.Attrs = append(scope.Attrs, store.Attr{Key: name[len(scopePrefix):], Value: v})
		case name == fResource:
			hasRes = true
			res.Dropped, res.SchemaURL = uint32(item(v, 0).Int()), d.word(item(v, 1).Str())
		case name == fScope:
			hasScope = true
			scope.Name, scope.Version = d.word(item(v, 0).Str()), d.word(item(v, 1).Str())
			scope.Dropped, scope.SchemaURL = uint32(item(v, 2).Int()), d.word(item(v, 3).Str())
		default:
			d.own(&s, name, v)
		}
	}
	if hasRes {
		s.Resource = d.resource()
	}
	if hasScope {
		s.Scope = d.scopeOf()
	}
	return s
}

// own reads what is a field of the span itself.
func (d *decoder) own(s *store.Span, name string, v store.Value) {
	switch name {
	case fTraceID:
		s.TraceID, _ = store.ParseTraceID(v.Str())
	case fSpanID:
		s.SpanID, _ = store.ParseSpanID(v.Str())
	case fParentID:
		s.ParentID, _ = store.ParseSpanID(v.Str())
	case fService:
		s.Service = d.word(v.Str())
	case fName:
		s.Name = d.word(v.Str())
	case fKind:
		s.Kind = store.SpanKind(v.Int())
	case fDuration:
		s.End = s.Start + v.Int()
	case fStatus:
		s.Status = store.StatusCode(v.Int())
	case fStatusMessage:
		s.StatusMessage = strings.Clone(v.Str())
	case fTraceState:
		s.TraceState = d.word(v.Str())
	case fFlags:
		s.Flags = uint32(v.Int())
	case fDropped:
		s.Dropped = uint32(v.Int())
	case fDroppedEvents:
		s.DroppedEvents = uint32(v.Int())
	case fDroppedLinks:
		s.DroppedLinks = uint32(v.Int())
	case fEvent:
		s.Events = append(s.Events, d.event(v))
	case fLink:
		s.Links = append(s.Links, d.link(v))
	}
}

// attrsFrom counts the attributes of the span among fields.
func (d *decoder) attrsFrom(fields []events.Field) (n int) {
	for i := range fields {
		if strings.HasPrefix(fields[i].Name, attrPrefix) {
			n++
		}
	}
	return n
}

// textsAtATime is what the copies of short texts share, in bytes.
const textsAtATime = 4096

// value is a copy of v.
func (d *decoder) value(v store.Value) store.Value {
	if v.Kind != store.KindString || len(v.Str()) > textsAtATime/8 {
		return v.Clone()
	}
	if d.texts.Len()+len(v.Str()) > d.texts.Cap() {
		d.texts = strings.Builder{}
		d.texts.Grow(textsAtATime)
	}
	from := d.texts.Len()
	d.texts.WriteString(v.Str())
	return store.String(d.texts.String()[from:])
}

// attrs is a copy.
func (d *decoder) attrs(from store.Attrs) (out store.Attrs) {
	for _, a := range from {
		out = append(out, store.Attr{Key: d.word(a.Key), Value: a.Value.Clone()})
	}
	return out
}

func (d *decoder) event(v store.Value) store.SpanEvent {
	return store.SpanEvent{
		Time: item(v, 0).Int(), Name: d.word(item(v, 1).Str()),
		Attrs: mapAttrs(item(v, 2)), Dropped: uint32(item(v, 3).Int()),
	}
}

func (d *decoder) link(v store.Value) store.SpanLink {
	l := store.SpanLink{
		TraceState: d.word(item(v, 2).Str()), Flags: uint32(item(v, 3).Int()),
		Attrs: mapAttrs(item(v, 4)), Dropped: uint32(item(v, 5).Int()),
	}
	l.TraceID, _ = store.ParseTraceID(item(v, 0).Str())
	l.SpanID, _ = store.ParseSpanID(item(v, 1).Str())
	return l
}

// resource is that of the span, the same one for equal ones.
func (d *decoder) resource() *store.Resource {
	r := d.res
	for _, known := range d.resources {
		if known.Dropped == r.Dropped && known.SchemaURL == r.SchemaURL && equalAttrs(known.Attrs, r.Attrs) {
			return known
		}
	}
	r.Attrs = d.attrs(r.Attrs)
	if len(d.resources) < 100 {
		d.resources = append(d.resources, &r)
	}
	return &r
}

func (d *decoder) scopeOf() *store.Scope {
	c := d.scope
	for _, known := range d.scopes {
		if known.Name == c.Name && known.Version == c.Version && known.Dropped == c.Dropped &&
			known.SchemaURL == c.SchemaURL && equalAttrs(known.Attrs, c.Attrs) {
			return known
		}
	}
	c.Attrs = d.attrs(c.Attrs)
	if len(d.scopes) < 100 {
		d.scopes = append(d.scopes, &c)
	}
	return &c
}

func equalAttrs(a, b store.Attrs) bool { return store.Map(a).Equal(store.Map(b)) }

// mapAttrs is nil for an empty map.
func mapAttrs(v store.Value) store.Attrs {
	if len(v.In()) == 0 {
		return nil
	}
	return v.Clone().In()
}

// item is an empty value where there is none.
func item(v store.Value, i int) store.Value {
	if in := v.In(); i < len(in) {
		return in[i].Value
	}
	return store.Value{}
}

package logs

import (
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// encode writes a record as an event into the memory of fields. What texts are
// searched in comes first; the line as it was sent comes last.
func (e *encoder) encode(r *store.Record, fields []events.Field) events.Event {
	e.fields = fields
	if r.Body.Kind != store.KindEmpty {
		e.add(wordBody, &r.Body)
	}
	e.text(wordService, r.Service)
	e.text(wordEvent, r.EventName)
	if !r.TraceID.IsZero() {
		e.slot(wordTrace).SetString(e.ids.Trace(r.TraceID))
	}
	if !r.SpanID.IsZero() {
		e.slot(wordSpan).SetString(e.ids.Span(r.SpanID))
	}
	for i := range r.Attrs {
		e.add(attrName(r.Attrs[i].Key), &r.Attrs[i].Value)
	}
	e.resource(r.Resource)
	e.scope(r.Scope)
	slot := store.LevelSlot(r.Level)
	if r.Level != slotLevel(slot) {
		*e.slot(wordLevel) = store.Int(int64(r.Level))
	}
	e.text(wordLevelText, r.LevelText)
	e.text(wordLevelLabel, levelLabel(r))
	e.number(wordObserved, r.Observed)
	e.number(wordFlags, int64(r.Flags))
	e.number(wordDropped, int64(r.Dropped))
	if r.Raw != "" {
		e.number(wordAhead, int64(r.Ahead))
		e.text(wordLevelFrom, r.LevelFrom)
	}
	if opaque(r) {
		e.number(wordOpaque, 1)
	}
	e.text(wordRaw, r.Raw)
	return events.Event{Time: r.Time, Class: uint8(slot), Fields: e.fields, Alike: e.alike(r, slot)}
}

// alike says that the digest knows of the record what the one before told.
func (e *encoder) alike(r *store.Record, slot int) bool {
	now := told{r.Resource, r.Service, slot}
	was := e.told
	e.told = now
	return now == was
}

// told is what a digest takes of a record.
type told struct {
	resource *store.Resource
	service  string
	slot     int
}

// levelLabel is what came with the line under the name of the level, which
// LogQL asks for as a label.
func levelLabel(r *store.Record) string {
	n := len(r.Attrs)
	if r.Raw != "" {
		n = min(n, r.Ahead)
	}
	for i := range r.Attrs[:n] {
		if a := &r.Attrs[i]; a.Key == labelLevel {
			if text := a.Value.Text(); text != "" {
				return text
			}
		}
	}
	return ""
}

// opaque says whether the line may be an object of JSON whose members are not
// all among the fields: it was taken apart in part, or not at all.
func opaque(r *store.Record) bool {
	if r.Raw != "" {
		return r.Opaque
	}
	return r.Body.Kind == store.KindMap || strings.HasPrefix(strings.TrimLeft(r.Body.Str(), " \t\r\n"), "{")
}

// slotLevel is the level that a slot stands for when nothing else is said.
func slotLevel(slot int) store.Level {
	if slot == 0 {
		return store.LevelUnset
	}
	return store.Level(4*(slot-1) + 1)
}

// fieldsOf bounds how many fields encode writes.
func fieldsOf(r *store.Record) int {
	n := 20 + len(r.Attrs)
	if r.Resource != nil {
		n += len(r.Resource.Attrs)
	}
	if r.Scope != nil {
		n += len(r.Scope.Attrs)
	}
	return n
}

// encoder writes the events of one batch.
type encoder struct {
	fields []events.Field
	ids    store.HexIDs
	shared *store.Resource // of the record before
	parts  []events.Field  // what it comes to
	told   told            // of the record before
}

// slot makes room for the value of one more field: values are written where
// they stay, see store.Value.SetString.
func (e *encoder) slot(name string) *store.Value {
	n := len(e.fields)
	if n == cap(e.fields) {
		e.fields = append(e.fields, events.Field{})
	}
	e.fields = e.fields[:n+1]
	e.fields[n].Name = name
	return &e.fields[n].Value
}

func (e *encoder) add(name string, v *store.Value) { *e.slot(name) = *v }

func (e *encoder) text(name, s string) {
	if s != "" {
		e.slot(name).SetString(s)
	}
}

func (e *encoder) number(name string, n int64) {
	if n != 0 {
		*e.slot(name) = store.Int(n)
	}
}

// resource is mostly that of the record before.
func (e *encoder) resource(r *store.Resource) {
	if r == nil {
		return
	}
	if r == e.shared {
		e.fields = append(e.fields, e.parts...)
		return
	}
	from := len(e.fields)
	for i := range r.Attrs {
		e.add(resource+r.Attrs[i].Key, &r.Attrs[i].Value)
	}
	e.number(wordResourceDropped, int64(r.Dropped))
	e.text(wordResourceSchema, r.SchemaURL)
	e.shared, e.parts = r, e.fields[from:len(e.fields):len(e.fields)]
}

func (e *encoder) scope(s *store.Scope) {
	if s == nil {
		return
	}
	for i := range s.Attrs {
		e.add(scope+s.Attrs[i].Key, &s.Attrs[i].Value)
	}
	e.text(wordScopeName, s.Name)
	e.text(wordScopeVersion, s.Version)
	e.number(wordScopeDropped, int64(s.Dropped))
	e.text(wordScopeSchema, s.SchemaURL)
}

package traces

import (
	"sync"

	"tripod/store"
	"tripod/store/events"
)

// encoder makes events of the spans of a batch, from which decode makes the
// same spans. Its memory serves the next batch, when the engine is done with
// this one.
type encoder struct {
	calls []call // of the spans
	batch []events.Event
	list  []events.Field // of all events, one behind the other
	// Where the list has the fields of the last resource and scope: mostly those
	// of the next span, too.
	resource            *store.Resource
	scope               *store.Scope
	ofResource, ofScope [2]int
	ids                 store.HexIDs
	// Names of fields by those of attributes.
	attr, resAttr, scopeAttr names
}

var encoders = sync.Pool{New: func() any {
	return &encoder{attr: newNames(attrPrefix), resAttr: newNames(resourcePrefix), scopeAttr: newNames(scopePrefix)}
}}

// maxPooledFields bounds the memory that is kept for the next batch, to 4 MB.
const maxPooledFields = 64 << 10

// free keeps the memory for the next batch; what is in it stays until then.
func (e *encoder) free() {
	if cap(e.list) > maxPooledFields {
		return
	}
	e.calls, e.batch, e.list, e.ids, e.resource, e.scope = e.calls[:0], e.batch[:0], e.list[:0], store.HexIDs{}, nil, nil
	encoders.Put(e)
}

// encode makes the events of spans, each of which tells of a call.
func (e *encoder) encode(spans []store.Span, calls []call) []events.Event {
	e.ids.Grow(len(spans), 2*len(spans))
	n := 0
	for i := range spans {
		n += atMost(&spans[i]) + 3 + 2*len(calls[i].callees)
	}
	if cap(e.list) < n {
		e.list = make([]events.Field, 0, n)
	}
	for i := range spans {
		from, s := len(e.list), &spans[i]
		e.span(s)
		e.call(&calls[i], s.Start)
		e.batch = append(e.batch, events.Event{Time: s.Start, Class: class(s), Fields: e.list[from:len(e.list):len(e.list)]})
	}
	return e.batch
}

// atMost is how many fields a span has at most.
func atMost(s *store.Span) int {
	n := 16 + len(s.Attrs) + len(s.Events) + len(s.Links)
	if s.Resource != nil {
		n += len(s.Resource.Attrs)
	}
	if s.Scope != nil {
		n += len(s.Scope.Attrs)
	}
	return n
}

func (e *encoder) span(s *store.Span) {
	e.text(fTraceID, e.ids.Trace(s.TraceID))
	e.text(fSpanID, e.ids.Span(s.SpanID))
	if !s.ParentID.IsZero() {
		e.text(fParentID, e.ids.Span(s.ParentID))
	}
	e.text(fService, s.Service)
	e.text(fName, s.Name)
	e.int(fKind, int64(s.Kind))
	e.int(fDuration, s.End-s.Start) // wraps around, and back in decode
	e.int(fStatus, int64(s.Status))
	e.text(fStatusMessage, s.StatusMessage)
	e.text(fTraceState, s.TraceState)
	e.int(fFlags, int64(s.Flags))
	e.attrs(&e.attr, s.Attrs)
	e.int(fDropped, int64(s.Dropped))
	e.int(fDroppedEvents, int64(s.DroppedEvents))
	e.int(fDroppedLinks, int64(s.DroppedLinks))
	for i := range s.Events {
		e.add(fEvent, encodeEvent(&s.Events[i]))
	}
	for i := range s.Links {
		e.add(fLink, encodeLink(&s.Links[i]))
	}
	e.fromResource(s.Resource)
	e.fromScope(s.Scope)
}

func (e *encoder) fromResource(r *store.Resource) {
	if r == nil {
		return
	}
	if r == e.resource {
		e.list = append(e.list, e.list[e.ofResource[0]:e.ofResource[1]]...)
		return
	}
	from := len(e.list)
	if len(r.Attrs) == 0 || r.Dropped != 0 || r.SchemaURL != "" { // else the attributes say that there is one
		e.add(fResource, store.List(store.Int(int64(r.Dropped)), store.String(r.SchemaURL)))
	}
	e.attrs(&e.resAttr, r.Attrs)
	e.resource, e.ofResource = r, [2]int{from, len(e.list)}
}

func (e *encoder) fromScope(c *store.Scope) {
	if c == nil {
		return
	}
	if c == e.scope {
		e.list = append(e.list, e.list[e.ofScope[0]:e.ofScope[1]]...)
		return
	}
	from := len(e.list)
	items := []store.Value{store.String(c.Name), store.String(c.Version), store.Int(int64(c.Dropped)), store.String(c.SchemaURL)}
	if c.Dropped == 0 && c.SchemaURL == "" {
		items = items[:2]
	}
	e.add(fScope, store.List(items...))
	e.attrs(&e.scopeAttr, c.Attrs)
	e.scope, e.ofScope = c, [2]int{from, len(e.list)}
}

// call adds what a span that starts then says of its neighbours.
func (e *encoder) call(c *call, start int64) {
	if c.again {
		e.add(fAgain, store.Bool(true))
	}
	e.text(fCaller, c.caller)
	if !c.awaits.IsZero() {
		e.text(fAwaits, c.awaits.String())
	}
	for i := range c.callees {
		e.add(fCallee, store.String(c.callees[i].service))
		e.add(fCalled, store.Int(c.callees[i].pack(start)))
	}
}

func encodeEvent(ev *store.SpanEvent) store.Value {
	return store.List(store.Int(ev.Time), store.String(ev.Name), store.Map(ev.Attrs), store.Int(int64(ev.Dropped)))
}

func encodeLink(l *store.SpanLink) store.Value {
	return store.List(store.String(l.TraceID.String()), store.String(l.SpanID.String()), store.String(l.TraceState),
		store.Int(int64(l.Flags)), store.Map(l.Attrs), store.Int(int64(l.Dropped)))
}

func (e *encoder) add(name string, v store.Value) {
	e.list = append(e.list, events.Field{Name: name, Value: v})
}

func (e *encoder) text(name, s string) {
	if s != "" {
		e.add(name, store.String(s))
	}
}

func (e *encoder) int(name string, n int64) {
	if n != 0 {
		e.add(name, store.Int(n))
	}
}

func (e *encoder) attrs(n *names, in store.Attrs) {
	for i := range in {
		e.list = append(e.list, events.Field{Name: n.of(in[i].Key), Value: in[i].Value})
	}
}

// names are those of fields by the keys of attributes, so that each is put
// together once.
type names struct {
	prefix string
	known  map[string]string
	lately *[1 << latelyNames]string // some of them: spans have the same few attributes
}

const latelyNames = 6 // bits

func newNames(prefix string) names {
	return names{prefix, map[string]string{}, &[1 << latelyNames]string{}}
}

// Bounds of the names that an encoder knows: 64 KB for each prefix.
const (
	maxKnown    = 1000
	maxKnownLen = 64
)

func (n *names) of(key string) string {
	late := &n.lately[(uint64(len(key))^ends(key))*0x9e3779b97f4a7c15>>(64-latelyNames)]
	if len(*late) == len(n.prefix)+len(key) && (*late)[len(n.prefix):] == key {
		return *late
	}
	if len(key) > maxKnownLen {
		return n.prefix + key
	}
	*late = n.find(key)
	return *late
}

func (n *names) find(key string) string {
	if name, ok := n.known[key]; ok {
		return name
	}
	name := n.prefix + key
	if len(n.known) < maxKnown {
		n.known[name[len(n.prefix):]] = name
	}
	return name
}

package traces

import (
	"errors"

	"tripod/store"
	"tripod/store/events"
)

// The fields of a span, as FORMAT.md of the room says.
const (
	fTraceID       = "trace_id"
	fSpanID        = "span_id"
	fParentID      = "parent_id"
	fName          = "name"
	fKind          = "kind"
	fDuration      = "duration"
	fService       = "service"
	fStatus        = "status"
	fStatusMessage = "status_message"
	fTraceState    = "trace_state"
	fFlags         = "flags"
	fDropped       = "dropped"
	fDroppedEvents = "dropped_events"
	fDroppedLinks  = "dropped_links"
	fEvent         = "event"
	fLink          = "link"
	fResource      = "resource"
	fScope         = "scope"
	fAgain         = "again"
	fCaller        = "caller"
	fCallee        = "callee"

	attrPrefix     = "."
	resourcePrefix = "r:"
	scopePrefix    = "s:"
)

// The bits of an event's class.
const (
	classError = 1 // the status is an error
	classEntry = 2 // server, consumer, or root: a service was entered
)

const (
	errorClasses = events.ClassIn(1<<classError | 1<<(classError|classEntry))
	entryClasses = events.ClassIn(1<<classEntry | 1<<(classError|classEntry))
)

// encode makes a span an event, from which decode makes the same span.
func encode(s *store.Span) events.Event {
	e := fields{make([]events.Field, 0, 12+len(s.Attrs)+len(s.Events)+len(s.Links))}
	e.text(fTraceID, s.TraceID.String())
	e.text(fSpanID, s.SpanID.String())
	if !s.ParentID.IsZero() {
		e.text(fParentID, s.ParentID.String())
	}
	e.text(fService, s.Service)
	e.text(fName, s.Name)
	e.int(fKind, int64(s.Kind))
	e.int(fDuration, s.End-s.Start) // wraps around, and back in decode
	e.int(fStatus, int64(s.Status))
	e.text(fStatusMessage, s.StatusMessage)
	e.text(fTraceState, s.TraceState)
	e.int(fFlags, int64(s.Flags))
	e.attrs(attrPrefix, s.Attrs)
	e.int(fDropped, int64(s.Dropped))
	e.int(fDroppedEvents, int64(s.DroppedEvents))
	e.int(fDroppedLinks, int64(s.DroppedLinks))
	for i := range s.Events {
		e.add(fEvent, encodeEvent(&s.Events[i]))
	}
	for i := range s.Links {
		e.add(fLink, encodeLink(&s.Links[i]))
	}
	if r := s.Resource; r != nil {
		e.add(fResource, store.List(store.Int(int64(r.Dropped)), store.String(r.SchemaURL)))
		e.attrs(resourcePrefix, r.Attrs)
	}
	if c := s.Scope; c != nil {
		e.add(fScope, store.List(store.String(c.Name), store.String(c.Version), store.Int(int64(c.Dropped)), store.String(c.SchemaURL)))
		e.attrs(scopePrefix, c.Attrs)
	}
	return events.Event{Time: s.Start, Class: class(s), Fields: e.list}
}

func class(s *store.Span) (c uint8) {
	if s.Status == store.StatusError {
		c |= classError
	}
	if s.ParentID.IsZero() || s.Kind == store.SpanServer || s.Kind == store.SpanConsumer {
		c |= classEntry
	}
	return c
}

// tell adds what a span says of its neighbours.
func (c *call) tell(e *events.Event) {
	if c.again {
		e.Fields = append(e.Fields, events.Field{Name: fAgain, Value: store.Bool(true)})
	}
	if c.caller != "" {
		e.Fields = append(e.Fields, events.Field{Name: fCaller, Value: store.String(c.caller)})
	}
	for _, to := range c.callees {
		flags := int64(oneIf(to.fails) | oneIf(to.queue)<<1)
		v := store.List(store.String(to.service), store.Int(to.start-e.Time), store.Int(to.took), store.Int(flags))
		e.Fields = append(e.Fields, events.Field{Name: fCallee, Value: v})
	}
}

func encodeEvent(ev *store.SpanEvent) store.Value {
	return store.List(store.Int(ev.Time), store.String(ev.Name), store.Map(ev.Attrs), store.Int(int64(ev.Dropped)))
}

func encodeLink(l *store.SpanLink) store.Value {
	return store.List(store.String(l.TraceID.String()), store.String(l.SpanID.String()), store.String(l.TraceState),
		store.Int(int64(l.Flags)), store.Map(l.Attrs), store.Int(int64(l.Dropped)))
}

type fields struct{ list []events.Field }

func (f *fields) add(name string, v store.Value) {
	f.list = append(f.list, events.Field{Name: name, Value: v})
}

func (f *fields) text(name, s string) {
	if s != "" {
		f.add(name, store.String(s))
	}
}

func (f *fields) int(name string, n int64) {
	if n != 0 {
		f.add(name, store.Int(n))
	}
}

func (f *fields) attrs(prefix string, in store.Attrs) {
	for _, a := range in {
		f.add(prefix+a.Key, a.Value)
	}
}

// joinPartial adds our own refusals to those of the engine; any other error of
// the engine means that nothing was kept.
func joinPartial(refused *store.PartialError, err error) error {
	var more *store.PartialError
	switch {
	case err == nil:
		return refused
	case errors.As(err, &more):
		refused.Rejected += more.Rejected
		return refused
	}
	return err
}

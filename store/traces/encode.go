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
	fCalled        = "called"
	fAwaits        = "awaits"

	attrPrefix     = "."
	resourcePrefix = "r:"
	fVersion       = resourcePrefix + "service.version"
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

func class(s *store.Span) (c uint8) {
	if s.Status == store.StatusError {
		c |= classError
	}
	if s.ParentID.IsZero() || s.Kind == store.SpanServer || s.Kind == store.SpanConsumer {
		c |= classEntry
	}
	return c
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

package otlp

import (
	"cmp"
	"slices"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

// spanReader reads a request of traces.
type spanReader struct {
	reader
	spans []store.Span
	fault string // of an id of the span at hand
}

var spanReaders = sync.Pool{New: func() any {
	r := &spanReader{}
	r.grow = func(n int) { r.spans = slices.Grow(r.spans, n) }
	r.item = r.span
	return r
}}

// maxPooledSpans bounds what is kept for the next request: 1 MB.
const maxPooledSpans = 4 << 10

// newSpanReader is to be freed when nobody uses the spans any more.
func newSpanReader() *spanReader {
	r := spanReaders.Get().(*spanReader)
	r.left, r.bad = maxParts, web.Refusals{}
	return r
}

// free forgets what is shared with the request.
func (r *spanReader) free() {
	if cap(r.spans) > maxPooledSpans || cap(r.attrs) > maxPooledAttrs {
		return
	}
	clear(r.spans)
	clear(r.attrs)
	r.spans, r.attrs = r.spans[:0], r.attrs[:0]
	spanReaders.Put(r)
}

// span reads a span. One that no trace could ever show is refused.
func (r *spanReader) span(m fields, of origin) error {
	if err := r.enter(itemDepth); err != nil {
		return err
	}
	r.spans = append(r.spans, store.Span{Service: of.service, Resource: of.resource, Scope: of.scope})
	s := &r.spans[len(r.spans)-1]
	c, from := enums{}, len(r.attrs)
	r.fault = ""
	for m.next() {
		if m.num == 9 {
			m.err = r.attribute(&m, &from)
		} else {
			m.err = r.spanField(s, &c, &m)
		}
	}
	if m.err != nil {
		return m.err
	}
	s.Attrs = r.attributes(from)
	c.set(s)
	if why := cmp.Or(r.fault, unfit(s)); why != "" {
		r.bad.Add(web.Invalid, 1, refusedSpan(s, why))
		r.spans = r.spans[:len(r.spans)-1]
	}
	return nil
}

// enums are a span's enumerations as they came.
type enums struct{ kind, status int32 }

// set takes those that OTLP has.
func (c enums) set(s *store.Span) {
	if c.kind > 0 && c.kind <= int32(store.SpanConsumer) {
		s.Kind = store.SpanKind(c.kind)
	}
	if c.status > 0 && c.status <= int32(store.StatusError) {
		s.Status = store.StatusCode(c.status)
	}
}

// spanField reads a field of a Span, other than an attribute.
func (r *spanReader) spanField(s *store.Span, c *enums, m *fields) error {
	if m.num >= protowire.Number(len(spanTypes)) || spanTypes[m.num] < 0 || !m.is(spanTypes[m.num]) {
		return m.err
	}
	switch m.num {
	case 1:
		r.id(s.TraceID[:], m, "trace")
	case 2:
		r.id(s.SpanID[:], m, "span")
	case 3:
		s.TraceState = m.bytes()
	case 4:
		r.id(s.ParentID[:], m, "parent span")
	case 5:
		s.Name = m.bytes()
	case 6:
		c.kind = int32(m.n)
	case 7:
		s.Start = int64(m.n)
	case 8:
		s.End = int64(m.n)
	case 10:
		s.Dropped = uint32(m.n)
	case 11:
		s.Events = append(s.Events, store.SpanEvent{})
		return r.event(&s.Events[len(s.Events)-1], m.inside())
	case 12:
		s.DroppedEvents = uint32(m.n)
	case 13:
		s.Links = append(s.Links, store.SpanLink{})
		return r.link(&s.Links[len(s.Links)-1], m.inside())
	case 14:
		s.DroppedLinks = uint32(m.n)
	case 15:
		return r.status(s, c, m.inside())
	case 16:
		s.Flags = uint32(m.n)
	}
	return nil
}

// id reads an id, and notes the fault of the first that cannot be one.
func (r *spanReader) id(id []byte, m *fields, what string) {
	r.fault = cmp.Or(r.fault, readID(id, m, what))
}

// spanTypes are the wire types of a Span's fields, -1 for those that there are
// not.
var spanTypes = [...]protowire.Type{
	1: protowire.BytesType, 2: protowire.BytesType, 3: protowire.BytesType, 4: protowire.BytesType, 5: protowire.BytesType,
	6: protowire.VarintType, 7: protowire.Fixed64Type, 8: protowire.Fixed64Type, 10: protowire.VarintType,
	11: protowire.BytesType, 12: protowire.VarintType, 13: protowire.BytesType, 14: protowire.VarintType,
	15: protowire.BytesType, 16: protowire.Fixed32Type,
	0: -1, 9: -1,
}

func (r *spanReader) status(s *store.Span, c *enums, m fields) error {
	if err := r.enter(itemDepth - 1); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 2:
			if m.is(protowire.BytesType) {
				s.StatusMessage = m.bytes()
			}
		case 3:
			if m.is(protowire.VarintType) {
				c.status = int32(m.n)
			}
		}
	}
	return m.err
}

func (r *spanReader) event(e *store.SpanEvent, m fields) error {
	if err := r.enter(itemDepth - 1); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			if m.is(protowire.Fixed64Type) {
				e.Time = int64(m.n)
			}
		case 2:
			if m.is(protowire.BytesType) {
				e.Name = m.bytes()
			}
		case 3:
			e.Attrs, m.err = r.pair(e.Attrs, &m, itemDepth-2)
		case 4:
			if m.is(protowire.VarintType) {
				e.Dropped = uint32(m.n)
			}
		}
	}
	return m.err
}

func (r *spanReader) link(l *store.SpanLink, m fields) error {
	if err := r.enter(itemDepth - 1); err != nil {
		return err
	}
	for m.next() {
		if m.num == 4 {
			l.Attrs, m.err = r.pair(l.Attrs, &m, itemDepth-2)
		} else {
			m.err = r.linkField(l, &m)
		}
	}
	return m.err
}

func (r *spanReader) linkField(l *store.SpanLink, m *fields) error {
	if m.num >= protowire.Number(len(linkTypes)) || linkTypes[m.num] < 0 || !m.is(linkTypes[m.num]) {
		return m.err
	}
	switch m.num {
	case 1:
		r.id(l.TraceID[:], m, "link's trace")
	case 2:
		r.id(l.SpanID[:], m, "link's span")
	case 3:
		l.TraceState = m.bytes()
	case 5:
		l.Dropped = uint32(m.n)
	case 6:
		l.Flags = uint32(m.n)
	}
	return nil
}

var linkTypes = [...]protowire.Type{
	1: protowire.BytesType, 2: protowire.BytesType, 3: protowire.BytesType, 5: protowire.VarintType, 6: protowire.Fixed32Type,
	0: -1, 4: -1,
}

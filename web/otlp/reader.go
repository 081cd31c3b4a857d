package otlp

import (
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

// reader reads requests of protobuf of logs or of traces, which are built the
// same: pdata's way, a tree of allocations that is walked twice more, takes
// four times as long. It keeps to the bounds of checkProto, and takes what
// pdata takes.
type reader struct {
	left  int         // messages that may still come
	attrs store.Attrs // room; its length is what items have, and what lies behind is empty
	bad   web.Refusals
	grow  func(n int)                     // makes room for so many items
	item  func(m fields, of origin) error // reads one
}

// origin is what an item is of.
type origin struct {
	resource *store.Resource
	scope    *store.Scope
	service  string
}

// maxPooledAttrs bounds what is kept for the next request: 4 MB.
const maxPooledAttrs = 64 << 10

// request reads a request; what is read shares its memory.
func (r *reader) request(text string) error {
	m := fields{text: text, end: len(text)}
	if err := r.enter(maxDepth); err != nil {
		return err
	}
	for m.next() {
		if m.num == 1 && m.is(protowire.BytesType) {
			m.err = r.resourceItems(m.inside())
		}
	}
	return m.err
}

// enter counts a message, which may have so many levels.
func (r *reader) enter(depth int) error {
	if r.left--; r.left < 0 {
		return tooManyParts()
	}
	if depth == 0 {
		return tooDeep()
	}
	return nil
}

// attribute reads an attribute of the item at hand, whose first one is at from.
func (r *reader) attribute(m *fields, from *int) error {
	if !m.is(protowire.BytesType) {
		return m.err
	}
	if len(r.attrs) == cap(r.attrs) { // the item's move into more room
		more := make(store.Attrs, 0, max(1024, 2*cap(r.attrs)))
		r.attrs, *from = append(more, r.attrs[*from:]...), 0
	}
	r.attrs = r.attrs[:len(r.attrs)+1]
	return r.keyValue(&r.attrs[len(r.attrs)-1], m.inside(), itemDepth-1)
}

// attributes are those from a place on; nil when there are none.
func (r *reader) attributes(from int) store.Attrs {
	if from == len(r.attrs) {
		return nil
	}
	return r.attrs[from:len(r.attrs):len(r.attrs)]
}

// itemDepth is how many levels a record or span has left.
const itemDepth = maxDepth - 3

// resourceItems looks for the resource first, since nothing orders fields. What
// stands in the deprecated field 1000 counts when there is nothing in field 2.
func (r *reader) resourceItems(m fields) error {
	if err := r.enter(maxDepth - 1); err != nil {
		return err
	}
	res, scopes := &store.Resource{}, protowire.Number(1000)
	first := m
	for first.next() {
		switch first.num {
		case 1:
			if first.is(protowire.BytesType) {
				first.err = r.resource(res, first.inside())
			}
		case 2:
			scopes = 2
		case 3:
			if first.is(protowire.BytesType) {
				res.SchemaURL = first.bytes()
			}
		}
	}
	if first.err != nil {
		return first.err
	}
	of := origin{resource: res, service: res.Attrs.Text("service.name")}
	for m.next() {
		if (m.num == 2 || m.num == 1000) && m.is(protowire.BytesType) && m.num == scopes {
			m.err = r.scopeItems(m.inside(), of)
		}
	}
	return m.err
}

func (r *reader) resource(res *store.Resource, m fields) error {
	if err := r.enter(maxDepth - 2); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			res.Attrs, m.err = r.pair(res.Attrs, &m, maxDepth-3)
		case 2:
			if m.is(protowire.VarintType) {
				res.Dropped = uint32(m.n)
			}
		case 3: // entities, which are not kept
			if m.is(protowire.BytesType) {
				m.err = r.enter(maxDepth - 3)
			}
		}
	}
	return m.err
}

// scopeItems looks for the scope first.
func (r *reader) scopeItems(m fields, of origin) error {
	if err := r.enter(maxDepth - 2); err != nil {
		return err
	}
	first, count := m, 0
	of.scope = &store.Scope{}
	for first.next() {
		switch first.num {
		case 1:
			if first.is(protowire.BytesType) {
				first.err = r.scope(of.scope, first.inside())
			}
		case 2:
			count++
		case 3:
			if first.is(protowire.BytesType) {
				of.scope.SchemaURL = first.bytes()
			}
		}
	}
	if first.err != nil {
		return first.err
	}
	r.grow(min(count, r.left))
	for m.next() {
		if m.num == 2 && m.is(protowire.BytesType) {
			m.err = r.item(m.inside(), of)
		}
	}
	return m.err
}

func (r *reader) scope(scope *store.Scope, m fields) error {
	if err := r.enter(maxDepth - 3); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			if m.is(protowire.BytesType) {
				scope.Name = m.bytes()
			}
		case 2:
			if m.is(protowire.BytesType) {
				scope.Version = m.bytes()
			}
		case 3:
			scope.Attrs, m.err = r.pair(scope.Attrs, &m, maxDepth-4)
		case 4:
			if m.is(protowire.VarintType) {
				scope.Dropped = uint32(m.n)
			}
		}
	}
	return m.err
}

package jaegerapi

import (
	"cmp"
	"slices"
	"strconv"

	"tripod/store"
)

// processes numbers the resources of a trace by first appearance; equal ones
// share a number, whatever request brought them.
type processes struct {
	last  origin
	id    string            // of last; empty when there is none
	known map[origin]string // numbers
	byKey map[string]string // by service and attributes in words
	keys  map[origin]string // of byKey, also of the traces before
	list  []numbered
}

// origin is where a span says that it comes from.
type origin struct {
	res     *store.Resource
	service string
}

type numbered struct {
	id string
	origin
}

// begin forgets the processes of another trace.
func (p *processes) begin() {
	if p.known == nil {
		p.known, p.byKey, p.keys = map[origin]string{}, map[string]string{}, map[origin]string{}
	}
	clear(p.known)
	clear(p.byKey)
	clear(p.list)
	p.last, p.id, p.list = origin{}, "", p.list[:0]
}

func (p *processes) of(s *store.Span) string {
	from := origin{s.Resource, s.Service}
	if p.id != "" && p.last == from {
		return p.id
	}
	id, ok := p.known[from]
	if !ok {
		id = p.number(from)
		p.known[from] = id
	}
	p.last, p.id = from, id
	return id
}

func (p *processes) number(from origin) string {
	key, ok := p.keys[from]
	if !ok {
		key = strconv.Quote(from.service) + store.Map(from.attrs()).Text()
		p.keys[from] = key
	}
	id, ok := p.byKey[key]
	if !ok {
		id = "p" + strconv.Itoa(len(p.list)+1)
		p.byKey[key] = id
		p.list = append(p.list, numbered{id, from})
	}
	return id
}

func (o *origin) attrs() store.Attrs {
	if o.res == nil {
		return nil
	}
	return o.res.Attrs
}

// free forgets all.
func (p *processes) free() {
	p.begin()
	clear(p.keys)
}

// appendTo writes the processes in order of their ids' texts.
func (p *processes) appendTo(b []byte) []byte {
	slices.SortFunc(p.list, func(x, y numbered) int { return cmp.Compare(x.id, y.id) })
	b = append(b, '{')
	for i := range p.list {
		n := &p.list[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), n.id...), `":{"serviceName":`...)
		b = appendString(b, cmp.Or(n.service, noService))
		b = append(b, `,"tags":[`...)
		for k, attrs := 0, n.attrs(); k < len(attrs); k++ {
			if attrs[k].Key != "service.name" {
				b = appendTag(b, &attrs[k])
			}
		}
		b = append(b, "]}"...)
	}
	return append(b, '}')
}

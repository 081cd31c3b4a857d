package logs

import (
	"hash/maphash"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// decoder makes records of events. Records share equal resources, and those
// that follow one another equal scopes.
type decoder struct {
	resource store.Resource
	scope    store.Scope
	known    map[uint64]*store.Resource // by their hash
	last     *store.Scope
}

// maxKnown bounds the resources that a decoder shares.
const maxKnown = 4096

var seed = maphash.MakeSeed()

// record copies an event: nothing of it is kept.
func (d *decoder) record(e *events.Event) store.Record {
	r := store.Record{Time: e.Time, Level: slotLevel(int(e.Class))}
	r.Attrs = make(store.Attrs, 0, attrsOf(e))
	d.resource = store.Resource{Attrs: d.resource.Attrs[:0]}
	d.scope = store.Scope{Attrs: d.scope.Attrs[:0]}
	for i := range e.Fields {
		f := &e.Fields[i]
		name := f.Name
		switch {
		case name == "" || name[0] > keep[0]:
			r.Attrs = append(r.Attrs, store.Attr{Key: strings.Clone(name), Value: f.Value.Clone()})
		case name[0] == keep[0]:
			r.Attrs = append(r.Attrs, store.Attr{Key: strings.Clone(name[1:]), Value: f.Value.Clone()})
		case name[0] == resource[0]:
			d.resource.Attrs = append(d.resource.Attrs, store.Attr{Key: name[1:], Value: f.Value})
		case name[0] == scope[0]:
			d.scope.Attrs = append(d.scope.Attrs, store.Attr{Key: name[1:], Value: f.Value})
		default:
			d.word(&r, name, f.Value)
		}
	}
	if len(r.Attrs) == 0 {
		r.Attrs = nil
	}
	r.Opaque = r.Opaque && r.Raw != ""
	r.Resource, r.Scope = d.sharedResource(), d.sharedScope()
	return r
}

func attrsOf(e *events.Event) int {
	n := 0
	for i := range e.Fields {
		if name := e.Fields[i].Name; name == "" || name[0] >= keep[0] {
			n++
		}
	}
	return n
}

func (d *decoder) word(r *store.Record, name string, v store.Value) {
	switch name {
	case wordBody:
		r.Body = v.Clone()
	case wordService:
		r.Service = strings.Clone(v.Str())
	case wordEvent:
		r.EventName = strings.Clone(v.Str())
	case wordTrace:
		r.TraceID, _ = store.ParseTraceID(v.Str())
	case wordSpan:
		r.SpanID, _ = store.ParseSpanID(v.Str())
	case wordRaw:
		r.Raw = strings.Clone(v.Str())
	case wordLevelFrom:
		r.LevelFrom = strings.Clone(v.Str())
	case wordAhead:
		r.Ahead = int(v.Int())
	case wordOpaque:
		r.Opaque = true
	case wordLevel:
		r.Level = store.Level(v.Int())
	case wordLevelText:
		r.LevelText = strings.Clone(v.Str())
	case wordObserved:
		r.Observed = v.Int()
	case wordFlags:
		r.Flags = uint32(v.Int())
	case wordDropped:
		r.Dropped = uint32(v.Int())
	case wordResourceDropped:
		d.resource.Dropped = uint32(v.Int())
	case wordResourceSchema:
		d.resource.SchemaURL = v.Str()
	case wordScopeName:
		d.scope.Name = v.Str()
	case wordScopeVersion:
		d.scope.Version = v.Str()
	case wordScopeDropped:
		d.scope.Dropped = uint32(v.Int())
	case wordScopeSchema:
		d.scope.SchemaURL = v.Str()
	}
}

func (d *decoder) sharedResource() *store.Resource {
	now := &d.resource
	if len(now.Attrs) == 0 && now.Dropped == 0 && now.SchemaURL == "" {
		return nil
	}
	key := hashOf(now)
	if known := d.known[key]; known != nil && known.Dropped == now.Dropped && known.SchemaURL == now.SchemaURL && sameAttrs(known.Attrs, now.Attrs) {
		return known
	}
	if d.known == nil || len(d.known) >= maxKnown {
		d.known = map[uint64]*store.Resource{}
	}
	own := &store.Resource{Attrs: cloneAttrs(now.Attrs), Dropped: now.Dropped, SchemaURL: strings.Clone(now.SchemaURL)}
	d.known[key] = own
	return own
}

// hashOf is equal for equal resources.
func hashOf(r *store.Resource) uint64 {
	h := uint64(r.Dropped)
	for i := range r.Attrs {
		a := &r.Attrs[i]
		h = h*0x9e3779b97f4a7c15 + maphash.String(seed, a.Key)
		h = h*0x9e3779b97f4a7c15 + maphash.String(seed, a.Value.Str()) + uint64(a.Value.Int())
	}
	return h
}

func (d *decoder) sharedScope() *store.Scope {
	now, last := &d.scope, d.last
	if len(now.Attrs) == 0 && now.Name == "" && now.Version == "" && now.Dropped == 0 && now.SchemaURL == "" {
		return nil
	}
	if last == nil || last.Name != now.Name || last.Version != now.Version || last.Dropped != now.Dropped ||
		last.SchemaURL != now.SchemaURL || !sameAttrs(last.Attrs, now.Attrs) {
		last = &store.Scope{Name: strings.Clone(now.Name), Version: strings.Clone(now.Version),
			Attrs: cloneAttrs(now.Attrs), Dropped: now.Dropped, SchemaURL: strings.Clone(now.SchemaURL)}
		d.last = last
	}
	return last
}

func sameAttrs(a, b store.Attrs) bool { return store.Map(a).Equal(store.Map(b)) }

func cloneAttrs(in store.Attrs) store.Attrs {
	if len(in) == 0 {
		return nil
	}
	return in.Clone()
}

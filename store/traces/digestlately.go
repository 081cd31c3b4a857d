package traces

import (
	"encoding/binary"
	"strings"

	"tripod/store"
)

// latelyKnown is how many operations a digest has at hand: most spans have one
// that was there a few spans ago, and come to the same cells of its maps.
const latelyKnown = 64

// known is what spans of an operation came to lately. Its texts are the
// digest's own; its cells are of one minute.
type known struct {
	service string
	kind    store.SpanKind
	id      uint32     // of the service
	op      *operation // nil when there was no room

	version string
	within  *minutes // of the version

	at           int64 // Unix minute
	entries      *cell
	callerName   string
	calleeName   string
	calls, asked *cell // of the caller, and of the database
}

// known finds what spans of the same service and operation come to in a minute;
// nil when there is no room for the service.
func (d *digest) known(s *spanFacts, at int64) *known {
	if d.lately == nil {
		d.lately = &[latelyKnown]known{}
	}
	k := &d.lately[latelyAt(s.service, s.name, s.kind)]
	if k.op == nil || k.op.name != s.name || k.kind != s.kind || k.service != s.service {
		id, ok := d.service(s.service)
		if !ok {
			return nil
		}
		*k = known{service: d.services[id], kind: s.kind, id: id, at: at}
		k.op = d.operation(opKey{id, store.Operation{Name: s.name, Kind: s.kind}}, minutes{at, at})
		return k
	}
	if k.at != at {
		k.at, k.entries, k.calls, k.asked = at, nil, nil, nil
		k.op.stretch(minutes{at, at})
	}
	return k
}

// latelyAt tells most operations apart.
func latelyAt(service, name string, kind store.SpanKind) uint64 {
	h := uint64(len(service))<<32 ^ uint64(len(name))<<8 ^ uint64(kind)
	h = (h ^ ends(service)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29 ^ ends(name)) * 0xbf58476d1ce4e5b9
	return h >> 58 % latelyKnown
}

// ends are eight bytes of a text's beginning, and eight of its end.
func ends(s string) uint64 {
	var first, last [8]byte
	copy(first[:], s)
	copy(last[:], s[max(0, len(s)-8):])
	return binary.LittleEndian.Uint64(first[:]) ^ binary.LittleEndian.Uint64(last[:])*0x94d049bb133111eb
}

// version notes that a span has it.
func (d *digest) version(k *known, version string, at int64) {
	now := minutes{at, at}
	if k.within != nil && k.version == version {
		k.within.stretch(now)
		return
	}
	k.version, k.within = strings.Clone(version), d.versionIn(versionKey{k.id, version}, now)
}

// caller is the cell of the calls by a service, the one without a name included;
// nil when there is no room.
func (d *digest) caller(k *known, name string, at int64) *cell {
	if k.calls != nil && k.callerName == name {
		return k.calls
	}
	id, ok := d.service(name)
	if !ok {
		return nil
	}
	k.callerName, k.calls = d.services[id], cellOf(d.edges, edgeKey{id, k.id, kindOfCall(k.kind), at})
	return k.calls
}

// callee is the cell of the calls to a database; nil when there is no room.
func (d *digest) callee(k *known, name string, at int64) *cell {
	if k.asked != nil && k.calleeName == name {
		return k.asked
	}
	id, ok := d.base(name)
	if !ok {
		return nil
	}
	k.calleeName, k.asked = d.bases[id], cellOf(d.edges, edgeKey{k.id, id, store.DependencyDatabase, at})
	return k.asked
}

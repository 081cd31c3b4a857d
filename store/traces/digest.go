package traces

import (
	"strings"
	"sync/atomic"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of one head or part; what is beyond them is missing from the lists and
// rates, never from scans.
const (
	maxServices   = 1000 // and as many databases
	maxOperations = 5000
	maxVersions   = 5000
	maxCells      = 100_000 // of services, and as many of dependencies
)

const minute = int64(60e9)

// digest sums up the spans of a head or part: which services and operations
// there are and how long they took, the entries into each service and the calls
// between them by minute, the services' versions, and which traces there are.
type digest struct {
	services []string
	ids      map[string]uint32
	ops      map[opKey]*operation
	cells    map[cellKey]*cell
	edges    map[edgeKey]*cell
	bases    []string // databases
	baseIDs  map[string]uint32
	versions map[versionKey]*minutes
	traces   seen
	asked    database                 // the last one
	lately   *[latelyKnown]known      // by service and operation, what spans came to; nil until there are some
	sums     atomic.Pointer[edgeSums] // of the edges as they are, nil when nobody has asked
}

type opKey struct {
	service uint32
	op      store.Operation
}

type cellKey struct {
	service uint32
	minute  int64 // Unix minutes
}

// edgeKey is a dependency in a minute, that of the callee's start. The caller
// of a trace's root, which has none, is the service without a name; the callee
// is one of the databases where the kind says so.
type edgeKey struct {
	caller, callee uint32
	kind           store.DependencyKind
	minute         int64 // Unix minutes
}

// cell is of entries into a service, or of calls.
type cell struct {
	requests, errors int64
	took             hist
}

// operation is of all spans of one, which start in these minutes.
type operation struct {
	name string
	cell
	minutes
}

// versionKey is a resource's service.version.
type versionKey struct {
	service uint32
	version string
}

// minutes are a range, ends included.
type minutes struct{ first, last int64 } // Unix minutes

func (m *minutes) stretch(n minutes) {
	m.first, m.last = min(m.first, n.first), max(m.last, n.last)
}

func newDigest() *digest {
	return &digest{
		ids: map[string]uint32{}, ops: map[opKey]*operation{},
		cells: map[cellKey]*cell{}, edges: map[edgeKey]*cell{}, baseIDs: map[string]uint32{}, versions: map[versionKey]*minutes{},
	}
}

func (d *digest) Add(e *events.Event) {
	if d.sums.Load() != nil { // which costs less than to store
		d.sums.Store(nil)
	}
	var s spanFacts
	for i := range e.Fields {
		s.read(&e.Fields[i])
	}
	d.traces.add(s.trace)
	if s.awaits != "" {
		d.traces.add(s.awaits)
	}
	if s.again {
		d.service(s.service)
		return
	}
	at := floorDiv(e.Time, minute)
	k := d.known(&s, at)
	if k == nil {
		return
	}
	bin := binOf(s.took)
	if k.op != nil {
		k.op.count(e.Class, bin)
	}
	if s.version != "" {
		d.version(k, s.version, at)
	}
	if e.Class&classEntry != 0 {
		if k.entries == nil {
			k.entries = cellOf(d.cells, cellKey{k.id, at})
		}
		k.entries.count(e.Class, bin)
	}
	if s.called || s.fromOutside() {
		d.caller(k, s.caller, at).count(e.Class, bin)
	}
	if base := s.database(&d.asked); base != "" {
		d.callee(k, base, at).count(e.Class, bin)
	}
	if s.calls {
		d.callees(k.id, e)
	}
}

// callees adds the children that a span of a service names.
func (d *digest) callees(id uint32, e *events.Event) {
	var callee uint32
	known := false
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case fCallee:
			callee, known = d.service(f.Value.Str())
		case fCalled:
			if known {
				d.called(id, callee, e.Time, f.Value.Int())
			}
		}
	}
}

// spanFacts is what a digest needs of a span.
type spanFacts struct {
	trace, awaits                  string
	service, version, name, caller string
	system, namespace              string // of a database
	kind                           store.SpanKind
	took                           int64
	called, child, linked, again   bool
	calls                          bool // it names callees
}

func kindOfCall(callee store.SpanKind) store.DependencyKind {
	if callee == store.SpanConsumer {
		return store.DependencyQueue
	}
	return store.DependencyCall
}

// database is the name of the one that the span asks, if any, which is mostly
// the last one: a namespace that is a number, as Redis has them, names nothing.
func (s *spanFacts) database(last *database) string {
	switch {
	case s.kind != store.SpanClient || s.system == "":
		return ""
	case s.namespace == "" || s.namespace[0] >= '0' && s.namespace[0] <= '9':
		return s.system
	}
	if last.system != s.system || last.namespace != s.namespace {
		name := s.namespace + " (" + s.system + ")"
		*last = database{name: name, namespace: name[:len(s.namespace)], system: name[len(s.namespace)+2 : len(name)-1]}
	}
	return last.name
}

// database is the name that one has, of which the others are parts.
type database struct{ name, namespace, system string }

// fromOutside says that the span serves somebody whose spans are not sent.
func (s *spanFacts) fromOutside() bool {
	return !s.child && (s.kind == store.SpanServer || s.kind == store.SpanConsumer && !s.linked)
}

func (s *spanFacts) read(f *events.Field) {
	if len(f.Name) > 1 && f.Name[1] == ':' && f.Name != fVersion { // of the resource or scope
		return
	}
	switch f.Name {
	case fTraceID:
		s.trace = f.Value.Str()
	case fParentID:
		s.child = true
	case fService:
		s.service = f.Value.Str()
	case fName:
		s.name = f.Value.Str()
	case fKind:
		s.kind = store.SpanKind(f.Value.Int())
	case fDuration:
		s.took = f.Value.Int()
	case attrPrefix + store.ZipkinShared:
		s.child = true // of the client's span
	case fLink:
		s.linked = true
	case attrPrefix + "db.system.name", attrPrefix + "db.system":
		s.system = f.Value.Str()
	case attrPrefix + "db.namespace", attrPrefix + "db.name":
		s.namespace = f.Value.Str()
	case fVersion:
		s.version = f.Value.Str()
	case fAwaits:
		s.awaits = f.Value.Str()
	case fAgain:
		s.again = true
	case fCallee:
		s.calls = true
	case fCaller:
		s.caller, s.called = f.Value.Str(), true
	}
}

// called adds a child that a span that starts at this time names.
func (d *digest) called(caller, callee uint32, at, packed int64) {
	k := edgeKey{caller, callee, store.DependencyKind(packed >> 1 & 1), floorDiv(at, minute) + packed>>(2+binWidth)}
	cellOf(d.edges, k).count(uint8(packed&classError), uint16(packed>>2&(1<<binWidth-1)))
}

func (c *cell) add(class uint8, took int64) { c.count(class, binOf(took)) }

// count counts a call; a cell that there was no room for does nothing.
func (c *cell) count(class uint8, bin uint16) {
	if c == nil {
		return
	}
	c.requests++
	if class&classError != 0 {
		c.errors++
	}
	c.took.add(bin, 1)
}

// service numbers a service.
func (d *digest) service(name string) (uint32, bool) {
	id, ok := d.ids[name]
	if !ok && len(d.services) < maxServices {
		name = strings.Clone(name) // the event's strings do not last
		id, ok = uint32(len(d.services)), true
		d.ids[name] = id
		d.services = append(d.services, name)
	}
	return id, ok
}

// base numbers a database.
func (d *digest) base(name string) (uint32, bool) {
	id, ok := d.baseIDs[name]
	if !ok && len(d.bases) < maxServices {
		name = strings.Clone(name)
		id, ok = uint32(len(d.bases)), true
		d.baseIDs[name], d.bases = id, append(d.bases, name)
	}
	return id, ok
}

// calleeName is the callee's of a dependency.
func (d *digest) calleeName(k edgeKey) string {
	if k.kind == store.DependencyDatabase {
		return d.bases[k.callee]
	}
	return d.services[k.callee]
}

// operation finds one, which has spans in these minutes.
func (d *digest) operation(k opKey, at minutes) *operation {
	o := d.ops[k]
	if o != nil {
		o.stretch(at)
	} else if len(d.ops) < maxOperations {
		k.op.Name = strings.Clone(k.op.Name)
		o = &operation{name: k.op.Name, minutes: at}
		d.ops[k] = o
	}
	return o
}

// versionIn finds a version, which has spans in these minutes.
func (d *digest) versionIn(k versionKey, at minutes) *minutes {
	m := d.versions[k]
	if m != nil {
		m.stretch(at)
	} else if len(d.versions) < maxVersions {
		k.version = strings.Clone(k.version)
		m = &minutes{at.first, at.last}
		d.versions[k] = m
	}
	return m
}

func cellOf[K comparable](cells map[K]*cell, k K) *cell {
	c := cells[k]
	if c == nil && len(cells) < maxCells {
		c = &cell{}
		cells[k] = c
	}
	return c
}

// Merge adds another digest.
func (d *digest) Merge(other events.Digest) {
	d.sums.Store(nil)
	from := other.(*digest)
	ids := make([]uint32, len(from.services))
	known := make([]bool, len(from.services))
	for i, name := range from.services {
		ids[i], known[i] = d.service(name)
	}
	for k, o := range from.ops {
		if !known[k.service] {
			continue
		}
		if sum := d.operation(opKey{ids[k.service], k.op}, o.minutes); sum != nil {
			sum.merge(&o.cell)
		}
	}
	for k, c := range from.cells {
		if !known[k.service] {
			continue
		}
		if sum := cellOf(d.cells, cellKey{ids[k.service], k.minute}); sum != nil {
			sum.merge(c)
		}
	}
	for k, c := range from.edges {
		if !known[k.caller] {
			continue
		}
		number := d.service
		if k.kind == store.DependencyDatabase {
			number = d.base
		}
		callee, ok := number(from.calleeName(k))
		if !ok {
			continue
		}
		k.caller, k.callee = ids[k.caller], callee
		if sum := cellOf(d.edges, k); sum != nil {
			sum.merge(c)
		}
	}
	for k, m := range from.versions {
		if known[k.service] {
			d.versionIn(versionKey{ids[k.service], k.version}, *m)
		}
	}
	d.traces.merge(&from.traces)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

package traces

import (
	"encoding/binary"
	"errors"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of one head or part; what is beyond them is missing from the lists and
// rates, never from scans.
const (
	maxServices   = 1000
	maxOperations = 5000
	maxCells      = 100_000
)

const minute = int64(60e9)

// digest sums up the spans of a head or part: which services and operations
// there are, and the entries into each service by minute.
type digest struct {
	services []string
	ids      map[string]uint32
	ops      map[opKey]bool
	cells    map[cellKey]*cell
}

type opKey struct {
	service uint32
	op      store.Operation
}

type cellKey struct {
	service uint32
	minute  int64 // Unix minutes
}

type cell struct {
	requests, errors int64
	took             hist
}

func newDigest() *digest {
	return &digest{ids: map[string]uint32{}, ops: map[opKey]bool{}, cells: map[cellKey]*cell{}}
}

func (d *digest) Add(e *events.Event) {
	var service, name string
	var kind, took int64
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case fService:
			service = f.Value.Str()
		case fName:
			name = f.Value.Str()
		case fKind:
			kind = f.Value.Int()
		case fDuration:
			took = f.Value.Int()
		}
	}
	id, ok := d.service(service)
	if !ok {
		return
	}
	d.operation(opKey{id, store.Operation{Name: name, Kind: store.SpanKind(kind)}})
	if e.Class&classEntry == 0 {
		return
	}
	if c := d.cell(cellKey{id, floorDiv(e.Time, minute)}); c != nil {
		c.add(e.Class, took)
	}
}

func (c *cell) add(class uint8, took int64) {
	c.requests++
	if class&classError != 0 {
		c.errors++
	}
	c.took.add(binOf(took), 1)
}

// service numbers a service.
func (d *digest) service(name string) (uint32, bool) {
	id, ok := d.ids[name]
	if !ok && len(d.services) < maxServices {
		name = string([]byte(name)) // the event's strings do not last
		id, ok = uint32(len(d.services)), true
		d.ids[name] = id
		d.services = append(d.services, name)
	}
	return id, ok
}

func (d *digest) operation(k opKey) {
	if !d.ops[k] && len(d.ops) < maxOperations {
		k.op.Name = string([]byte(k.op.Name))
		d.ops[k] = true
	}
}

func (d *digest) cell(k cellKey) *cell {
	c := d.cells[k]
	if c == nil && len(d.cells) < maxCells {
		c = &cell{}
		d.cells[k] = c
	}
	return c
}

// Merge adds another digest.
func (d *digest) Merge(other events.Digest) {
	from := other.(*digest)
	ids := make([]uint32, len(from.services))
	known := make([]bool, len(from.services))
	for i, name := range from.services {
		ids[i], known[i] = d.service(name)
	}
	for k := range from.ops {
		if known[k.service] {
			d.operation(opKey{ids[k.service], k.op})
		}
	}
	for k, c := range from.cells {
		if !known[k.service] {
			continue
		}
		if sum := d.cell(cellKey{ids[k.service], k.minute}); sum != nil {
			sum.merge(c)
		}
	}
}

func (d *digest) AppendTo(b []byte) []byte {
	b = append(b, 1) // version
	b = binary.AppendUvarint(b, uint64(len(d.services)))
	for _, s := range d.services {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(d.ops)))
	for k := range d.ops {
		b = binary.AppendUvarint(b, uint64(k.service))
		b = append(b, byte(k.op.Kind))
		b = appendText(b, k.op.Name)
	}
	b = binary.AppendUvarint(b, uint64(len(d.cells)))
	for k, c := range d.cells {
		b = binary.AppendUvarint(b, uint64(k.service))
		b = binary.AppendVarint(b, k.minute)
		b = binary.AppendUvarint(b, uint64(c.requests))
		b = binary.AppendUvarint(b, uint64(c.errors))
		b = c.took.appendTo(b)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errDigest = errors.New("not a digest of spans")

func (d *digest) Read(b []byte) error {
	r := reader{b: b}
	if r.byte() != 1 {
		return errDigest
	}
	for range r.count(maxServices) {
		if _, ok := d.service(r.text()); !ok {
			return errDigest
		}
	}
	for range r.count(maxOperations) {
		k := opKey{service: uint32(r.uvarint()), op: store.Operation{Kind: store.SpanKind(r.byte()), Name: r.text()}}
		if r.bad || int(k.service) >= len(d.services) {
			return errDigest
		}
		d.ops[k] = true
	}
	for range r.count(maxCells) {
		k := cellKey{uint32(r.uvarint()), r.varint()}
		c := &cell{requests: int64(r.uvarint()), errors: int64(r.uvarint()), took: r.hist()}
		if r.bad || int(k.service) >= len(d.services) {
			return errDigest
		}
		d.cells[k] = c
	}
	if r.bad || len(r.b) > 0 {
		return errDigest
	}
	return nil
}

// reader walks over bytes; after a fault it gives zeros, and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	return keep(r, v, n)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	return keep(r, v, n)
}

func keep[T int64 | uint64](r *reader, v T, n int) T {
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

// count reads a number of things, each of at least a byte.
func (r *reader) count(most int) int {
	n := r.uvarint()
	if n > uint64(min(most, len(r.b))) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(n)
}

func (r *reader) hist() hist {
	n := r.count(maxBin)
	h := make(hist, 0, n)
	for range n {
		b := bin{uint16(r.uvarint()), uint32(r.uvarint())}
		if b.no >= maxBin || len(h) > 0 && h[len(h)-1].no >= b.no {
			r.b, r.bad = nil, true
			return nil
		}
		h = append(h, b)
	}
	return h
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

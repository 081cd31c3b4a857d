package traces

import (
	"encoding/binary"
	"errors"

	"tripod/store"
)

// digestVersion is the first byte.
const digestVersion = 4

func (d *digest) AppendTo(b []byte) []byte {
	b = append(b, digestVersion)
	b = binary.AppendUvarint(b, uint64(len(d.services)))
	for _, s := range d.services {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(d.ops)))
	for k, o := range d.ops {
		b = binary.AppendUvarint(b, uint64(k.service))
		b = append(b, byte(k.op.Kind))
		b = appendText(b, k.op.Name)
		b = o.minutes.appendTo(b)
		b = o.cell.appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(len(d.cells)))
	for k, c := range d.cells {
		b = binary.AppendUvarint(b, uint64(k.service))
		b = binary.AppendVarint(b, k.minute)
		b = c.appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(len(d.bases)))
	for _, s := range d.bases {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(d.edges)))
	for k, c := range d.edges {
		b = binary.AppendUvarint(b, uint64(k.caller))
		b = binary.AppendUvarint(b, uint64(k.callee))
		b = append(b, byte(k.kind))
		b = binary.AppendVarint(b, k.minute)
		b = c.appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(len(d.versions)))
	for k, m := range d.versions {
		b = binary.AppendUvarint(b, uint64(k.service))
		b = appendText(b, k.version)
		b = m.appendTo(b)
	}
	return d.traces.appendTo(b)
}

// has says whether the digest knows the callee of a dependency.
func (d *digest) has(k edgeKey) bool {
	switch k.kind {
	case store.DependencyCall, store.DependencyQueue:
		return int(k.callee) < len(d.services)
	case store.DependencyDatabase:
		return int(k.callee) < len(d.bases)
	}
	return false
}

func (m minutes) appendTo(b []byte) []byte {
	return binary.AppendVarint(binary.AppendVarint(b, m.first), m.last)
}

func (c *cell) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.requests))
	b = binary.AppendUvarint(b, uint64(c.errors))
	return c.took.appendTo(b)
}

func oneIf(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errDigest = errors.New("not a digest of spans")

func (d *digest) Read(b []byte) error {
	r := reader{b: b}
	if r.byte() != digestVersion {
		return errDigest
	}
	for range r.count(maxServices) {
		if _, ok := d.service(r.text()); !ok {
			return errDigest
		}
	}
	known := uint64(len(d.services))
	for range r.count(maxOperations) {
		k := opKey{service: r.below(known), op: store.Operation{Kind: store.SpanKind(r.byte()), Name: r.text()}}
		d.ops[k] = &operation{name: k.op.Name, minutes: r.minutes(), cell: r.cell()}
	}
	for range r.count(maxCells) {
		d.cells[cellKey{r.below(known), r.varint()}] = new(r.cell())
	}
	for range r.count(maxServices) {
		if _, ok := d.base(r.text()); !ok {
			return errDigest
		}
	}
	for range r.count(maxCells) {
		k := edgeKey{caller: r.below(known), callee: uint32(r.uvarint()), kind: store.DependencyKind(r.byte()), minute: r.varint()}
		if !d.has(k) {
			return errDigest
		}
		d.edges[k] = new(r.cell())
	}
	for range r.count(maxVersions) {
		d.versions[versionKey{r.below(known), r.text()}] = new(r.minutes())
	}
	d.traces = r.seen()
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

// below reads a number that is less than n.
func (r *reader) below(n uint64) uint32 {
	v := r.uvarint()
	if v >= n {
		r.b, r.bad = nil, true
		return 0
	}
	return uint32(v)
}

func (r *reader) minutes() minutes { return minutes{r.varint(), r.varint()} }

func (r *reader) cell() cell {
	return cell{requests: int64(r.uvarint()), errors: int64(r.uvarint()), took: r.hist()}
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

package promwrite

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// message walks the fields of one protobuf message without copying anything:
// strings point into the request and are cloned by whoever keeps them.
type message struct {
	b   []byte
	err error
}

var errWire = fmt.Errorf("broken protobuf: %w", store.ErrInvalid)

// next is the number and type of the next field; ok is false behind the last
// one and after an error.
func (m *message) next() (num protowire.Number, typ protowire.Type, ok bool) {
	if len(m.b) == 0 || m.err != nil {
		return 0, 0, false
	}
	if c := m.b[0]; c < 0x80 && c >= 8 { // one byte: every field that is common
		m.b = m.b[1:]
		return protowire.Number(c >> 3), protowire.Type(c & 7), true
	}
	num, typ, n := protowire.ConsumeTag(m.b)
	return num, typ, m.take(n)
}

func (m *message) take(n int) bool {
	if n < 0 {
		m.err = errWire
		return false
	}
	m.b = m.b[n:]
	return true
}

func (m *message) varint(typ protowire.Type) uint64 {
	if typ != protowire.VarintType {
		m.err = errWire
		return 0
	}
	v, n := protowire.ConsumeVarint(m.b)
	m.take(n)
	return v
}

func (m *message) double(typ protowire.Type) float64 {
	if typ != protowire.Fixed64Type {
		m.err = errWire
		return 0
	}
	v, n := protowire.ConsumeFixed64(m.b)
	m.take(n)
	return math.Float64frombits(v)
}

func (m *message) bytes(typ protowire.Type) []byte {
	if typ != protowire.BytesType {
		m.err = errWire
		return nil
	}
	v, n := protowire.ConsumeBytes(m.b)
	m.take(n)
	return v
}

// text shares its memory with the request.
func (m *message) text(typ protowire.Type) string {
	b := m.bytes(typ)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (m *message) skip(num protowire.Number, typ protowire.Type) {
	m.take(protowire.ConsumeFieldValue(num, typ, m.b))
}

// varints reads a repeated number, packed or not.
func (m *message) varints(typ protowire.Type, each func(uint64)) {
	if typ == protowire.VarintType {
		each(m.varint(typ))
		return
	}
	packed := message{b: m.bytes(typ)}
	for len(packed.b) > 0 && packed.err == nil {
		if v := packed.varint(protowire.VarintType); packed.err == nil {
			each(v)
		}
	}
	m.err = errors.Join(m.err, packed.err)
}

// doubles reads repeated floats, packed or not.
func (m *message) doubles(typ protowire.Type, to []float64) []float64 {
	if typ == protowire.Fixed64Type {
		return append(to, m.double(typ))
	}
	packed := message{b: m.bytes(typ)}
	for len(packed.b) > 0 && packed.err == nil {
		to = append(to, packed.double(protowire.Fixed64Type))
	}
	m.err = errors.Join(m.err, packed.err)
	return to
}

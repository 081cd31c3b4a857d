package otlp

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// fields walks over the fields of a protobuf message that is text[at:end].
// What it gives lies in the text, which is a string so that texts of records
// can be parts of it.
type fields struct {
	text    string
	at, end int

	num   protowire.Number // of the field
	typ   protowire.Type
	n     uint64 // of a varint or a fixed number
	start int    // of bytes, which end at at
	err   error
}

// view is a request as a text without a copy: nobody writes to it while what is
// read of it is used.
func view(body []byte) string { return unsafe.String(unsafe.SliceData(body), len(body)) }

// next goes to the next field; false is the end, or an error.
func (m *fields) next() bool {
	if m.err != nil || m.at >= m.end {
		return false
	}
	tag := uint64(m.text[m.at]) // mostly all of it
	if m.at++; tag >= 0x80 {
		m.at--
		tag = m.varint()
	}
	m.num, m.typ = protowire.Number(tag>>3), protowire.Type(tag&7)
	if m.err == nil && (tag>>3 == 0 || tag>>3 > math.MaxInt32) {
		return m.fail("field number %d", tag>>3)
	}
	switch m.typ {
	case protowire.VarintType:
		m.n = m.varint()
	case protowire.BytesType:
		n := uint64(0)
		if m.at < m.end && m.text[m.at] < 0x80 {
			n = uint64(m.text[m.at])
			m.at++
		} else {
			n = m.varint()
		}
		if n > uint64(m.end-m.at) {
			return m.fail("field %d of %d bytes, but %d are left", m.num, n, m.end-m.at)
		}
		m.start = m.at
		m.at += int(n)
	case protowire.Fixed64Type:
		if m.end-m.at < 8 {
			return m.fail("field %d is cut off", m.num)
		}
		m.n = binary.LittleEndian.Uint64([]byte(m.text[m.at : m.at+8]))
		m.at += 8
	case protowire.Fixed32Type:
		if m.end-m.at < 4 {
			return m.fail("field %d is cut off", m.num)
		}
		m.n = uint64(binary.LittleEndian.Uint32([]byte(m.text[m.at : m.at+4])))
		m.at += 4
	default:
		return m.fail("field %d is of wire type %d, which OTLP does not have", m.num, m.typ)
	}
	return m.err == nil
}

func (m *fields) varint() uint64 {
	if m.at < m.end && m.text[m.at] < 0x80 {
		m.at++
		return uint64(m.text[m.at-1])
	}
	n := uint64(0)
	for shift := 0; shift < 64 && m.at < m.end; shift += 7 {
		c := m.text[m.at]
		m.at++
		if n |= uint64(c&0x7f) << shift; c < 0x80 && (shift < 63 || c < 2) {
			return n
		}
	}
	m.fail("a number is cut off or too long")
	return 0
}

func (m *fields) fail(format string, args ...any) bool {
	if m.err == nil {
		m.err = fmt.Errorf("protobuf at byte %d: %s: %w", m.at, fmt.Sprintf(format, args...), store.ErrInvalid)
	}
	return false
}

// is wants the field to be of a type.
func (m *fields) is(t protowire.Type) bool {
	return m.typ == t || m.fail("field %d is of wire type %d, want %d", m.num, m.typ, t)
}

// bytes are those of a field of BytesType.
func (m *fields) bytes() string { return m.text[m.start:m.at] }

// inside is the message that is the field.
func (m *fields) inside() fields { return fields{text: m.text, at: m.start, end: m.at} }

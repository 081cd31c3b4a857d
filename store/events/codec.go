package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"tripod/store"
)

// errCorrupt says that bytes are not what was written.
var errCorrupt = errors.New("corrupt data")

// unread says that an answer goes on without what err is about.
func unread(err error) error { return fmt.Errorf("%w; %w", err, store.ErrUnread) }

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendBare writes a number or a truth without its kind.
func appendBare(b []byte, v store.Value) []byte {
	switch v.Kind {
	case store.KindInt:
		return binary.AppendVarint(b, v.Int())
	case store.KindFloat:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	}
	if v.Bool() {
		return append(b, 1)
	}
	return append(b, 0)
}

// texts reads n strings.
func (r *reader) texts(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = r.string()
	}
	return list
}

// appendValue writes a value as FORMAT.md says; its depth is within maxDepth.
func appendValue(b []byte, v store.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case store.KindString, store.KindBytes:
		b = appendString(b, v.Str())
	case store.KindInt, store.KindFloat, store.KindBool:
		b = appendBare(b, v)
	case store.KindList, store.KindMap:
		b = binary.AppendUvarint(b, uint64(len(v.In())))
		for _, a := range v.In() {
			if v.Kind == store.KindMap {
				b = appendString(b, a.Key)
			}
			b = appendValue(b, a.Value)
		}
	}
	return b
}

// weigh counts the values in v, itself included, and says no to nesting deeper
// than deep and to more than most of them.
func weigh(v store.Value, deep, most int) (n int, ok bool) {
	if n = 1; deep == 0 {
		return n, false
	}
	for _, a := range v.In() {
		m, ok := weigh(a.Value, deep-1, most-n)
		if n += m; !ok || n > most {
			return n, false
		}
	}
	return n, true
}

// reader walks over bytes; after a fault it gives zeros, and bad is set.
// Strings that it gives are views of the bytes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() {
	r.b, r.bad = nil, true
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	if len(r.b) > 1 && r.b[1] < 0x80 { // two bytes
		v := uint64(r.b[0]&0x7f) | uint64(r.b[1])<<7
		r.b = r.b[2:]
		return v
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uint64() uint64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *reader) uint32() uint32 {
	b := r.bytes(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// bytes is nil after a fault.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string() string { return view(r.bytes(r.uvarint())) }

// count reads the number of things of at least size bytes each that follow.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) value(deep int) store.Value {
	switch k := store.Kind(r.byte()); k {
	case store.KindEmpty:
		return store.Value{}
	case store.KindString:
		return store.String(r.string())
	case store.KindInt:
		return store.Int(r.varint())
	case store.KindFloat:
		return store.Float(math.Float64frombits(r.uint64()))
	case store.KindBool:
		return store.Bool(r.byte() != 0)
	case store.KindBytes:
		return store.Bytes(r.bytes(r.uvarint()))
	case store.KindList, store.KindMap:
		if deep < maxDepth {
			return r.nested(k, deep+1)
		}
	}
	r.fail()
	return store.Value{}
}

// rawValue is the next value as it is encoded; nil after a fault.
func (r *reader) rawValue() []byte {
	from := r.b
	r.skipValue(0)
	if r.bad {
		return nil
	}
	n := len(from) - len(r.b)
	return from[:n:n]
}

func (r *reader) skipValue(deep int) {
	switch k := store.Kind(r.byte()); k {
	case store.KindEmpty:
	case store.KindString, store.KindBytes:
		r.bytes(r.uvarint())
	case store.KindInt:
		r.uvarint()
	case store.KindFloat:
		r.bytes(8)
	case store.KindBool:
		r.byte()
	case store.KindList, store.KindMap:
		if deep >= maxDepth {
			r.fail()
			return
		}
		for range r.count(1) {
			if k == store.KindMap {
				r.bytes(r.uvarint())
			}
			if r.skipValue(deep + 1); r.bad {
				return
			}
		}
	default:
		r.fail()
	}
}

func (r *reader) nested(k store.Kind, deep int) store.Value {
	n := r.count(1)
	in := make(store.Attrs, 0, min(n, 64))
	for range n {
		var a store.Attr
		if k == store.KindMap {
			a.Key = r.string()
		}
		a.Value = r.value(deep)
		if r.bad {
			return store.Value{}
		}
		in = append(in, a)
	}
	if k == store.KindMap {
		return store.Map(in)
	}
	items := make([]store.Value, n)
	for i := range in {
		items[i] = in[i].Value
	}
	return store.List(items...)
}

package otlp

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// backward writes protobuf from its end to its beginning, so that the length
// of a nested message is known when its header is written.
type backward struct {
	buf []byte
	at  int // the message is buf[at:]
}

func (w *backward) bytes() []byte { return w.buf[w.at:] }

func (w *backward) room(n int) []byte {
	if w.at < n {
		bigger := make([]byte, 2*len(w.buf)+n+512)
		at := len(bigger) - len(w.bytes())
		copy(bigger[at:], w.bytes())
		w.buf, w.at = bigger, at
	}
	w.at -= n
	return w.buf[w.at : w.at+n]
}

func (w *backward) varint(v uint64) {
	binary.PutUvarint(w.room(protowire.SizeVarint(v)), v)
}

func (w *backward) tag(num protowire.Number, t protowire.Type) {
	w.varint(protowire.EncodeTag(num, t))
}

// mark is the end of a message whose fields are written next; close puts its
// header before them.
func (w *backward) mark() int { return len(w.buf) - w.at }

func (w *backward) close(num protowire.Number, mark int) {
	w.varint(uint64(w.mark() - mark))
	w.tag(num, protowire.BytesType)
}

// The fields below are left out when they are zero, as proto3 does.

func (w *backward) string(num protowire.Number, s string) {
	if s != "" {
		w.oneofString(num, s)
	}
}

func (w *backward) oneofString(num protowire.Number, s string) {
	copy(w.room(len(s)), s)
	w.varint(uint64(len(s)))
	w.tag(num, protowire.BytesType)
}

func (w *backward) id(num protowire.Number, id []byte) {
	for _, b := range id {
		if b != 0 {
			copy(w.room(len(id)), id)
			w.varint(uint64(len(id)))
			w.tag(num, protowire.BytesType)
			return
		}
	}
}

func (w *backward) uint(num protowire.Number, v uint64) {
	if v != 0 {
		w.varint(v)
		w.tag(num, protowire.VarintType)
	}
}

func (w *backward) fixed64(num protowire.Number, v uint64) {
	if v != 0 {
		binary.LittleEndian.PutUint64(w.room(8), v)
		w.tag(num, protowire.Fixed64Type)
	}
}

func (w *backward) fixed32(num protowire.Number, v uint32) {
	if v != 0 {
		binary.LittleEndian.PutUint32(w.room(4), v)
		w.tag(num, protowire.Fixed32Type)
	}
}

func (w *backward) attrs(num protowire.Number, in store.Attrs) {
	for i := len(in) - 1; i >= 0; i-- {
		end := w.mark()
		w.value(2, in[i].Value)
		w.string(1, in[i].Key)
		w.close(num, end)
	}
}

// value writes an AnyValue; one of KindEmpty is an empty message.
func (w *backward) value(num protowire.Number, v store.Value) {
	end := w.mark()
	switch v.Kind {
	case store.KindString:
		w.oneofString(1, v.Str())
	case store.KindBool:
		w.varint(protowire.EncodeBool(v.Bool()))
		w.tag(2, protowire.VarintType)
	case store.KindInt:
		w.varint(uint64(v.Int()))
		w.tag(3, protowire.VarintType)
	case store.KindFloat:
		binary.LittleEndian.PutUint64(w.room(8), math.Float64bits(v.Float()))
		w.tag(4, protowire.Fixed64Type)
	case store.KindList:
		in := w.mark()
		for i := len(v.In()) - 1; i >= 0; i-- {
			w.value(1, v.In()[i].Value)
		}
		w.close(5, in)
	case store.KindMap:
		in := w.mark()
		w.attrs(1, v.In())
		w.close(6, in)
	case store.KindBytes:
		w.oneofString(7, v.Str())
	}
	w.close(num, end)
}

func (w *backward) resource(r *store.Resource) {
	if r == nil {
		return
	}
	end := w.mark()
	w.uint(2, uint64(r.Dropped))
	w.attrs(1, r.Attrs)
	w.close(1, end)
}

func (w *backward) scope(s *store.Scope) {
	if s == nil {
		return
	}
	end := w.mark()
	w.uint(4, uint64(s.Dropped))
	w.attrs(3, s.Attrs)
	w.string(2, s.Version)
	w.string(1, s.Name)
	w.close(1, end)
}

// groups writes items in runs that share resource and scope, as ResourceLogs
// and ResourceSpans have them.
func (w *backward) groups(n int, of func(i int) (*store.Resource, *store.Scope), item func(i int)) {
	for i := n - 1; i >= 0; {
		res, _ := of(i)
		end := w.mark()
		if res != nil {
			w.string(3, res.SchemaURL)
		}
		for i >= 0 {
			r, scope := of(i)
			if r != res {
				break
			}
			scopeEnd := w.mark()
			if scope != nil {
				w.string(3, scope.SchemaURL)
			}
			for i >= 0 {
				r, s := of(i)
				if r != res || s != scope {
					break
				}
				item(i)
				i--
			}
			w.scope(scope)
			w.close(2, scopeEnd)
		}
		w.resource(res)
		w.close(1, end)
	}
}

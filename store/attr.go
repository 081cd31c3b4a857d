package store

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of OpenTelemetry's AnyValue.
const (
	KindEmpty Kind = iota
	KindString
	KindInt
	KindFloat
	KindBool
	KindBytes
	KindList
	KindMap
)

// Value is one typed value. Exactly the field of its kind is set. It is small
// because every record is a dozen of them, copied from room to room.
type Value struct {
	Kind Kind
	num  uint64 // KindInt, KindBool, and the bits of KindFloat
	str  string // KindString and KindBytes
	in   *Attrs // KindList (keys empty) and KindMap; nil when empty
}

func String(s string) Value { return Value{Kind: KindString, str: s} }
func Int(i int64) Value     { return Value{Kind: KindInt, num: uint64(i)} }
func Float(f float64) Value { return Value{Kind: KindFloat, num: math.Float64bits(f)} }
func Bytes(b []byte) Value  { return Value{Kind: KindBytes, str: string(b)} }
func List(items ...Value) Value {
	in := make(Attrs, len(items))
	for i, v := range items {
		in[i].Value = v
	}
	return nested(KindList, in)
}
func Map(in Attrs) Value { return nested(KindMap, in) }
func Bool(b bool) Value {
	if b {
		return Value{Kind: KindBool, num: 1}
	}
	return Value{Kind: KindBool}
}

// SetString makes v a string where it stays: to copy a value that was just
// written word by word stalls the processor.
func (v *Value) SetString(s string) { v.Kind, v.num, v.str, v.in = KindString, 0, s, nil }
func (v *Value) setNumber(k Kind, n uint64) {
	v.Kind, v.num, v.str, v.in = k, n, "", nil
}

// Str is the string of KindString and the bytes of KindBytes.
func (v Value) Str() string { return v.str }

// Int is the number of KindInt.
func (v Value) Int() int64 { return int64(v.num) }

// Float is the number of KindFloat.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Bool is the truth of KindBool.
func (v Value) Bool() bool { return v.num != 0 }

// In is what a KindList (with empty keys) or KindMap holds; not to be changed.
func (v Value) In() Attrs {
	if v.in == nil {
		return nil
	}
	return *v.in
}

// GoString shows what is in a value, and not where it is.
func (v Value) GoString() string {
	return fmt.Sprintf("store.Value{%d, %d, %q, %#v}", v.Kind, v.num, v.str, v.In())
}

func nested(k Kind, in Attrs) Value {
	if len(in) == 0 {
		return Value{Kind: k}
	}
	return Value{Kind: k, in: &in}
}

// Number is the value as a number, when it is one or a string that reads as one.
func (v Value) Number() (float64, bool) {
	switch v.Kind {
	case KindInt:
		return float64(v.Int()), true
	case KindFloat:
		return v.Float(), true
	case KindString:
		f, err := strconv.ParseFloat(v.str, 64)
		return f, err == nil
	}
	return 0, false
}

// Text is the value as people read and search it: numbers in shortest decimal
// form, bytes in base64, lists and maps as JSON.
func (v Value) Text() string {
	switch v.Kind {
	case KindString:
		return v.str
	case KindEmpty:
		return ""
	}
	var b strings.Builder
	v.writeText(&b, false)
	return b.String()
}

func (v Value) writeText(b *strings.Builder, quoted bool) {
	switch v.Kind {
	case KindEmpty:
		b.WriteString("null")
	case KindString:
		if quoted {
			b.WriteString(quote(v.str))
		} else {
			b.WriteString(v.str)
		}
	case KindInt:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	case KindFloat:
		b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case KindBool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case KindBytes:
		enc := base64.StdEncoding.EncodeToString([]byte(v.str))
		if quoted {
			enc = `"` + enc + `"`
		}
		b.WriteString(enc)
	case KindList:
		b.WriteByte('[')
		for i, a := range v.In() {
			if i > 0 {
				b.WriteByte(',')
			}
			a.Value.writeText(b, true)
		}
		b.WriteByte(']')
	case KindMap:
		b.WriteByte('{')
		for i, a := range v.In() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(a.Key))
			b.WriteByte(':')
			a.Value.writeText(b, true)
		}
		b.WriteByte('}')
	}
}

// Equal compares kind and content; floats by their bits, so NaN equals itself.
func (v Value) Equal(w Value) bool {
	if v.Kind != w.Kind || v.num != w.num || v.str != w.str || len(v.In()) != len(w.In()) {
		return false
	}
	for i, a := range v.In() {
		if b := &w.In()[i]; a.Key != b.Key || !a.Value.Equal(b.Value) {
			return false
		}
	}
	return true
}

// Attr is one named value.
type Attr struct {
	Key   string
	Value Value
}

// Attrs is a list of attributes in the order in which they were sent; a key
// may occur twice, and lookups find the first.
type Attrs []Attr

// Clone is a copy that shares no memory with v.
func (v Value) Clone() Value {
	v.str = strings.Clone(v.str)
	if v.in != nil {
		in := v.in.Clone()
		v.in = &in
	}
	return v
}

// Clone is a copy that shares no memory with a.
func (a Attrs) Clone() Attrs {
	out := make(Attrs, len(a))
	for i := range a {
		out[i] = Attr{strings.Clone(a[i].Key), a[i].Value.Clone()}
	}
	return out
}

// Get finds the value of a key.
func (a Attrs) Get(key string) (Value, bool) {
	for i := range a {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return Value{}, false
}

// Text is the text of a key's value, or empty.
func (a Attrs) Text(key string) string {
	v, _ := a.Get(key)
	return v.Text()
}

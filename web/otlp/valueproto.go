package otlp

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// readID reads the id that m is at; one of another length is none, and fault says
// so.
func readID(id []byte, m *fields, what string) (fault string) {
	clear(id)
	text := m.bytes()
	if len(text) != 0 && len(text) != len(id) {
		return fmt.Sprintf("%s id is of %d bytes, not of %d", what, len(text), len(id))
	}
	copy(id, text)
	return ""
}

// pair appends the KeyValue that m is at.
func (r *reader) pair(to store.Attrs, m *fields, depth int) (store.Attrs, error) {
	if !m.is(protowire.BytesType) {
		return to, m.err
	}
	to = append(to, store.Attr{})
	return to, r.keyValue(&to[len(to)-1], m.inside(), depth)
}

// short reads a KeyValue as nearly all are: a key and a text or a whole number
// in their order, each length in one byte. It reads nothing when it says no.
func short(a *store.Attr, text string) bool {
	if len(text) < 4 || text[0] != 1<<3|byte(protowire.BytesType) {
		return false
	}
	end := 2 + int(text[1])
	if text[1] >= 0x80 || len(text) < end+4 || text[end] != 2<<3|byte(protowire.BytesType) || int(text[end+1]) != len(text)-end-2 || text[end+1] >= 0x80 {
		return false
	}
	switch value := text[end+2:]; {
	case value[0] == 1<<3|byte(protowire.BytesType) && int(value[1]) == len(value)-2 && value[1] < 0x80:
		a.Value.SetString(value[2:])
	case value[0] == 3<<3|byte(protowire.VarintType) && len(value) == 2 && value[1] < 0x80:
		a.Value = store.Int(int64(value[1]))
	default:
		return false
	}
	a.Key = text[2:end]
	return true
}

// keyValue reads a KeyValue into an empty attribute.
func (r *reader) keyValue(a *store.Attr, m fields, depth int) error {
	if depth >= 2 && r.left >= 2 && short(a, m.text[m.at:m.end]) {
		r.left -= 2 // it and its value
		return nil
	}
	return r.anyKeyValue(a, m, depth)
}

func (r *reader) anyKeyValue(a *store.Attr, m fields, depth int) error {
	if err := r.enter(depth); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			if m.is(protowire.BytesType) {
				a.Key = m.bytes()
			}
		case 2:
			if m.is(protowire.BytesType) {
				m.err = r.value(&a.Value, m.inside(), depth-1)
			}
		case 3: // a key of a table that only profiles have
			m.is(protowire.VarintType)
		}
	}
	return m.err
}

// value reads an AnyValue; one without a field leaves v as it is.
func (r *reader) value(v *store.Value, m fields, depth int) error {
	if err := r.enter(depth); err != nil {
		return err
	}
	for m.next() {
		if m.num < protowire.Number(len(valueTypes)) && !m.is(valueTypes[m.num]) {
			break
		}
		switch m.num {
		case 1:
			v.SetString(m.bytes())
		case 2:
			*v = store.Bool(m.n != 0)
		case 3:
			*v = store.Int(int64(m.n))
		case 4:
			*v = store.Float(math.Float64frombits(m.n))
		case 5:
			m.err = r.list(v, m.inside(), depth-1)
		case 6:
			m.err = r.pairs(v, m.inside(), depth-1)
		case 7:
			*v = store.Bytes([]byte(m.bytes()))
		case 8: // a string of a table that only profiles have
			*v = store.Value{}
		}
	}
	return m.err
}

var valueTypes = [...]protowire.Type{
	1: protowire.BytesType, 2: protowire.VarintType, 3: protowire.VarintType, 4: protowire.Fixed64Type,
	5: protowire.BytesType, 6: protowire.BytesType, 7: protowire.BytesType, 8: protowire.VarintType,
}

func (r *reader) list(v *store.Value, m fields, depth int) error {
	if err := r.enter(depth); err != nil {
		return err
	}
	var items []store.Value
	for m.next() {
		if m.num == 1 && m.is(protowire.BytesType) {
			items = append(items, store.Value{})
			m.err = r.value(&items[len(items)-1], m.inside(), depth-1)
		}
	}
	*v = store.List(items...)
	return m.err
}

func (r *reader) pairs(v *store.Value, m fields, depth int) error {
	if err := r.enter(depth); err != nil {
		return err
	}
	var in store.Attrs
	for m.next() {
		if m.num == 1 {
			in, m.err = r.pair(in, &m, depth-1)
		}
	}
	*v = store.Map(in)
	return m.err
}

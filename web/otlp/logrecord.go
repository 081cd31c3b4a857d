package otlp

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

// recordDepth is how many levels a record has left.
const recordDepth = maxDepth - 3

func (r *logReader) logRecord(m fields, res *store.Resource, scope *store.Scope, service string) error {
	if err := r.enter(recordDepth); err != nil {
		return err
	}
	r.records = append(r.records, store.Record{Service: service, Resource: res, Scope: scope})
	rec := &r.records[len(r.records)-1]
	severity, from, count := int32(0), len(r.attrs), 0
	for m.next() {
		if m.num == 6 {
			if !m.is(protowire.BytesType) {
				break
			}
			if len(r.attrs) == cap(r.attrs) { // the record moves into more room
				more := make(store.Attrs, 0, max(1024, 2*cap(r.attrs)))
				r.attrs, from = append(more, r.attrs[from:]...), 0
			}
			r.attrs, count = r.attrs[:len(r.attrs)+1], count+1
			m.err = r.keyValue(&r.attrs[len(r.attrs)-1], m.inside(), recordDepth-1)
			continue
		}
		m.err = r.recordField(rec, &severity, &m)
	}
	if m.err != nil {
		return m.err
	}
	if count > 0 {
		rec.Attrs = r.attrs[from:len(r.attrs):len(r.attrs)]
	}
	if uint64(rec.Time) > math.MaxInt64 || uint64(rec.Observed) > math.MaxInt64 {
		r.bad.Add(web.Invalid, 1, tooLate(uint64(rec.Time), uint64(rec.Observed)))
		r.records = r.records[:len(r.records)-1]
		return nil
	}
	finish(rec, severity, r.now)
	return nil
}

func tooLate(at, observed uint64) string {
	return fmt.Sprintf("log record: time %d lies after the year 2262", max(at, observed))
}

// finish gives a record its time and level, when all else is there.
func finish(r *store.Record, severity int32, now int64) {
	if r.Time == 0 {
		r.Time = r.Observed
	}
	if r.Time == 0 {
		r.Time = now
	}
	if severity >= 1 && severity <= 24 {
		r.Level = store.Level(severity)
	} else {
		r.Level, _ = store.ParseLevel(r.LevelText)
	}
}

// recordField reads a field of a LogRecord, other than an attribute.
func (r *logReader) recordField(rec *store.Record, severity *int32, m *fields) error {
	if m.num >= protowire.Number(len(recordTypes)) || recordTypes[m.num] < 0 || !m.is(recordTypes[m.num]) {
		return m.err
	}
	switch m.num {
	case 1:
		rec.Time = int64(m.n)
	case 2:
		*severity = int32(m.n)
	case 3:
		rec.LevelText = m.bytes()
	case 5:
		return r.value(&rec.Body, m.inside(), recordDepth-1)
	case 7:
		rec.Dropped = uint32(m.n)
	case 8:
		rec.Flags = uint32(m.n)
	case 9:
		return readID(rec.TraceID[:], m, "trace")
	case 10:
		return readID(rec.SpanID[:], m, "span")
	case 11:
		rec.Observed = int64(m.n)
	case 12:
		rec.EventName = m.bytes()
	}
	return nil
}

// recordTypes are the wire types of a LogRecord's fields, -1 for those that
// there are not.
var recordTypes = [...]protowire.Type{
	1: protowire.Fixed64Type, 2: protowire.VarintType, 3: protowire.BytesType, 5: protowire.BytesType,
	7: protowire.VarintType, 8: protowire.Fixed32Type, 9: protowire.BytesType, 10: protowire.BytesType,
	11: protowire.Fixed64Type, 12: protowire.BytesType,
	0: -1, 4: -1, 6: -1,
}

func readID(id []byte, m *fields, what string) error {
	text := m.bytes()
	if text == "" {
		clear(id)
		return nil
	}
	if copy(id, text); len(text) != len(id) {
		return fmt.Errorf("%s id of %d bytes, want %d: %w", what, len(text), len(id), store.ErrInvalid)
	}
	return nil
}

// pair appends the KeyValue that m is at.
func (r *logReader) pair(to store.Attrs, m *fields, depth int) (store.Attrs, error) {
	if !m.is(protowire.BytesType) {
		return to, m.err
	}
	to = append(to, store.Attr{})
	return to, r.keyValue(&to[len(to)-1], m.inside(), depth)
}

// keyValue reads a KeyValue into an empty attribute.
func (r *logReader) keyValue(a *store.Attr, m fields, depth int) error {
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
		case 3: // a key of a table that requests of logs do not have
			m.is(protowire.VarintType)
		}
	}
	return m.err
}

// value reads an AnyValue; one without a field leaves v as it is.
func (r *logReader) value(v *store.Value, m fields, depth int) error {
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
		case 8: // a string of a table that requests of logs do not have
			*v = store.Value{}
		}
	}
	return m.err
}

var valueTypes = [...]protowire.Type{
	1: protowire.BytesType, 2: protowire.VarintType, 3: protowire.VarintType, 4: protowire.Fixed64Type,
	5: protowire.BytesType, 6: protowire.BytesType, 7: protowire.BytesType, 8: protowire.VarintType,
}

func (r *logReader) list(v *store.Value, m fields, depth int) error {
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

func (r *logReader) pairs(v *store.Value, m fields, depth int) error {
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

package otlp

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

func (r *logReader) logRecord(m fields, of origin) error {
	if err := r.enter(itemDepth); err != nil {
		return err
	}
	r.records = append(r.records, store.Record{Service: of.service, Resource: of.resource, Scope: of.scope})
	rec := &r.records[len(r.records)-1]
	severity, from := int32(0), len(r.attrs)
	for m.next() {
		if m.num == 6 {
			m.err = r.attribute(&m, &from)
		} else {
			m.err = r.recordField(rec, &severity, &m)
		}
	}
	if m.err != nil {
		return m.err
	}
	rec.Attrs = r.attributes(from)
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
		return r.value(&rec.Body, m.inside(), itemDepth-1)
	case 7:
		rec.Dropped = uint32(m.n)
	case 8:
		rec.Flags = uint32(m.n)
	case 9:
		readID(rec.TraceID[:], m, "trace") // OTLP keeps a record whose ids cannot be
	case 10:
		readID(rec.SpanID[:], m, "span")
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

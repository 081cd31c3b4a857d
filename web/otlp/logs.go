package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"tripod/store"
	"tripod/web"
)

// logRecords turns a request of JSON into records. A record without any time gets now.
func logRecords(ld plog.Logs, now time.Time) ([]store.Record, web.Refusals) {
	var a arena
	var bad web.Refusals
	out := make([]store.Record, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		res := a.resource(rl.Resource(), rl.SchemaUrl())
		service := res.Attrs.Text("service.name")
		for _, sl := range rl.ScopeLogs().All() {
			scope := a.scope(sl.Scope(), sl.SchemaUrl())
			for _, lr := range sl.LogRecords().All() {
				if uint64(lr.Timestamp()) > math.MaxInt64 || uint64(lr.ObservedTimestamp()) > math.MaxInt64 {
					bad.Add(web.Invalid, 1, tooLate(uint64(lr.Timestamp()), uint64(lr.ObservedTimestamp())))
					continue
				}
				out = append(out, store.Record{
					Service:  service,
					Resource: res,
					Scope:    scope,
				})
				a.logRecord(&out[len(out)-1], lr, now)
			}
		}
	}
	return out, bad
}

func (a *arena) logRecord(r *store.Record, lr plog.LogRecord, now time.Time) {
	r.Time = int64(lr.Timestamp())
	r.Observed = int64(lr.ObservedTimestamp())
	r.LevelText = lr.SeverityText()
	r.Body = a.fromValue(lr.Body())
	r.EventName = lr.EventName()
	r.TraceID = store.TraceID(lr.TraceID())
	r.SpanID = store.SpanID(lr.SpanID())
	r.Flags = uint32(lr.Flags())
	r.Attrs = a.fromMap(lr.Attributes())
	r.Dropped = lr.DroppedAttributesCount()
	finish(r, int32(lr.SeverityNumber()), now.UnixNano())
}

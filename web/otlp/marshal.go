package otlp

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"tripod/store"
)

// MarshalLogs writes records as an ExportLogsServiceRequest, which is also
// LogsData: neighbours that share a resource and scope share them again.
func MarshalLogs(records []store.Record) []byte {
	var w backward
	w.groups(len(records),
		func(i int) (*store.Resource, *store.Scope) { return records[i].Resource, records[i].Scope },
		func(i int) { w.logRecord(&records[i]) })
	return w.bytes()
}

// MarshalTraces writes spans as an ExportTraceServiceRequest, which is also
// TracesData.
func MarshalTraces(spans []store.Span) []byte {
	var w backward
	w.groups(len(spans),
		func(i int) (*store.Resource, *store.Scope) { return spans[i].Resource, spans[i].Scope },
		func(i int) { w.span(&spans[i]) })
	return w.bytes()
}

// MarshalTracesJSON writes spans as TracesData in OTLP's JSON: ids in
// hexadecimal, times as texts.
func MarshalTracesJSON(spans []store.Span) ([]byte, error) {
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(MarshalTraces(spans))
	if err != nil {
		return nil, err
	}
	return (&ptrace.JSONMarshaler{}).MarshalTraces(td)
}

func (w *backward) logRecord(r *store.Record) {
	end := w.mark()
	w.string(12, r.EventName)
	w.fixed64(11, uint64(r.Observed))
	w.id(10, r.SpanID[:])
	w.id(9, r.TraceID[:])
	w.fixed32(8, r.Flags)
	w.uint(7, uint64(r.Dropped))
	w.attrs(6, r.Attrs)
	if r.Body.Kind != store.KindEmpty {
		w.value(5, r.Body)
	}
	w.string(3, r.LevelText)
	w.uint(2, uint64(r.Level))
	w.fixed64(1, uint64(r.Time))
	w.close(2, end)
}

func (w *backward) span(s *store.Span) {
	end := w.mark()
	w.fixed32(16, s.Flags)
	if s.Status != store.StatusUnset || s.StatusMessage != "" {
		in := w.mark()
		w.uint(3, uint64(s.Status))
		w.string(2, s.StatusMessage)
		w.close(15, in)
	}
	w.uint(14, uint64(s.DroppedLinks))
	for i := len(s.Links) - 1; i >= 0; i-- {
		w.link(&s.Links[i])
	}
	w.uint(12, uint64(s.DroppedEvents))
	for i := len(s.Events) - 1; i >= 0; i-- {
		w.event(&s.Events[i])
	}
	w.uint(10, uint64(s.Dropped))
	w.attrs(9, s.Attrs)
	w.fixed64(8, uint64(s.End))
	w.fixed64(7, uint64(s.Start))
	w.uint(6, uint64(s.Kind))
	w.string(5, s.Name)
	w.id(4, s.ParentID[:])
	w.string(3, s.TraceState)
	w.id(2, s.SpanID[:])
	w.id(1, s.TraceID[:])
	w.close(2, end)
}

func (w *backward) event(e *store.SpanEvent) {
	end := w.mark()
	w.uint(4, uint64(e.Dropped))
	w.attrs(3, e.Attrs)
	w.string(2, e.Name)
	w.fixed64(1, uint64(e.Time))
	w.close(11, end)
}

func (w *backward) link(l *store.SpanLink) {
	end := w.mark()
	w.fixed32(6, l.Flags)
	w.uint(5, uint64(l.Dropped))
	w.attrs(4, l.Attrs)
	w.string(3, l.TraceState)
	w.id(2, l.SpanID[:])
	w.id(1, l.TraceID[:])
	w.close(13, end)
}

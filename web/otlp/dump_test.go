package otlp

import (
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"tripod/store"
)

// dumper writes every field of a request in words, after the few changes that
// receiving makes on purpose: times, levels and unknown enumeration numbers.
type dumper struct{ strings.Builder }

func (d *dumper) value(v pcommon.Value) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		d.attrs("map", v.Map())
	case pcommon.ValueTypeSlice:
		d.WriteByte('[')
		for _, item := range v.Slice().All() {
			d.value(item)
		}
		d.WriteByte(']')
	case pcommon.ValueTypeDouble:
		fmt.Fprintf(d, "(double %x)", math.Float64bits(v.Double()))
	case pcommon.ValueTypeStr:
		fmt.Fprintf(d, "(str %q)", v.Str())
	case pcommon.ValueTypeBytes:
		fmt.Fprintf(d, "(bytes %q)", v.Bytes().AsRaw())
	case pcommon.ValueTypeInt:
		fmt.Fprintf(d, "(int %d)", v.Int())
	case pcommon.ValueTypeBool:
		fmt.Fprintf(d, "(bool %v)", v.Bool())
	default:
		d.WriteString("(empty)")
	}
}

func (d *dumper) attrs(what string, m pcommon.Map) {
	fmt.Fprintf(d, "%s{", what)
	for k, v := range m.All() {
		fmt.Fprintf(d, "%q=", k)
		d.value(v)
	}
	d.WriteString("}\n")
}

func (d *dumper) scope(s pcommon.InstrumentationScope, schema string) {
	fmt.Fprintf(d, "scope %q %q %q dropped %d ", s.Name(), s.Version(), schema, s.DroppedAttributesCount())
	d.attrs("attrs", s.Attributes())
}

func (d *dumper) resource(r pcommon.Resource, schema string) {
	fmt.Fprintf(d, "resource %q dropped %d ", schema, r.DroppedAttributesCount())
	d.attrs("attrs", r.Attributes())
}

func dumpLogs(ld plog.Logs, now int64) string {
	var d dumper
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				if uint64(lr.Timestamp()) > math.MaxInt64 || uint64(lr.ObservedTimestamp()) > math.MaxInt64 {
					continue
				}
				d.resource(rl.Resource(), rl.SchemaUrl())
				d.scope(sl.Scope(), sl.SchemaUrl())
				at := int64(lr.Timestamp())
				if at == 0 {
					at = int64(lr.ObservedTimestamp())
				}
				if at == 0 {
					at = now
				}
				level := int(lr.SeverityNumber())
				if level < 1 || level > 24 {
					l, _ := store.ParseLevel(lr.SeverityText())
					level = int(l)
				}
				fmt.Fprintf(&d, "log %d %d level %d %q event %q ids %x %x flags %x dropped %d ", at, lr.ObservedTimestamp(), level,
					lr.SeverityText(), lr.EventName(), lr.TraceID(), lr.SpanID(), lr.Flags(), lr.DroppedAttributesCount())
				d.attrs("attrs", lr.Attributes())
				d.value(lr.Body())
			}
		}
	}
	return d.String()
}

func dumpTraces(td ptrace.Traces) string {
	var d dumper
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if s.TraceID().IsEmpty() || s.SpanID().IsEmpty() || int64(s.StartTimestamp()) < 0 || int64(s.EndTimestamp()) < 0 {
					continue
				}
				d.resource(rs.Resource(), rs.SchemaUrl())
				d.scope(ss.Scope(), ss.SchemaUrl())
				d.span(s)
			}
		}
	}
	return d.String()
}

func (d *dumper) span(s ptrace.Span) {
	kind, code := s.Kind(), s.Status().Code()
	if kind < 0 || kind > ptrace.SpanKindConsumer {
		kind = 0
	}
	if code < 0 || code > ptrace.StatusCodeError {
		code = 0
	}
	fmt.Fprintf(d, "span %x %x %x state %q flags %x %q kind %d %d-%d status %d %q dropped %d %d %d ", s.TraceID(), s.SpanID(), s.ParentSpanID(),
		s.TraceState().AsRaw(), s.Flags(), s.Name(), kind, s.StartTimestamp(), s.EndTimestamp(), code, s.Status().Message(),
		s.DroppedAttributesCount(), s.DroppedEventsCount(), s.DroppedLinksCount())
	d.attrs("attrs", s.Attributes())
	for _, e := range s.Events().All() {
		fmt.Fprintf(d, "event %d %q dropped %d ", e.Timestamp(), e.Name(), e.DroppedAttributesCount())
		d.attrs("attrs", e.Attributes())
	}
	for _, l := range s.Links().All() {
		fmt.Fprintf(d, "link %x %x %q flags %x dropped %d ", l.TraceID(), l.SpanID(), l.TraceState().AsRaw(), l.Flags(), l.DroppedAttributesCount())
		d.attrs("attrs", l.Attributes())
	}
}

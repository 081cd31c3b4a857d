package logsapi

import (
	"tripod/store"
)

// row is one line of an answer.
type row struct {
	time     int64 // Unix ns
	level    string
	service  string
	msg      string
	trace    string // hexadecimal, empty when there is none
	span     string
	fields   store.Attrs
	resource store.Attrs // what sent it
	line     string
}

// set takes a record. Fields are the record's attributes and the event's name;
// resource has those of its resource and scope.
func (r *row) set(rec *store.Record) {
	*r = row{
		time: rec.Time, level: rec.Level.Word(), service: rec.Service, msg: rec.Message(), line: rec.Line(),
		fields: rec.Attrs,
	}
	if !rec.TraceID.IsZero() {
		r.trace = rec.TraceID.String()
	}
	if !rec.SpanID.IsZero() {
		r.span = rec.SpanID.String()
	}
	if rec.EventName != "" {
		r.fields = append(rec.Attrs[:len(rec.Attrs):len(rec.Attrs)], store.Attr{Key: "event.name", Value: store.String(rec.EventName)})
	}
	if rec.Resource != nil {
		r.resource = rec.Resource.Attrs
	}
	if rec.Scope != nil && len(rec.Scope.Attrs) > 0 {
		r.resource = append(r.resource[:len(r.resource):len(r.resource)], rec.Scope.Attrs...)
	}
}

// setEntry takes an entry of LogQL. Fields are the labels that came with the
// line or that the query made; resource has those of its stream. The message
// is one of these, or what the line says as a search line would have it.
func (r *row) setEntry(e *store.LogEntry) {
	fields, resource := r.fields[:0], r.resource[:0]
	*r = row{time: e.Time, level: "unset", line: e.Line, msg: e.Line}
	said := false
	for _, list := range [...]store.LogLabels{e.Parsed, e.Metadata} {
		for _, l := range list {
			switch {
			case (l.Name == "msg" || l.Name == "message") && !said:
				r.msg, said = l.Value, true
			case l.Name == "trace_id" && r.trace == "":
				r.trace = l.Value
			case l.Name == "span_id" && r.span == "":
				r.span = l.Value
			default:
				fields = append(fields, store.Attr{Key: l.Name, Value: store.String(l.Value)})
			}
		}
	}
	for _, l := range e.Stream {
		switch l.Name {
		case "detected_level":
			if l.Value != "unknown" {
				r.level = l.Value
			}
		case "service_name":
			r.service = l.Value
		}
		resource = append(resource, store.Attr{Key: l.Name, Value: store.String(l.Value)})
	}
	if !said {
		var rec store.Record
		if rec.SetLine(e.Line); rec.Body.Kind == store.KindString {
			r.msg = rec.Body.Str()
		}
	}
	r.fields, r.resource = fields, resource
}

// column is the text of a column of CSV.
func (r *row) column(name string) string {
	switch name {
	case "time":
		return string(appendTime(nil, r.time))
	case "level":
		return r.level
	case "service", "service.name", "service_name":
		return r.service
	case "msg", "message":
		return r.msg
	case "trace_id":
		return r.trace
	case "span_id":
		return r.span
	case "line":
		return r.line
	case "fields":
		return string(appendAttrs(nil, r.fields))
	case "resource":
		return string(appendAttrs(nil, r.resource))
	}
	if v, ok := r.fields.Get(name); ok {
		return v.Text()
	}
	return r.resource.Text(name)
}

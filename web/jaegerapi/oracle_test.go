package jaegerapi

import (
	"encoding/base64"
	"math"
	"strconv"

	"tripod/store"
)

// traceOf is what a traceList has to write, for encoding/json.
func traceOf(t *store.Trace) trace {
	out := trace{TraceID: idText(t.ID), Spans: make([]span, len(t.Spans)), Processes: map[string]process{}}
	procs := wantedProcesses{byKey: map[string]string{}, out: out.Processes}
	for i := range t.Spans {
		out.Spans[i] = spanOf(&t.Spans[i])
		out.Spans[i].ProcessID = procs.of(&t.Spans[i])
	}
	return out
}

// wantedProcesses numbers the resources of a trace by first appearance; equal ones
// share a number, whatever request brought them.
type wantedProcesses struct {
	byKey map[string]string // service and attributes in words
	last  struct {
		res     *store.Resource
		service string
		id      string
	}
	out map[string]process
}

func (p *wantedProcesses) of(s *store.Span) string {
	if p.last.id != "" && s.Resource != nil && p.last.res == s.Resource && p.last.service == s.Service {
		return p.last.id
	}
	var attrs store.Attrs
	if s.Resource != nil {
		attrs = s.Resource.Attrs
	}
	key := strconv.Quote(s.Service) + store.Map(attrs).Text()
	id, ok := p.byKey[key]
	if !ok {
		id = "p" + strconv.Itoa(len(p.byKey)+1)
		p.byKey[key] = id
		p.out[id] = processOf(s.Service, attrs)
	}
	p.last.res, p.last.service, p.last.id = s.Resource, s.Service, id
	return id
}

func processOf(service string, attrs store.Attrs) process {
	p := process{ServiceName: service, Tags: make([]keyValue, 0, len(attrs))}
	if service == "" {
		p.ServiceName = noService
	}
	for _, a := range attrs {
		if a.Key != "service.name" {
			p.Tags = append(p.Tags, tag(a))
		}
	}
	return p
}

func spanOf(s *store.Span) span {
	out := span{
		TraceID:       idText(s.TraceID),
		SpanID:        s.SpanID.String(),
		Flags:         s.Flags & 0xff, // the W3C flags; the others say whether a parent is remote
		OperationName: s.Name,
		References:    references(s),
		StartTime:     s.Start / 1000,
		Duration:      s.Duration() / 1000,
		Tags:          spanTags(s),
		Logs:          make([]logEntry, 0, len(s.Events)),
	}
	for i := range s.Events {
		out.Logs = append(out.Logs, logOf(&s.Events[i]))
	}
	return out
}

func references(s *store.Span) []reference {
	out := make([]reference, 0, 1+len(s.Links))
	if !s.ParentID.IsZero() {
		out = append(out, reference{"CHILD_OF", idText(s.TraceID), s.ParentID.String()})
	}
	for _, l := range s.Links {
		kind := "FOLLOWS_FROM"
		if l.Attrs.Text("opentracing.ref_type") == "child_of" {
			kind = "CHILD_OF"
		}
		out = append(out, reference{kind, idText(l.TraceID), l.SpanID.String()})
	}
	return out
}

// spanTags are the attributes between what Jaeger puts before and behind them.
func spanTags(s *store.Span) []keyValue {
	out := make([]keyValue, 0, len(s.Attrs)+7)
	text := func(key, value string) {
		if value != "" {
			out = append(out, keyValue{key, "string", value})
		}
	}
	if s.Scope != nil {
		text("otel.scope.name", s.Scope.Name)
		text("otel.scope.version", s.Scope.Version)
	}
	for _, a := range s.Attrs {
		out = append(out, tag(a))
	}
	text("span.kind", kindWord(s.Kind))
	switch s.Status {
	case store.StatusOK:
		text("otel.status_code", "OK")
	case store.StatusError:
		text("otel.status_code", "ERROR")
		out = append(out, keyValue{"error", "bool", true})
	}
	text("otel.status_description", s.StatusMessage)
	text("w3c.tracestate", s.TraceState)
	return out
}

func logOf(e *store.SpanEvent) logEntry {
	out := logEntry{Timestamp: e.Time / 1000, Fields: make([]keyValue, 0, len(e.Attrs)+1)}
	if _, named := e.Attrs.Get("event"); e.Name != "" && !named {
		out.Fields = append(out.Fields, keyValue{"event", "string", e.Name})
	}
	for _, a := range e.Attrs {
		out.Fields = append(out.Fields, tag(a))
	}
	return out
}

func tag(a store.Attr) keyValue {
	v := a.Value
	switch v.Kind {
	case store.KindBool:
		return keyValue{a.Key, "bool", v.Bool()}
	case store.KindInt:
		if n := v.Int(); n <= maxSafe && n >= -maxSafe {
			return keyValue{a.Key, "int64", n}
		}
		return keyValue{a.Key, "int64", v.Text()}
	case store.KindFloat:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return keyValue{a.Key, "float64", f}
		}
		return keyValue{a.Key, "float64", v.Text()}
	case store.KindBytes:
		return keyValue{a.Key, "binary", base64.StdEncoding.EncodeToString([]byte(v.Str()))}
	}
	return keyValue{a.Key, "string", v.Text()}
}

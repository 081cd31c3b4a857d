package jaegerapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tripod/store"
)

// ReadTraces reads spans from Jaeger's JSON: an answer of its API, as its UI
// saves it, or one trace of it. What Jaeger makes of OTLP becomes OTLP again.
// The spans that have no id are left out, and counted.
func ReadTraces(b []byte) (spans []store.Span, refused int, err error) {
	var file struct {
		Data []trace `json:"data"`
		trace
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // an int64 is more than a float64 holds
	if err := d.Decode(&file); err != nil {
		return nil, 0, fmt.Errorf("JSON at byte %d: %w: %w", d.InputOffset(), err, store.ErrInvalid)
	}
	if len(file.Spans) > 0 {
		file.Data = append(file.Data, file.trace)
	}
	for i := range file.Data {
		t := &file.Data[i]
		resources := map[string]*store.Resource{}
		for k := range t.Spans {
			s, ok, err := t.read(&t.Spans[k], resources)
			if err != nil {
				return nil, 0, fmt.Errorf("trace %d, span %d: %w", i+1, k+1, err)
			}
			if !ok {
				refused++
				continue
			}
			spans = append(spans, s)
		}
	}
	return spans, refused, nil
}

// maxMicros is the last µs whose ns are an int64.
const maxMicros = math.MaxInt64 / 1000

func (t *trace) read(in *span, resources map[string]*store.Resource) (store.Span, bool, error) {
	out := store.Span{Name: in.OperationName, Flags: in.Flags & 0xff}
	var err error
	if out.TraceID, err = store.ParseTraceID(orText(in.TraceID, t.TraceID)); err != nil {
		return out, false, nil
	}
	if out.SpanID, err = store.ParseSpanID(in.SpanID); err != nil || out.SpanID.IsZero() || out.TraceID.IsZero() {
		return out, false, nil
	}
	if in.StartTime < 0 || in.StartTime > maxMicros || in.Duration < 0 || in.Duration > maxMicros-in.StartTime {
		return out, false, fmt.Errorf("start %d µs and duration %d µs are out of range: %w", in.StartTime, in.Duration, store.ErrInvalid)
	}
	out.Start = in.StartTime * 1000
	out.End = out.Start + in.Duration*1000
	for _, r := range in.References {
		readReference(&out, r)
	}
	for _, kv := range in.Tags {
		readTag(&out, kv)
	}
	for _, l := range in.Logs {
		out.Events = append(out.Events, readLog(l))
	}
	out.Resource, out.Service = t.resource(in.ProcessID, resources)
	return out, true, nil
}

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// readReference makes the first parent in the same trace the parent, and all
// else links.
func readReference(s *store.Span, r reference) {
	id, err := store.ParseTraceID(r.TraceID)
	of, err2 := store.ParseSpanID(r.SpanID)
	if err != nil || err2 != nil || of.IsZero() {
		return
	}
	if r.RefType == "CHILD_OF" && id == s.TraceID && s.ParentID.IsZero() {
		s.ParentID = of
		return
	}
	l := store.SpanLink{TraceID: id, SpanID: of}
	if r.RefType == "CHILD_OF" {
		l.Attrs = store.Attrs{{Key: "opentracing.ref_type", Value: store.String("child_of")}}
	}
	s.Links = append(s.Links, l)
}

// readTag puts a tag where spanTags took it from.
func readTag(s *store.Span, kv keyValue) {
	v := valueOf(kv)
	scope := func() *store.Scope {
		if s.Scope == nil {
			s.Scope = &store.Scope{}
		}
		return s.Scope
	}
	switch text := v.Str(); {
	case kv.Key == "span.kind" && kindOf(text) != store.SpanUnspecified:
		s.Kind = kindOf(text)
	case kv.Key == "otel.scope.name" && text != "":
		scope().Name = text
	case kv.Key == "otel.scope.version" && text != "":
		scope().Version = text
	case kv.Key == "otel.status_code" && text == "OK":
		s.Status = store.StatusOK
	case kv.Key == "otel.status_code" && text == "ERROR", kv.Key == "error" && (v.Kind == store.KindBool && v.Bool() || text == "true"):
		s.Status = store.StatusError
	case kv.Key == "otel.status_description" && text != "":
		s.StatusMessage = text
	case kv.Key == "w3c.tracestate" && text != "":
		s.TraceState = text
	default:
		s.Attrs = append(s.Attrs, store.Attr{Key: kv.Key, Value: v})
	}
}

func kindOf(word string) store.SpanKind {
	for k := store.SpanInternal; k <= store.SpanConsumer; k++ {
		if k.String() == word {
			return k
		}
	}
	return store.SpanUnspecified
}

func readLog(l logEntry) store.SpanEvent {
	e := store.SpanEvent{Time: min(max(l.Timestamp, 0), maxMicros) * 1000}
	for _, kv := range l.Fields {
		if kv.Key == "event" && e.Name == "" && kv.Type == "string" {
			e.Name = valueOf(kv).Str()
			continue
		}
		e.Attrs = append(e.Attrs, store.Attr{Key: kv.Key, Value: valueOf(kv)})
	}
	return e
}

func (t *trace) resource(id string, made map[string]*store.Resource) (*store.Resource, string) {
	p := t.Processes[id]
	if p.ServiceName == noService {
		p.ServiceName = ""
	}
	if r := made[id]; r != nil {
		return r, p.ServiceName
	}
	r := &store.Resource{}
	if p.ServiceName != "" {
		r.Attrs = append(r.Attrs, store.Attr{Key: "service.name", Value: store.String(p.ServiceName)})
	}
	for _, kv := range p.Tags {
		r.Attrs = append(r.Attrs, store.Attr{Key: kv.Key, Value: valueOf(kv)})
	}
	made[id] = r
	return r, p.ServiceName
}

// valueOf takes a value as its type says, and as text where it is another.
func valueOf(kv keyValue) store.Value {
	text, isText := kv.Value.(string)
	if n, ok := kv.Value.(json.Number); ok {
		text = n.String()
	} else if !isText {
		if on, ok := kv.Value.(bool); ok {
			return store.Bool(on)
		}
		b, _ := json.Marshal(kv.Value) // it came from JSON
		return store.String(string(b))
	}
	switch strings.ToLower(kv.Type) {
	case "bool":
		if on, err := strconv.ParseBool(text); err == nil {
			return store.Bool(on)
		}
	case "int64":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return store.Int(n)
		}
	case "float64":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return store.Float(f)
		}
	case "binary":
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return store.Bytes(b)
		}
	}
	return store.String(text)
}

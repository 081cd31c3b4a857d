package jaegerapi

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"tripod/store"
)

// traceList writes the answer with traces one by one, as Jaeger translates what
// it receives by OTLP; see trace for the shape.
type traceList struct {
	b     []byte
	n     int
	procs processes
}

var traceLists = sync.Pool{New: func() any { return new(traceList) }}

func newTraceList() *traceList {
	l := traceLists.Get().(*traceList)
	l.b, l.n = append(l.b[:0], `{"data":[`...), 0
	return l
}

// maxSpare bounds what a list keeps for the next one.
const maxSpare = 1 << 20

// free gives the list back, which nobody uses from then on.
func (l *traceList) free() {
	if cap(l.b) <= maxSpare {
		l.procs.free()
		traceLists.Put(l)
	}
}

// end closes the list, with what the answer says beside it.
func (l *traceList) end(faults []fault) []byte {
	l.b = append(l.b, `],"total":0,"limit":0,"offset":0,"errors":`...)
	l.b = append(appendJSON(l.b, faults), '}')
	return l.b
}

func (l *traceList) write(w http.ResponseWriter, faults []fault) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.Write(l.end(faults))
}

// appendJSON appends what encoding/json makes of strings, finite numbers and
// what is made of them, which cannot fail.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("jaegerapi: " + err.Error()) // a broken invariant of our own
	}
	return append(b, text...)
}

func (l *traceList) add(t *store.Trace) {
	if l.n++; l.n > 1 {
		l.b = append(l.b, ',')
	}
	l.procs.begin()
	b := append(l.b, `{"traceID":`...)
	b = append(appendTraceID(b, t.ID), `,"spans":[`...)
	for i := range t.Spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSpan(b, &t.Spans[i], l.procs.of(&t.Spans[i]))
	}
	b = append(b, `],"processes":`...)
	l.b = append(l.procs.appendTo(b), `,"warnings":null}`...)
}

func appendSpan(b []byte, s *store.Span, proc string) []byte {
	b = append(b, `{"traceID":`...)
	b = append(appendTraceID(b, s.TraceID), `,"spanID":`...)
	b = appendSpanID(b, s.SpanID)
	if flags := s.Flags & 0xff; flags != 0 { // the W3C flags; the others say whether a parent is remote
		b = strconv.AppendUint(append(b, `,"flags":`...), uint64(flags), 10)
	}
	b = appendString(append(b, `,"operationName":`...), s.Name)
	b = appendReferences(append(b, `,"references":[`...), s)
	b = strconv.AppendInt(append(b, `],"startTime":`...), s.Start/1000, 10)
	b = strconv.AppendInt(append(b, `,"duration":`...), s.Duration()/1000, 10)
	b = appendSpanTags(append(b, `,"tags":[`...), s)
	b = append(b, `],"logs":[`...)
	for i := range s.Events {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLog(b, &s.Events[i])
	}
	b = append(b, `],"processID":"`...)
	return append(append(b, proc...), `","warnings":null}`...)
}

func appendReferences(b []byte, s *store.Span) []byte {
	if !s.ParentID.IsZero() {
		b = appendReference(b, "CHILD_OF", s.TraceID, s.ParentID)
	}
	for _, l := range s.Links {
		kind := "FOLLOWS_FROM"
		if l.Attrs.Text("opentracing.ref_type") == "child_of" {
			kind = "CHILD_OF"
		}
		b = appendReference(comma(b), kind, l.TraceID, l.SpanID)
	}
	return b
}

func appendReference(b []byte, kind string, trace store.TraceID, span store.SpanID) []byte {
	b = append(append(append(b, `{"refType":"`...), kind...), `","traceID":`...)
	b = append(appendTraceID(b, trace), `,"spanID":`...)
	return append(appendSpanID(b, span), '}')
}

// comma separates what comes from what is in a list already.
func comma(b []byte) []byte {
	if b[len(b)-1] == '[' {
		return b
	}
	return append(b, ',')
}

// appendSpanTags writes the attributes between what Jaeger puts before and
// behind them.
func appendSpanTags(b []byte, s *store.Span) []byte {
	if s.Scope != nil {
		b = appendWord(b, "otel.scope.name", s.Scope.Name)
		b = appendWord(b, "otel.scope.version", s.Scope.Version)
	}
	for i := range s.Attrs {
		b = appendTag(b, &s.Attrs[i])
	}
	b = appendWord(b, "span.kind", kindWord(s.Kind))
	switch s.Status {
	case store.StatusOK:
		b = appendWord(b, "otel.status_code", "OK")
	case store.StatusError:
		b = appendWord(b, "otel.status_code", "ERROR")
		b = append(b, `,{"key":"error","type":"bool","value":true}`...)
	}
	b = appendWord(b, "otel.status_description", s.StatusMessage)
	return appendWord(b, "w3c.tracestate", s.TraceState)
}

func appendLog(b []byte, e *store.SpanEvent) []byte {
	b = strconv.AppendInt(append(b, `{"timestamp":`...), e.Time/1000, 10)
	b = append(b, `,"fields":[`...)
	if _, named := e.Attrs.Get("event"); !named {
		b = appendWord(b, "event", e.Name)
	}
	for i := range e.Attrs {
		b = appendTag(b, &e.Attrs[i])
	}
	return append(b, "]}"...)
}

// appendWord writes a tag of text to a list, unless the text is empty.
func appendWord(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	b = appendString(append(comma(b), `{"key":`...), key)
	b = appendString(append(b, `,"type":"string","value":`...), text)
	return append(b, '}')
}

// maxSafe is the largest integer that JavaScript reads without loss; larger
// ones go as text.
const maxSafe = 1<<53 - 1

// appendTag writes an attribute to a list.
func appendTag(b []byte, a *store.Attr) []byte {
	b = appendString(append(comma(b), `{"key":`...), a.Key)
	v := a.Value
	switch v.Kind {
	case store.KindBool:
		b = strconv.AppendBool(append(b, `,"type":"bool","value":`...), v.Bool())
	case store.KindInt:
		b = append(b, `,"type":"int64","value":`...)
		if n := v.Int(); n <= maxSafe && n >= -maxSafe {
			b = strconv.AppendInt(b, n, 10)
		} else {
			b = appendString(b, v.Text())
		}
	case store.KindFloat:
		b = append(b, `,"type":"float64","value":`...)
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			b = appendJSON(b, f)
		} else {
			b = appendString(b, v.Text())
		}
	case store.KindBytes:
		b = append(b, `,"type":"binary","value":"`...)
		b = append(base64.StdEncoding.AppendEncode(b, []byte(v.Str())), '"')
	default:
		b = appendString(append(b, `,"type":"string","value":`...), v.Text())
	}
	return append(b, '}')
}

// appendString writes a string as encoding/json does.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			return appendJSON(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// plain are the bytes that stand for themselves.
var plain = func() (set [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		set[c] = !slices.Contains([]byte{'"', '\\', '<', '>', '&'}, c)
	}
	return set
}()

// appendTraceID leaves out the upper half of a trace id that has none.
func appendTraceID(b []byte, id store.TraceID) []byte {
	from := 0
	if [8]byte(id[:8]) == [8]byte{} {
		from = 8
	}
	return append(hex.AppendEncode(append(b, '"'), id[from:]), '"')
}

func appendSpanID(b []byte, id store.SpanID) []byte {
	return append(hex.AppendEncode(append(b, '"'), id[:]), '"')
}

// idText is what appendTraceID writes.
func idText(id store.TraceID) string {
	b := appendTraceID(nil, id)
	return string(b[1 : len(b)-1])
}

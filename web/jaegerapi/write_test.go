package jaegerapi

import (
	"fmt"
	"strings"
	"testing"

	"tripod/store"
)

// Every kind of value, escape and resource is written as encoding/json writes it.
func TestWritesAsEncodingJSON(t *testing.T) {
	for _, tr := range loaded().traces {
		written(t, &tr)
	}
	for name, text := range map[string]string{
		"empty": "", "quotes": `a"b\c`, "HTML": "<a href='x'>&", "lines": "a\n\r\t\x00\x1f\x7f", "line ends of JavaScript": "\u2028\u2029", "other alphabets": "Žluťoučký 𝄞", "broken UTF-8": "a\xff\xc3",
	} {
		s := store.Span{TraceID: store.TraceID{15: 1}, SpanID: store.SpanID{7: 1}, Name: text, Service: text, StatusMessage: text, TraceState: text, Scope: &store.Scope{Name: text, Version: text},
			Attrs: store.Attrs{{Key: text, Value: store.String(text)}}, Events: []store.SpanEvent{{Name: text, Attrs: store.Attrs{{Key: text, Value: store.List(store.String(text))}}}},
			Resource: &store.Resource{Attrs: store.Attrs{{Key: text, Value: store.String(text)}}}}
		t.Run(name, func(t *testing.T) { written(t, &store.Trace{ID: s.TraceID, Spans: []store.Span{s}}) })
	}
	for _, f := range []float64{0, -0.5, 1e-7, 1.5e-9, 1e21, 1e20, 123456789.25} {
		written(t, &store.Trace{Spans: []store.Span{{Attrs: store.Attrs{{Key: "f", Value: store.Float(f)}}}}})
	}
}

// A trace of a dozen processes: their ids stand in the order of their texts.
func TestWritesManyProcesses(t *testing.T) {
	tr := store.Trace{ID: store.TraceID{1}}
	for i := range 25 {
		res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("a")}, {Key: "pod", Value: store.Int(int64(i % 12))}}}
		tr.Spans = append(tr.Spans, store.Span{TraceID: tr.ID, SpanID: store.SpanID{byte(i)}, Service: fmt.Sprint("a", i%2), Resource: res})
	}
	if text := string(written(t, &tr)); !strings.Contains(text, `"p12"`) || strings.Contains(text, `"p13"`) {
		t.Errorf("got %s", text)
	}
}

package traces

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
	"tripod/web/otlp"
)

// throughEvents makes events of spans and spans of those again.
type throughEvents struct{ t *testing.T }

func (d throughEvents) Append(_ context.Context, spans []store.Span) error {
	e := encoders.Get().(*encoder)
	defer e.free()
	var back decoder
	for i, ev := range e.encode(spans, make([]call, len(spans))) {
		got := back.decode(&ev)
		if g, w := otlp.MarshalTraces([]store.Span{got}), otlp.MarshalTraces(spans[i:i+1]); !bytes.Equal(g, w) || got.Service != spans[i].Service {
			d.t.Errorf("got  %q %#v\nwant %q %#v", g, got, w, spans[i])
		}
	}
	return nil
}

// FuzzFromOTLPToOTLP holds that nothing of a request is lost by being kept.
func FuzzFromOTLPToOTLP(f *testing.F) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl("schema")
	rs.Resource().Attributes().PutStr("service.name", "shop")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("http")
	for i := range 3 {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{byte(i + 1)})
		s.SetName("GET /")
		s.SetEndTimestamp(pcommon.Timestamp(5))
		s.SetFlags(0x301)
		s.Attributes().PutInt("n", int64(i))
		s.Attributes().PutEmpty("none")
		s.Attributes().PutEmptySlice("list").AppendEmpty().SetEmptyMap().PutDouble("f", 1.5)
		s.Events().AppendEmpty().Attributes().PutEmptyBytes("raw").FromRaw([]byte{0, 255})
		s.Links().AppendEmpty().SetTraceID(pcommon.TraceID{2})
		s.Status().SetMessage("no")
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		mux := http.NewServeMux()
		otlp.New(otlp.Doors{Traces: throughEvents{t}}, otlp.Options{}).Register(mux)
		r := httptest.NewRequest("POST", "/v1/traces", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/x-protobuf")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

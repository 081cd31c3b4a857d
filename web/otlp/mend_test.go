package otlp

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

const (
	goodIDs  = `"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"`
	goodSpan = `{` + goodIDs + `,"name":"good","startTimeUnixNano":"5","endTimeUnixNano":"9"}`
)

// One span that cannot be read costs only itself.
func TestGoodSpansBesideABadOneAreKept(t *testing.T) {
	for name, c := range map[string]struct{ span, why string }{
		"short trace id":     {`{"traceId":"4bf9","spanId":"00f067aa0ba902b7","name":"bad"}`, `span "bad": trace id "4bf9" is not of 32 hexadecimal digits`},
		"base64":             {`{"traceId":"S/kvNXezTaajzpKdDg5HNg==","spanId":"APBnqgupArc=","name":"bad"}`, `trace id "S/kvNXezTaajzpKdDg5HNg==" is not of 32`},
		"no digits":          {`{"trace_id":"4bf92f3577b34da6a3ce929d0e0e473z","span_id":"00f067aa0ba902b7","name":"bad"}`, `473z" is not of 32 hexadecimal digits`},
		"long span id":       {`{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b700","name":"bad"}`, `span id "00f067aa0ba902b700" is not of 16`},
		"a number as parent": {`{` + goodIDs + `,"parentSpanId":7}`, `parent span id 7 is no text`},
		"a bad link":         {`{` + goodIDs + `,"name":"bad","links":[{"traceId":"x"}]}`, `span "bad": `},
		"a bad time":         {`{` + goodIDs + `,"startTimeUnixNano":"noon"}`, `span "": `},
		"no object":          {`7`, `span "": `},
		"no ids":             {`{"name":"bad"}`, "trace id is all zero or missing"},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[` + goodSpan + `,` + c.span + `]},{"spans":[` + goodSpan + `]}]}]}`
			e := &engine{}
			srv := serve(t, e, Options{})
			resp, answer := post(t, srv.URL+"/v1/traces", typeJSON, "", []byte(body))
			var told struct {
				PartialSuccess struct{ RejectedSpans, ErrorMessage string }
			}
			if err := json.Unmarshal(answer, &told); err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", resp.StatusCode, answer)
			}
			if p := told.PartialSuccess; p.RejectedSpans != "1" || !strings.Contains(p.ErrorMessage, c.why) {
				t.Errorf("told %+v, want %s", p, c.why)
			}
			if len(e.spans) != 2 || e.spans[0].Name != "good" || e.spans[1].Service != "shop" || e.spans[1].Start != 5 {
				t.Errorf("kept %+v", e.spans)
			}
			if ss, bad, err := UnmarshalTracesJSON([]byte(body)); len(ss) != 2 || bad.N != 1 || err != nil {
				t.Errorf("of a file %d spans, %d refused, %v", len(ss), bad.N, err)
			}
		})
	}
}

// A fault that is not of one span refuses the request, as before.
func TestFaultsAroundSpansRefuseTheRequest(t *testing.T) {
	for name, body := range map[string]string{
		"of the resource": `{"resourceSpans":[{"resource":7,"scopeSpans":[{"spans":[` + goodSpan + `]}]}]}`,
		"of a list":       `{"resourceSpans":[{"scopeSpans":{"spans":[]}}]}`,
		"cut off":         `{"resourceSpans":[{"scopeSpans":[{"spans":[` + goodSpan + `,{"traceId":"x"}`,
	} {
		e := &engine{}
		if resp, answer := post(t, serve(t, e, Options{}).URL+"/v1/traces", typeJSON, "", []byte(body)); resp.StatusCode != http.StatusBadRequest || len(e.spans) > 0 {
			t.Errorf("%s: %d %s, %d spans kept", name, resp.StatusCode, answer, len(e.spans))
		}
	}
}

// OTLP keeps a log record whose ids cannot be, without them.
func TestLogRecordsWithBadIDsAreKeptWithout(t *testing.T) {
	e := &engine{}
	body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"a"},` + goodIDs + `},{"timeUnixNano":"2","body":{"stringValue":"b"},"traceId":"nope","spanId":"00f067aa0ba902b7"},{"timeUnixNano":"noon"}]}]}]}`
	resp, answer := post(t, serve(t, e, Options{}).URL+"/v1/logs", typeJSON, "", []byte(body))
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"rejectedLogRecords":"1"`) || len(e.records) != 2 {
		t.Fatalf("%d %s, %d records", resp.StatusCode, answer, len(e.records))
	}
	if r := e.records[1]; r.Body.Text() != "b" || !r.TraceID.IsZero() || r.SpanID.IsZero() || e.records[0].TraceID.IsZero() {
		t.Errorf("got %+v", r)
	}
}

// A metric is kept without an exemplar whose id cannot be; one that cannot be
// read counts for its data points.
func TestMetricsWithBadExemplarsAreKeptWithout(t *testing.T) {
	point := func(exemplars string) string {
		return `{"timeUnixNano":"1700000000000000000","asInt":"7","exemplars":[` + exemplars + `]}`
	}
	good := `{"timeUnixNano":"1700000000000000000","asInt":"3",` + goodIDs + `}`
	bad := `{"timeUnixNano":"1700000000000000000","asInt":"4","traceId":"nope"}`
	body := `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[` +
		`{"name":"a","gauge":{"dataPoints":[` + point(good) + `,` + point(bad+","+good+","+bad) + `]}},` +
		`{"name":"b","histogram":{"data_points":[{"timeUnixNano":"1700000000000000000","count":"1","exemplars":[` + bad + `]}]}},` +
		`{"name":"c","sum":{"dataPoints":[{"timeUnixNano":"noon"},` + point(good) + `]}}` +
		`]}]}]}`
	e := &engine{}
	resp, answer := post(t, serve(t, e, Options{}).URL+"/v1/metrics", typeJSON, "", []byte(body))
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"rejectedDataPoints":"2"`) || !strings.Contains(string(answer), `metric \"c\"`) {
		t.Fatalf("%d %s", resp.StatusCode, answer)
	}
	req, _, exemplars, err := New(Doors{}, Options{}).readMetrics(jsonText, []byte(body))
	if err != nil || e.metrics != 3 {
		t.Fatalf("%d points were kept, %v", e.metrics, err)
	}
	if exemplars.N != 3 || !strings.Contains(string(answer), `without exemplars (3): exemplar of metric \"a\": trace id \"nope\" is not of 32 hexadecimal digits`) {
		t.Errorf("%d exemplars are dropped: %s", exemplars.N, answer)
	}
	metrics := req.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	if metrics.Len() != 2 {
		t.Fatalf("%d metrics", metrics.Len())
	}
	points := metrics.At(0).Gauge().DataPoints()
	for i := range 2 {
		if x := points.At(i).Exemplars(); points.At(i).IntValue() != 7 || x.Len() != 1 || x.At(0).IntValue() != 3 || x.At(0).TraceID().IsEmpty() {
			t.Errorf("point %d has %d exemplars", i, x.Len())
		}
	}
	if h := metrics.At(1).Histogram().DataPoints(); h.Len() != 1 || h.At(0).Exemplars().Len() != 0 {
		t.Errorf("the histogram has %d points", h.Len())
	}
}

// The same of protobuf, where an id is of another length.
func TestGoodSpansBesideABadOneInProtobuf(t *testing.T) {
	message := func(fields ...[]byte) (b []byte) {
		for i := 0; i < len(fields); i += 2 {
			b = protowire.AppendBytes(append(b, fields[i]...), fields[i+1])
		}
		return b
	}
	field := func(n protowire.Number) []byte { return protowire.AppendTag(nil, n, protowire.BytesType) }
	id, short := make([]byte, 16), []byte{1, 2}
	id[0] = 1
	good := message(field(1), id, field(2), id[:8])
	for name, c := range map[string]struct {
		span []byte
		why  string
	}{
		"trace id":         {message(field(1), short, field(2), id[:8], field(5), []byte("bad")), `span "bad" of service "": trace id is of 2 bytes, not of 16`},
		"parent":           {message(field(1), id, field(2), id[:8], field(4), id), "parent span id is of 16 bytes, not of 8"},
		"the id of a link": {message(field(1), id, field(2), id[:8], field(13), message(field(1), short)), "link's trace id is of 2 bytes"},
	} {
		e := &engine{}
		body := message(field(1), message(field(2), message(field(2), good, field(2), c.span, field(2), good)))
		resp, answer := post(t, serve(t, e, Options{}).URL+"/v1/traces", typeProto, "", body)
		if resp.StatusCode != http.StatusOK || len(e.spans) != 2 || !strings.Contains(string(answer), c.why) {
			t.Errorf("%s: %d %q, %d spans", name, resp.StatusCode, answer, len(e.spans))
		}
	}
	e := &engine{}
	record := message(field(9), short, field(10), id[:8])
	if resp, answer := post(t, serve(t, e, Options{}).URL+"/v1/logs", typeProto, "", message(field(1), message(field(2), message(field(2), record)))); resp.StatusCode != http.StatusOK || len(answer) > 0 || len(e.records) != 1 ||
		e.records[0].TraceID != (store.TraceID{}) || e.records[0].SpanID.IsZero() {
		t.Errorf("a record: %d %q %+v", resp.StatusCode, answer, e.records)
	}
}

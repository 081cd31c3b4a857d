package otlp

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// receive decodes a body as the protocol does; ok is false when it is refused
// as a whole, which must be the client's fault.
func receive(t testing.TB, req request, root part, asJSON bool, body []byte) bool {
	t.Helper()
	enc := protobuf
	if asJSON {
		enc = jsonText
	}
	err := New(Doors{}, Options{}).decode(req, root, enc, body)
	if err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
		t.Fatalf("got %v, want an error that blames the request", err)
	}
	return err == nil
}

func FuzzLogs(f *testing.F) {
	f.Add(logsProto(sampleLogs()), false)
	f.Add(must[[]byte](f)(plogotlp.NewExportRequestFromLogs(sampleLogs()).MarshalJSON()), true)
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","severityNumber":9,"body":{"stringValue":"hi"},"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}]}]}]}`), true)
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		first := plogotlp.NewExportRequest()
		if !receive(t, first, logsRequest, asJSON, body) {
			return
		}
		now := time.Unix(1773324360, 0)
		want := dumpLogs(first.Logs(), now.UnixNano())
		records, _ := logRecords(first.Logs(), now)
		second := plogotlp.NewExportRequest()
		if err := second.UnmarshalProto(MarshalLogs(records)); err != nil {
			t.Fatal(err)
		}
		if got := dumpLogs(second.Logs(), 0); got != want {
			t.Errorf("sent back:\n%s\nreceived:\n%s", got, want)
		}
	})
}

func FuzzTraces(f *testing.F) {
	f.Add(tracesProto(sampleTraces()), false)
	f.Add(must[[]byte](f)(ptraceotlp.NewExportRequestFromTraces(sampleTraces()).MarshalJSON()), true)
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","kind":2,"status":{"code":2}}]}]}]}`), true)
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		first := ptraceotlp.NewExportRequest()
		if !receive(t, first, tracesRequest, asJSON, body) {
			return
		}
		ss, _ := spans(first.Traces())
		second := ptraceotlp.NewExportRequest()
		if err := second.UnmarshalProto(MarshalTraces(ss)); err != nil {
			t.Fatal(err)
		}
		if got, want := dumpTraces(second.Traces()), dumpTraces(first.Traces()); got != want {
			t.Errorf("sent back:\n%s\nreceived:\n%s", got, want)
		}
	})
}

func FuzzMetrics(f *testing.F) {
	req := pmetricotlp.NewExportRequestFromMetrics(sampleMetrics())
	f.Add(must[[]byte](f)(req.MarshalProto()), false)
	f.Add(must[[]byte](f)(req.MarshalJSON()), true)
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		req := pmetricotlp.NewExportRequest()
		if receive(t, req, metricsRequest, asJSON, body) {
			req.Metrics().DataPointCount()
		}
	})
}

func TestNeighboursShareTheirResourceAndScope(t *testing.T) {
	records, bad := logRecords(sampleLogs(), time.Unix(1, 0))
	if bad.N != 0 || len(records) != 7 {
		t.Fatalf("got %d records and %d refusals, want 7 and 0", len(records), bad.N)
	}
	if records[0].Resource != records[3].Resource || records[0].Scope != records[1].Scope {
		t.Error("records of one resource and scope do not share them")
	}
	if records[1].Scope == records[2].Scope || records[3].Resource == records[4].Resource {
		t.Error("records of two scopes or resources share one")
	}
	req := plogotlp.NewExportRequest()
	if err := req.UnmarshalProto(MarshalLogs(records)); err != nil {
		t.Fatal(err)
	}
	again, _ := logRecords(req.Logs(), time.Unix(2, 0))
	for i := range records {
		if !reflect.DeepEqual(again[i], records[i]) {
			t.Errorf("record %d:\ngot  %+v\nwant %+v", i, again[i], records[i])
		}
	}
}

func TestRecordsFallBack(t *testing.T) {
	records, _ := logRecords(sampleLogs(), time.Unix(0, 99))
	observed, text := records[4], records[5]
	if observed.Time != 5 || observed.Observed != 5 {
		t.Errorf("got time %d, want the observed time", observed.Time)
	}
	if text.Time != 99 || text.Observed != 0 {
		t.Errorf("got time %d observed %d, want now and nothing", text.Time, text.Observed)
	}
	if text.Level != store.LevelError || text.LevelText != "Error" {
		t.Errorf("got level %d %q, want it from the text", text.Level, text.LevelText)
	}
	if got := records[0]; got.Service != "shop" || got.Raw != "" || got.Message() != `{"msg":"left alone"}` || got.Level != 14 {
		t.Errorf("got %+v", got)
	}
}

package otlp

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
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

// FuzzLogsProto holds that protobuf becomes the records that pdata makes of it.
// Of what pdata takes only groups are refused, and nothing is taken that is no
// protobuf, unless it is in the deprecated field beside the one that counts.
func FuzzLogsProto(f *testing.F) {
	f.Add(logsProto(sampleLogs()))
	twice := logsProto(sampleLogs())
	f.Add(append(twice, twice...))
	f.Add(logsProto(manyAttributes(400, 7)))
	f.Add([]byte("\x0a\x08\xc2\x3e\x05\x12\x03\x2a\x01\x0a"))                     // a scope in the deprecated field
	f.Add([]byte("\x0a\x0e\xc2\x3e\x04\x12\x02\x10\x09\x12\x04\x12\x02\x10\x11")) // … and in both
	f.Add([]byte("\x0a\x0b\x12\x09\x12\x07\x2a\x05\x0a\x01a\x10\x01"))            // a body of two kinds
	f.Fuzz(func(t *testing.T, body []byte) {
		a := New(Doors{}, Options{Now: func() time.Time { return time.Unix(1773324360, 0) }})
		got, bad, free, err := a.readLogs(protobuf, body)
		req := plogotlp.NewExportRequest()
		wantErr := a.decode(req, logsRequest, protobuf, body)
		switch {
		case err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge):
			t.Fatalf("got %v, want an error that blames the request", err)
		case err != nil && wantErr == nil && !strings.Contains(err.Error(), "which OTLP does not have"):
			t.Fatalf("refused what pdata takes: %v", err)
		case err == nil && a.checkProto(body, logsRequest) != nil && !bytes.Contains(body, []byte("\xc2\x3e")):
			t.Fatalf("took what is beyond bounds or no protobuf: %v", wantErr)
		case err != nil || wantErr != nil:
			return
		}
		defer free()
		want, wantBad := logRecords(req.Logs(), a.o.Now())
		if bad.N != wantBad.N || bad.Why != wantBad.Why {
			t.Fatalf("refused %d (%s), want %d (%s)", bad.N, bad.Why, wantBad.N, wantBad.Why)
		}
		if len(got) != len(want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		for i := range got {
			if g, w := fmt.Sprintf("%#v %#v %#v", got[i], *got[i].Resource, *got[i].Scope), fmt.Sprintf("%#v %#v %#v", want[i], *want[i].Resource, *want[i].Scope); !sameButAddresses(g, w) {
				t.Fatalf("got  %s\nwant %s", g, w)
			}
		}
	})
}

// manyAttributes are more than there is room for at first, so that records have
// to move.
func manyAttributes(records, each int) plog.Logs {
	ld := plog.NewLogs()
	all := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i := range records {
		r := all.AppendEmpty()
		r.SetTimestamp(1)
		for j := range each {
			r.Attributes().PutInt(fmt.Sprint("a", j), int64(i))
		}
	}
	return ld
}

// sameButAddresses compares what is printed of two records.
func sameButAddresses(a, b string) bool {
	address := regexp.MustCompile(`0x[0-9a-f]{6,}`)
	return address.ReplaceAllString(a, "") == address.ReplaceAllString(b, "")
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
		text, err := MarshalTracesJSON(ss)
		third := ptraceotlp.NewExportRequest()
		if err == nil {
			err = third.UnmarshalJSON(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := dumpTraces(third.Traces()), dumpTraces(second.Traces()); got != want {
			t.Errorf("sent back as JSON:\n%s\nas protobuf:\n%s", got, want)
		}
	})
}

// FuzzTracesProto holds of spans what FuzzLogsProto holds of records.
func FuzzTracesProto(f *testing.F) {
	f.Add(tracesProto(sampleTraces()))
	twice := tracesProto(sampleTraces())
	f.Add(append(twice, twice...))
	f.Add([]byte("\x0a\x09\xc2\x3e\x06\x12\x04\x7a\x02\x18\x02"))               // a scope in the deprecated field
	f.Add([]byte("\x0a\x0e\x12\x0c\x12\x0a\x7a\x02\x18\x02\x7a\x04\x12\x02no")) // a status in two parts
	f.Fuzz(func(t *testing.T, body []byte) {
		a := New(Doors{}, Options{})
		got, bad, free, err := a.readSpans(protobuf, body)
		req := ptraceotlp.NewExportRequest()
		wantErr := a.decode(req, tracesRequest, protobuf, body)
		switch {
		case err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge):
			t.Fatalf("got %v, want an error that blames the request", err)
		case err != nil && wantErr == nil && !strings.Contains(err.Error(), "which OTLP does not have"):
			t.Fatalf("refused what pdata takes: %v", err)
		case err == nil && a.checkProto(body, tracesRequest) != nil && !bytes.Contains(body, []byte("\xc2\x3e")):
			t.Fatalf("took what is beyond bounds or no protobuf: %v", wantErr)
		case err != nil || wantErr != nil:
			return
		}
		defer free()
		want, wantBad := spans(req.Traces())
		if bad.N != wantBad.N || bad.Why != wantBad.Why {
			t.Fatalf("refused %d (%s), want %d (%s)", bad.N, bad.Why, wantBad.N, wantBad.Why)
		}
		if len(got) != len(want) {
			t.Fatalf("%d spans, want %d", len(got), len(want))
		}
		for i := range got {
			if g, w := fmt.Sprintf("%#v %#v %#v", got[i], *got[i].Resource, *got[i].Scope), fmt.Sprintf("%#v %#v %#v", want[i], *want[i].Resource, *want[i].Scope); !sameButAddresses(g, w) {
				t.Fatalf("got  %s\nwant %s", g, w)
			}
		}
	})
}

func FuzzMetrics(f *testing.F) {
	req := pmetricotlp.NewExportRequestFromMetrics(sampleMetrics())
	f.Add(must[[]byte](f)(req.MarshalProto()), false)
	f.Add(must[[]byte](f)(req.MarshalJSON()), true)
	f.Add(exemplarRequest([]byte{1, 2}, nil), false)
	f.Add(exemplarRequest(make([]byte, 16), make([]byte, 9)), false)
	f.Add([]byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"exemplars":[{"traceId":"x"},3]},7]}},[]]}]}]}`), true)
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		req := pmetricotlp.NewExportRequest()
		sound := receive(t, req, metricsRequest, asJSON, body)
		if sound {
			req.Metrics().DataPointCount()
		}
		enc := protobuf
		if asJSON {
			enc = jsonText
		}
		mended, bad, exemplars, err := New(Doors{}, Options{}).readMetrics(enc, body)
		switch {
		case sound && (err != nil || bad.N+exemplars.N > 0 || mended.Metrics().DataPointCount() != req.Metrics().DataPointCount()):
			t.Fatalf("mended what is sound: %d and %d refused, %v", bad.N, exemplars.N, err)
		case err == nil && !sound && !asJSON && exemplars.N == 0:
			t.Fatal("read what is not sound and dropped nothing")
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

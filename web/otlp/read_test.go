package otlp

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"tripod/store"
)

func TestReadsTheFilesThatAreWritten(t *testing.T) {
	res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("web")}}}
	want := []store.Span{
		{TraceID: store.TraceID{1}, SpanID: store.SpanID{2}, Name: "a", Service: "web", Resource: res, Start: 5, End: 9, Attrs: store.Attrs{{Key: "n", Value: store.Int(7)}}},
		{TraceID: store.TraceID{1}, SpanID: store.SpanID{3}, ParentID: store.SpanID{2}, Name: "b", Service: "web", Resource: res, Start: 6, End: 8, Status: store.StatusError},
	}
	b, err := MarshalTracesJSON(want)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want []store.Span
	}{"one": {string(b), want}, "two, a line each": {string(b) + "\n" + string(b) + "\n", append(append([]store.Span{}, want...), want...)}, "nothing": {"", nil}} {
		got, bad, err := UnmarshalTracesJSON([]byte(c.text))
		if err != nil || bad.N != 0 || len(got) != len(c.want) {
			t.Errorf("%s: %d spans, %d refused, %v", name, len(got), bad.N, err)
			continue
		}
		for i := range got {
			if got[i].SpanID != c.want[i].SpanID || got[i].ParentID != c.want[i].ParentID || got[i].Service != "web" || !reflect.DeepEqual(got[i].Attrs, c.want[i].Attrs) || got[i].Status != c.want[i].Status {
				t.Errorf("%s: got %+v, want %+v", name, got[i], c.want[i])
			}
		}
	}
	_, bad, err := UnmarshalTracesJSON([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"no ids"}]}]}]}`))
	if err != nil || bad.N != 1 {
		t.Errorf("a span without ids: %d refused, %v", bad.N, err)
	}
}

func TestReadFileRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)
	for name, c := range map[string]struct {
		text string
		want error
	}{"no JSON": {"hello", store.ErrInvalid}, "cut off": {`{"resourceSpans":[`, store.ErrInvalid}, "too deep": {deep, store.ErrTooLarge}, "another type": {`{"resourceSpans":7}`, store.ErrInvalid}} {
		if _, _, err := UnmarshalTracesJSON([]byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnmarshalTracesJSON(f *testing.F) {
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"a","startTimeUnixNano":"5","endTimeUnixNano":"9"}]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		spans, _, err := UnmarshalTracesJSON(b)
		if err != nil || len(spans) == 0 {
			return
		}
		text, err := MarshalTracesJSON(spans)
		if err != nil {
			t.Fatal(err)
		}
		if again, bad, err := UnmarshalTracesJSON(text); err != nil || len(again)+bad.N != len(spans) {
			t.Fatalf("%d of %d spans came back: %v", len(again), len(spans), err)
		}
	})
}

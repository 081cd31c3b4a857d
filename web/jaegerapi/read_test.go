package jaegerapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"tripod/store"
)

// savedTrace is one as Jaeger's UI saves it.
const savedTrace = `{"data":[{"traceID":"7f3a9c51e0b24d68","spans":[
 {"traceID":"7f3a9c51e0b24d68","spanID":"00000000000000a1","operationName":"POST /tasks","references":[],"startTime":1700000000000000,"duration":5031000,
  "tags":[{"key":"span.kind","type":"string","value":"server"},{"key":"error","type":"bool","value":true},{"key":"http.status_code","type":"int64","value":503},{"key":"big","type":"int64","value":"9223372036854775807"},{"key":"ratio","type":"float64","value":0.5}],
  "logs":[{"timestamp":1700000000200000,"fields":[{"key":"event","type":"string","value":"retry"},{"key":"n","type":"int64","value":2}]}],"processID":"p1"},
 {"traceID":"7f3a9c51e0b24d68","spanID":"a2","operationName":"acquire","references":[{"refType":"CHILD_OF","traceID":"7f3a9c51e0b24d68","spanID":"a1"},{"refType":"FOLLOWS_FROM","traceID":"0b","spanID":"0c"}],"startTime":1700000000001000,"duration":20,"tags":[{"key":"otel.scope.name","type":"string","value":"pool"}],"logs":null,"processID":"p2"},
 {"traceID":"7f3a9c51e0b24d68","spanID":"0","operationName":"has no id"}],
 "processes":{"p1":{"serviceName":"web","tags":[{"key":"host.name","type":"string","value":"a"}]},"p2":{"serviceName":"OTLPResourceNoServiceName","tags":[]}}}],"total":0}`

func TestReadsWhatJaegerSaves(t *testing.T) {
	spans, refused, err := ReadTraces([]byte(savedTrace))
	if err != nil || len(spans) != 2 || refused != 1 {
		t.Fatalf("%d spans, %d refused, %v", len(spans), refused, err)
	}
	s := spans[0]
	if s.Service != "web" || s.Kind != store.SpanServer || s.Status != store.StatusError || s.Duration() != 5031e6 || s.Start != 1700000000e9 || s.Resource.Attrs.Text("host.name") != "a" {
		t.Errorf("got %+v", s)
	}
	if v, _ := s.Attrs.Get("big"); v.Int() != 1<<63-1 || s.Attrs.Text("http.status_code") != "503" || s.Attrs.Text("ratio") != "0.5" {
		t.Errorf("attributes %v", s.Attrs)
	}
	if e := s.Events[0]; e.Name != "retry" || e.Attrs.Text("n") != "2" || e.Time != 1700000000_200000_000 {
		t.Errorf("event %+v", e)
	}
	c := spans[1]
	if c.ParentID != s.SpanID || len(c.Links) != 1 || c.Service != "" || c.Scope.Name != "pool" {
		t.Errorf("got %+v", c)
	}
	one := savedTrace[strings.Index(savedTrace, "[")+1 : strings.LastIndex(savedTrace, "]")]
	if alone, _, err := ReadTraces([]byte(one)); err != nil || !reflect.DeepEqual(alone, spans) {
		t.Errorf("one trace alone: %d spans, %v", len(alone), err)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":          "hello",
		"cut off":          savedTrace[:500],
		"another type":     `{"data":[{"spans":[{"startTime":"noon"}]}]}`,
		"before 1970":      `{"spans":[{"traceID":"1","spanID":"1","startTime":-1}]}`,
		"after 2262":       `{"spans":[{"traceID":"1","spanID":"1","startTime":9223372036854775807}]}`,
		"an endless span":  `{"spans":[{"traceID":"1","spanID":"1","startTime":1,"duration":9223372036854775807}]}`,
		"negative in time": `{"spans":[{"traceID":"1","spanID":"1","startTime":1,"duration":-5}]}`,
	} {
		if _, _, err := ReadTraces([]byte(text)); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was read and is written again is read the same.
func FuzzReadTraces(f *testing.F) {
	f.Add([]byte(savedTrace))
	f.Add([]byte(`{"traceID":"1","spans":[{"spanID":"1","tags":[{"key":"error","type":"string","value":"true"},{"key":"b","type":"binary","value":"AA=="},{"key":"x","value":[1]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		spans, _, err := ReadTraces(b)
		if err != nil {
			return
		}
		byID := map[store.TraceID]*store.Trace{}
		for _, s := range spans {
			if byID[s.TraceID] == nil {
				byID[s.TraceID] = &store.Trace{ID: s.TraceID}
			}
			byID[s.TraceID].Spans = append(byID[s.TraceID].Spans, s)
		}
		for _, tr := range byID {
			text := written(t, tr)
			again, refused, err := ReadTraces(text)
			if err != nil || refused > 0 || len(again) != len(tr.Spans) {
				t.Fatalf("%d of %d spans came back, %d refused: %v", len(again), len(tr.Spans), refused, err)
			}
			second := written(t, &store.Trace{ID: tr.ID, Spans: again})
			if string(second) != string(text) {
				t.Fatalf("written\n%s\nthen\n%s", text, second)
			}
		}
	})
}

// written is the answer with a trace, which has to be what encoding/json makes
// of it.
func written(t *testing.T, tr *store.Trace) []byte {
	t.Helper()
	list := newTraceList()
	defer list.free()
	list.add(tr)
	got := bytes.Clone(list.end(nil))
	want, err := json.Marshal(answer{Data: []trace{traceOf(tr)}})
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("written\n%s\nwant\n%s\n%v", got, want, err)
	}
	return got
}

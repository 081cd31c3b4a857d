package appliance

import (
	"errors"
	"strings"
	"testing"

	"tripod/store"
)

func TestTraceFilesKnowTheirFormat(t *testing.T) {
	const span = `{"traceId":"01020304050607080102030405060708","spanId":"0102030405060708","name":"work"}`
	for name, c := range map[string]struct {
		text    string
		want    int
		refused int
		err     error
	}{
		"OTLP":                    {`{"resourceSpans":[{"scopeSpans":[{"spans":[` + span + `]}]}]}`, 1, 0, nil},
		"OTLP of a Jaeger's name": {`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Replace(span, `"work"`, `"processes"`, 1) + `]}]}]}`, 1, 0, nil},
		"Jaeger":                  {`{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"2","operationName":"a","processID":"p1"},{"spanID":"0","operationName":"b"}],"processes":{"p1":{"serviceName":"s"}}}]}`, 1, 1, nil},
		"something else":          {`{"hello":"world"}`, 0, 0, store.ErrInvalid},
		"nothing":                 {"", 0, 0, store.ErrInvalid},
	} {
		got, bad, err := traceFiles{}.ReadSpans([]byte(c.text))
		if len(got) != c.want || bad.N != c.refused || !errors.Is(err, c.err) {
			t.Errorf("%s: %d spans, %d refused, %v", name, len(got), bad.N, err)
		}
	}
}

package appliance

import (
	"bytes"
	"fmt"

	"tripod/store"
	"tripod/web"
	"tripod/web/jaegerapi"
	"tripod/web/otlp"
)

// traceFiles reads and writes traces as files, in the rooms that know the formats.
type traceFiles struct{}

// ReadSpans reads OTLP's JSON and Jaeger's, which of them the first name says
// that only one of them has.
func (traceFiles) ReadSpans(b []byte) ([]store.Span, web.Refusals, error) {
	first := func(names ...string) int {
		at := len(b)
		for _, n := range names {
			if i := bytes.Index(b, []byte(`"`+n+`"`)); i >= 0 {
				at = min(at, i)
			}
		}
		return at
	}
	ours, theirs := first("resourceSpans", "resource_spans"), first("processes", "operationName", "processID")
	switch {
	case ours < theirs:
		return otlp.UnmarshalTracesJSON(b)
	case theirs < len(b):
		spans, refused, err := jaegerapi.ReadTraces(b)
		var bad web.Refusals
		if refused > 0 {
			bad.Add(web.Invalid, refused, "trace id or span id is all zero or missing")
		}
		return spans, bad, err
	}
	return nil, web.Refusals{}, fmt.Errorf("neither JSON of OTLP (resourceSpans) nor of Jaeger (data, spans, processes): %w", store.ErrInvalid)
}

func (traceFiles) WriteOTLP(spans []store.Span) ([]byte, error) { return otlp.MarshalTracesJSON(spans) }

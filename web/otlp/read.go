package otlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
	"tripod/web"
)

// UnmarshalTracesJSON reads spans from a text of TracesData in OTLP's JSON, or of
// several one after the other, as the collector writes them to files. Each is
// held to the bounds of a request. Spans that no trace could show are counted in
// the refusals.
func UnmarshalTracesJSON(b []byte) ([]store.Span, web.Refusals, error) {
	var out []store.Span
	var bad web.Refusals
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		var one json.RawMessage
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return out, bad, nil
		} else if err != nil {
			return nil, bad, fmt.Errorf("JSON at byte %d: %w: %w", d.InputOffset(), err, store.ErrInvalid)
		}
		req, mended, err := decodeJSON(ptraceotlp.NewExportRequest, one, spanItems)
		if err != nil {
			return nil, bad, err
		}
		ss, refused := spans(req.Traces())
		out = append(out, ss...)
		bad.Join(mended)
		bad.Join(refused)
	}
}

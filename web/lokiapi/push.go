package lokiapi

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"sync"

	"tripod/store"
	"tripod/web"
)

func (a *API) push(w http.ResponseWriter, r *http.Request) {
	if err := a.takePush(w, r); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// takePush keeps the good entries of a well-formed push and then speaks of the
// others, as Loki does: with a 400, after which clients do not send again.
func (a *API) takePush(w http.ResponseWriter, r *http.Request) error {
	b := batches.Get().(*batch)
	defer b.free()
	b.maxLine = a.o.MaxLine
	err := a.gate.Enter(r.Context())
	if err == nil {
		defer a.gate.Leave()
		err = b.read(w, r)
	}
	if err != nil {
		a.o.Rejected(web.Reason(err), 1, err.Error())
		return err
	}
	if len(b.records) > 0 {
		err = a.doors.Logs.Append(r.Context(), b.records)
	}
	var partial *store.PartialError
	if errors.As(err, &partial) {
		b.refused.Add(web.Refused, partial.Rejected, partial.Reason)
		err = nil
	}
	b.refused.Tell(a.o.Rejected)
	if b.refused.N > 0 && err == nil {
		err = fmt.Errorf("%d of the entries are refused, all others are kept: %s: %w", b.refused.N, b.refused.Why, store.ErrInvalid)
	}
	return err
}

func (b *batch) read(w http.ResponseWriter, r *http.Request) (err error) {
	if b.body, err = web.BodyIn(b.body, w, r); err != nil {
		return err
	}
	return b.decode(r.Header.Get("Content-Type"), b.body)
}

var batches = sync.Pool{New: func() any { return &batch{} }}

// Bounds of what the next push finds.
const (
	maxPooledBytes   = 2 << 20
	maxPooledRecords = 4 << 10
)

// free keeps memory for the next push.
func (b *batch) free() {
	b.lines.Reset()
	kept := batch{lines: b.lines}
	if cap(b.records) <= maxPooledRecords {
		kept.records = b.records[:0]
	}
	if cap(b.body) <= maxPooledBytes {
		kept.body = b.body[:0]
	}
	if cap(b.text) <= maxPooledBytes {
		kept.text = b.text[:0]
	}
	*b = kept
	batches.Put(b)
}

// decode chooses the form as Loki does: JSON where it says so, snappy
// protobuf otherwise.
func (b *batch) decode(contentType string, body []byte) error {
	mt, _, err := mime.ParseMediaType(contentType)
	switch {
	case mt == "application/json":
		return b.decodeJSON(body)
	case contentType == "", mt == "application/x-protobuf":
		return b.decodeSnappy(body)
	case err != nil:
		return fmt.Errorf("content type %.60q: %w: %w", contentType, err, store.ErrInvalid)
	}
	return fmt.Errorf("content type %.60q: want application/json or application/x-protobuf: %w", contentType, store.ErrInvalid)
}

package lokiapi

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

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
	if err := a.gate.Enter(r.Context()); err != nil {
		return err
	}
	defer a.gate.Leave()
	body, err := web.Body(w, r)
	if err != nil {
		return err
	}
	b := batch{maxLine: a.o.MaxLine}
	if err := b.decode(r.Header.Get("Content-Type"), body); err != nil {
		return err
	}
	if len(b.records) > 0 {
		err = a.doors.Logs.Append(r.Context(), b.records)
	}
	var partial *store.PartialError
	if errors.As(err, &partial) {
		if b.refused == 0 {
			b.why = partial.Reason
		}
		b.refused += partial.Rejected
		err = nil
	}
	if b.refused > 0 {
		a.o.Rejected(b.refused, b.why)
		if err == nil {
			err = fmt.Errorf("%d of the entries are refused, all others are kept: %s: %w", b.refused, b.why, store.ErrInvalid)
		}
	}
	return err
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

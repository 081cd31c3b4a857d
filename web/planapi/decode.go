package planapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"tripod/planner"
)

// maxBody bounds a request, in bytes: notes of 4,000 four-byte characters, and room.
const maxBody = 64 << 10

// read takes the body apart into v.
func read(w http.ResponseWriter, r *http.Request, v any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if kind, _, err := mime.ParseMediaType(ct); err != nil || kind != "application/json" {
			return &Problem{Status: http.StatusUnsupportedMediaType, Title: "Only application/json is understood"}
		}
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return err
	}
	return decode(b, v)
}

// decode refuses what it would otherwise ignore, and names it.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return explain(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more after the JSON value: %w", planner.ErrInvalid)
	}
	return nil
}

func explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var field *planner.FieldError
	switch {
	case errors.As(err, &field):
		return field
	case errors.As(err, &syntax):
		return fmt.Errorf("JSON at byte %d: %v: %w", syntax.Offset, syntax, planner.ErrInvalid)
	case errors.As(err, &kind) && kind.Field != "":
		return &planner.FieldError{Field: kind.Field, Reason: "is a " + kind.Value + ", which is not what belongs there"}
	case errors.As(err, &kind):
		return fmt.Errorf("JSON is a %s, not an object: %w", kind.Value, planner.ErrInvalid)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("JSON ends too early: %w", planner.ErrInvalid)
	}
	if name, ok := strings.CutPrefix(err.Error(), `json: unknown field "`); ok {
		return &planner.FieldError{Field: strings.TrimSuffix(name, `"`), Reason: "is not a field of this request"}
	}
	return fmt.Errorf("JSON: %v: %w", err, planner.ErrInvalid)
}

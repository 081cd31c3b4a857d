package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// ReadJSON reads a dashboard as JSON. Fields that are not known are errors: a
// slip of the pen is not silently lost.
func ReadJSON(data []byte) (*Dashboard, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d are taken", ErrInvalid, len(data), MaxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Dashboard
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, placed(err, data))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the dashboard at byte %d", ErrInvalid, dec.InputOffset())
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	d.Settle()
	return &d, nil
}

// placed adds the line to an error of the decoder.
func placed(err error, data []byte) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	at := int64(-1)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &typ):
		at = typ.Offset
	}
	if at < 0 || at > int64(len(data)) {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:at], []byte("\n")), err)
}

// Read reads a dashboard as JSON or as YAML.
func Read(data []byte) (*Dashboard, error) {
	if t := bytes.TrimSpace(data); len(t) > 0 && t[0] == '{' {
		return ReadJSON(data)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d are taken", ErrInvalid, len(data), MaxBytes)
	}
	var any map[string]any
	if err := yaml.Unmarshal(data, &any); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	as, err := json.Marshal(any)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return ReadJSON(as)
}

// JSON is a dashboard as a file.
func (d *Dashboard) JSON() ([]byte, error) {
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print dashboard: %w", err)
	}
	return append(out, '\n'), nil
}

// YAML is the same for people: fields in the same order.
func (d *Dashboard) YAML() ([]byte, error) {
	as, err := d.JSON()
	if err != nil {
		return nil, err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(as, &node); err != nil { // JSON is YAML
		return nil, fmt.Errorf("print dashboard: %w", err)
	}
	plain(&node)
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&node), enc.Close()); err != nil {
		return nil, fmt.Errorf("print dashboard: %w", err)
	}
	return buf.Bytes(), nil
}

// plain takes the braces and quotes of JSON away where YAML needs none.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plain(c)
	}
}

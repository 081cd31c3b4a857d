package jsonline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"tripod/store"
	"tripod/web"
)

// takeJSON reads an array of objects, one object, or several behind each
// other. A body that is no JSON keeps nothing: it is read as a whole first.
func (a *API) takeJSON(w http.ResponseWriter, r *http.Request, b *batch) error {
	body, err := web.Body(w, r)
	if err != nil {
		return err
	}
	items, err := values(body)
	if err != nil {
		return err
	}
	for i, item := range items {
		if len(item) > a.o.MaxLine {
			b.refuse(web.TooLarge, refusal{i + 1, fmt.Sprintf("longer than %d bytes", a.o.MaxLine)}, 1)
			continue
		}
		if err := b.add(r.Context(), i+1, item); err != nil {
			return err
		}
	}
	return b.flush(r.Context())
}

// maxItems bounds the values of one body: the smallest is 3 bytes long and
// takes 24 as a slice.
const maxItems = 1_000_000

// values splits a body into the values of its array, or its values.
func values(body []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	body = bytes.TrimSpace(body)
	list := len(body) > 0 && body[0] == '['
	dec := json.NewDecoder(bytes.NewReader(body))
	bad := func(err error) error {
		return fmt.Errorf("JSON, value %d: %w: %w", len(out)+1, err, store.ErrInvalid)
	}
	if list {
		dec.Token()
	}
	for !list || dec.More() {
		var item json.RawMessage
		err := dec.Decode(&item)
		if err == io.EOF && !list {
			return out, nil
		}
		if err != nil {
			return nil, bad(err)
		}
		if out = append(out, item); len(out) > maxItems {
			return nil, fmt.Errorf("more than %d values: %w", maxItems, store.ErrTooLarge)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, bad(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("JSON: something stands behind the array: %w", store.ErrInvalid)
	}
	return out, nil
}

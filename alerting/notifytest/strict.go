package notifytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// strict reads the JSON of a POST, with no name that the form does not have,
// nor one in other letters, which encoding/json would take.
func strict[T any](r *http.Request, body []byte) (T, error) {
	var v T
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return v, fmt.Errorf("%s of %q", r.Method, r.Header.Get("Content-Type"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, err
	}
	if d.More() {
		return v, fmt.Errorf("more than one value")
	}
	var sent, known any
	form, err := json.Marshal(v)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return v, err
	}
	if err := json.Unmarshal(form, &known); err != nil {
		return v, err
	}
	return v, sameNames(sent, known)
}

// sameNames finds the names of what was sent in what the form made of it.
func sameNames(sent, known any) error {
	switch sent := sent.(type) {
	case map[string]any:
		known, _ := known.(map[string]any)
		for name, v := range sent {
			k, ok := known[name]
			if !ok {
				return fmt.Errorf("the form has no %q", name)
			}
			if err := sameNames(v, k); err != nil {
				return err
			}
		}
	case []any:
		known, _ := known.([]any)
		for i, v := range sent {
			if i < len(known) {
				if err := sameNames(v, known[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

package store

import "encoding/json"

// quote writes a JSON string; broken UTF-8 becomes U+FFFD, as in encoding/json.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

package web

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzAppendString compares with what encoding/json reads of it, and makes of
// the same string.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", `{"a":"b\\n"}`, "\x00\x1f\x7f\n\r\t", "é\u2028<&>", "broken \xff\xc3", strings.Repeat("x\"", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q is written as %s: %v", s, AppendString(nil, s), err)
		}
		if got != want {
			t.Errorf("%q reads as %q", s, got)
		}
	})
}

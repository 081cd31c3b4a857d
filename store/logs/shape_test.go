package logs_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tripod/store"
	"tripod/store/logs"
)

// shown writes what varies as people see it.
func shown(parts []store.PatternPart) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Kind != "" {
			b.WriteString("‹" + p.Kind + "›")
			continue
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

func TestShapeFindsWhatVaries(t *testing.T) {
	for msg, want := range map[string]string{
		"db pool: timed out after 5.00s waiting for a connection": "db pool: timed out after ‹dur› waiting for a connection",
		"retrying query (attempt 2 of 3)":                         "retrying query (attempt ‹n› of ‹n›)",
		"GET /api/tasks/42 503":                                   "GET /api/tasks/‹n› ‹n›",
		"task 7f3a9c51e0b24d68 of user-4127 done.":                "task ‹id› of user-‹n› done.",
		"from 10.0.0.1:5432 at 12:30:05, took 1h2m3s":             "from ‹addr› at ‹n›, took ‹dur›",
		"request 123e4567-e89b-12d3-a456-426614174000 failed":     "request ‹id› failed",
		`{"level":"info","n":17}`:                                 `{"level":"info","n":‹n›}`,
		"version v1.18.0 of s3, utf-8":                            "version v1.‹n›.‹n› of s3, utf-‹n›",
		"no numbers - at all: 中文":                                 "no numbers - at all: 中文",
		"first line 1\nsecond line 2":                             "first line ‹n›",
		"":                                                        "",
	} {
		if got := shown(logs.Shape(msg)); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", msg, got, want)
		}
	}
}

func FuzzShape(f *testing.F) {
	for _, s := range []string{"took 5ms for user-42", "a:1 .2. -3- ::", "…1", "\xff1\xfe", strings.Repeat("a1b2c3 ", 90), "<_> 1", "x\ny", `"quoted 5" \ 6`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, msg string) {
		parts := logs.Shape(msg)
		var all strings.Builder
		for _, p := range parts {
			all.WriteString(p.Text)
		}
		line, _, _ := strings.Cut(msg, "\n")
		if got := all.String(); got != line && !strings.HasPrefix(line, strings.TrimSuffix(got, "…")) {
			t.Fatalf("%q: the parts are %q", msg, got)
		}
		text := logs.ShapeText(msg)
		if utf8.ValidString(msg) != utf8.ValidString(text) && utf8.ValidString(msg) {
			t.Fatalf("%q has the broken pattern %q", msg, text)
		}
		n := &logs.Field{Name: "msg.pattern", Pattern: logs.Pattern{Text: text}}
		read, err := logs.Parse(n.String())
		if err != nil {
			t.Fatalf("%q: %v", n.String(), err)
		}
		if text != "" && !logs.MatchesMessage(read, msg) {
			t.Fatalf("%q does not match its own pattern %q", msg, text)
		}
		if logs.MatchesMessage(read, msg+"x") && !strings.Contains(msg, "\n") && len(msg) < 300 && len(parts) < 100 {
			if logs.ShapeText(msg+"x") != text {
				t.Fatalf("%q matches %q, which is the pattern of another", msg+"x", text)
			}
		}
	})
}

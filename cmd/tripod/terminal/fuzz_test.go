package terminal

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// harmless says whether a text can be shown on a terminal as it is.
func harmless(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r)
	}) < 0
}

// FuzzLine shows lines that anyone may have written.
func FuzzLine(f *testing.F) {
	f.Add("shop", "one\ntwo\r\n\x1b[2J", "key =", `"a\u202eb"`, "t")
	f.Add("\xff", "", "", "{}", "")
	f.Fuzz(func(t *testing.T, service, msg, name, value, trace string) {
		var out bytes.Buffer
		p := printer{w: &out}
		l := line{Service: service, Msg: msg, Level: "info", TraceID: trace, Line: msg, Fields: fields{{name, []byte(value)}}}
		if err := p.print(&l); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for i, text := range lines {
			if !harmless(text) || i > 0 && !strings.HasPrefix(text, "    ") {
				t.Errorf("%q", text)
			}
		}
	})
}

// FuzzProblem points into queries, at any place.
func FuzzProblem(f *testing.F) {
	f.Add("level:>=wrn x", 8, 11)
	f.Add("größe\t\n:>x\x1b", 7, -3)
	f.Fuzz(func(t *testing.T, query string, pos, end int) {
		line, carets := point(query, pos, end)
		if !harmless(line) || strings.Trim(carets, " ") == "" || strings.Trim(carets, " ^") != "" || utf8.RuneCountInString(strings.TrimRight(carets, "^")) > utf8.RuneCountInString(line) {
			t.Errorf("%q at %d: %q %q", query, pos, line, carets)
		}
	})
}

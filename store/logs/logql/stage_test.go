package logql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tripod/store"
)

// through takes a line through the stages of a query.
func through(t testing.TB, query, text string) (*line, bool) {
	t.Helper()
	p, err := linesOf(query)
	if err != nil {
		t.Fatal(err)
	}
	r := store.Record{Time: 1, Body: store.String(text)}
	l := newLine()
	kept := p.run(l, &r)
	l.entry()
	return l, kept
}

// FuzzJSONStage holds that what the standard library takes for an object is
// one here, and that no label has an empty name or a character of none.
func FuzzJSONStage(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,{"c":2}],"d":"e\u00e9"},"":1,"9x":true,"a_b":null}`, `{"a":1} x`, `{"a"`, `[1]`, `{"a":-1.5e+3,"b":[[]],"c":{}}`, "{\"\x80\":\"\x80\"}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var object map[string]any
		err := json.Unmarshal([]byte(text), &object)
		for _, query := range []string{"{} | json", "{} | json x=`a.b[0]`", "{} | unpack"} {
			l, kept := through(t, query, text)
			if !kept {
				t.Fatalf("%q: %s drops it", text, query)
			}
			if err == nil && object != nil && l.err != "" && strings.Count(text, "{")+strings.Count(text, "[") < maxJSONDepth {
				t.Errorf("%q: %s: %s %s", text, query, l.err, l.details)
			}
			checkLabels(t, text, l)
		}
	})
}

func checkLabels(t *testing.T, text string, l *line) {
	t.Helper()
	seen := map[string]bool{}
	for _, have := range l.labels {
		if have.name == "" || nameLength(have.name) != len(have.name) || seen[have.name] {
			t.Errorf("%q: label %q", text, have.name)
		}
		seen[have.name] = true
	}
}

func FuzzTextStages(f *testing.F) {
	for _, s := range []string{`a=1 b="x y" c d= "e`, `=`, "a=\"\\u00\" é=1", `10.0.0.1 - x [::1]:80 <_>`, "\x1b[31mred\x1b[0m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, query := range []string{
			"{} | logfmt", "{} | logfmt --strict --keep-empty", "{} | logfmt a, x=`b`", "{} | pattern `<a>=<b> <_>`", "{} | regexp `(?P<a>\\w+)=(?P<b>\\S*)`",
			"{} | decolorize", "{} | logfmt | a > 5 or a > 5s or a > 5KB | a = ip(`10.0.0.0/8`)",
		} {
			l, _ := through(t, query, text)
			checkLabels(t, text, l)
		}
		_, at := through(t, "{} | line_format `{{__line__}}` |= ip(`0.0.0.0/0`)", text)
		if at && !strings.Contains(text, ".") {
			t.Errorf("%q holds an IPv4 address?", text)
		}
		if p, err := newLinePattern(text); err == nil && utf8.ValidString(text) {
			if exact := strings.ReplaceAll(text, "<_>", "x"); !p.match(exact) {
				t.Errorf("%q does not match %q", text, exact)
			}
		}
	})
}

// FuzzTemplate holds that no template goes on for long, or grows too large.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		`{{.a}}`, `{{range fromJson .list}}{{range $k, $v := .}}{{$k}}{{end}}{{end}}`, `{{$x := "a"}}{{range fromJson .list}}{{$x = print $x $x}}{{end}}`,
		`{{repeat 1000 .a | repeat 1000 | repeat 1000}}`, `{{printf "%*d" 99999 1}}`, `{{block "x" .}}{{end}}`, `{{with $x := 1}}{{break}}{{end}}`,
		`{{alignLeft 9999999999 .a}}`, `{{div 1 .a}}`, `{{regexReplaceAll "" .a "xx"}}`, `{{index (fromJson .list) 99}}`, `{{range 5}}{{end}}`, `{{html .list | js | urlquery}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := newTemplate(text)
		if err != nil {
			return
		}
		r := store.Record{Time: 1, Body: store.String(`{"a":"x","list":"[{\"k\":1},{\"k\":[2,3]}]"}`)}
		l := newLine()
		l.start(&r)
		l.extract("a", "x")
		l.extract("list", `[{"k":1},{"k":[2,3]}]`)
		if out, err := tmpl.run(l); err == nil && len(out) > maxFormatted {
			t.Errorf("%q: %d bytes", text, len(out))
		}
	})
}

func TestLabelsOfALineAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "k%d=v ", i)
	}
	for _, query := range []string{"{} | logfmt", "{} | logfmt --keep-empty"} {
		l, kept := through(t, query, b.String())
		if !kept || l.err != limitError || l.taken != maxLineLabels {
			t.Errorf("%s: %v, %q, %d labels", query, kept, l.err, l.taken)
		}
	}
}

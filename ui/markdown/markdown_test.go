package markdown

import (
	"regexp"
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"headings keep below the panel's": {"# A\n###### B", "<h3>A</h3><h6>B</h6>"},
		"a paragraph with emphasis":       {"one **two** *three* `f(x) < 1`", "<p>one <b>two</b> <i>three</i> <code>f(x) &lt; 1</code></p>"},
		"lists":                           {"- a\n- b\n\n1. c", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"},
		"HTML is text":                    {"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
		"links that run code are not":     {"[x](javascript:alert(1))", "<p>x)</p>"},
		"links elsewhere":                 {"[docs](https://example.com/a?b=1&c=2)", `<p><a href="https://example.com/a?b=1&amp;c=2" rel="noreferrer noopener">docs</a></p>`},
		"pictures are not fetched":        {"![logo](https://example.com/l.png)", `<p><a href="https://example.com/l.png" rel="noreferrer noopener">logo</a></p>`},
		"links to unnamed schemes' hosts": {"[x](//evil.example)", "<p>x</p>"},
		"a quote in a link stays in it":   {`[x](https://e.example/"onclick="y)`, `<p><a href="https://e.example/&#34;onclick=&#34;y" rel="noreferrer noopener">x</a></p>`},
		"tables":                          {"|a|b|\n|---|---|\n|1|2|", `<table class="grid"><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>`},
		"code blocks":                     {"```sh\nrm <x>\n```", "<pre class=\"code\">rm &lt;x&gt;\n</pre>"},
		"quotes":                          {"> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := HTML(c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// tag is every tag that HTML may write, with its attributes.
var tag = regexp.MustCompile(`^</?(p|h[3-6]|ul|ol|li|b|i|br|hr|code|blockquote|table|thead|tbody|tr|th|td|pre|a)( (class="(grid|code)"|href="[^"<>]*" rel="noreferrer noopener"))?>`)

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"# a\n- b\n> c", "[a](b) ![c](d)", "`<b>`", "<img src=x onerror=y>", "|a|\n|-|\n|<|", "**[x](https://e\"><script>)**", "*[`*](a)`*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := HTML(s)
		for rest := out; ; {
			i := strings.IndexByte(rest, '<')
			if i < 0 {
				return
			}
			rest = rest[i:]
			m := tag.FindString(rest)
			if m == "" {
				t.Fatalf("%q became %q: a tag that is not ours", s, out)
			}
			if strings.Contains(strings.ToLower(m), "javascript:") && strings.Contains(m, `href="javascript`) {
				t.Fatalf("%q became %q", s, out)
			}
			rest = rest[len(m):]
		}
	})
}

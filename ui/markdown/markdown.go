// Package markdown writes the common part of Markdown as HTML that is safe: all
// text is escaped, HTML in it is text, links go to http, https, mailto and
// places here only, and pictures become links, so that nothing is fetched.
//
// It must never know who wrote the text.
package markdown

import (
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// maxDepth of quotes inside quotes.
const maxDepth = 8

// HTML is a text as safe HTML.
func HTML(text string) string {
	var b strings.Builder
	blocks(&b, strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), 0)
	return b.String()
}

var (
	heading  = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$`)
	rule     = regexp.MustCompile(`^ {0,3}([-*_])(\s*[-*_]){2,}\s*$`)
	bullet   = regexp.MustCompile(`^\s{0,8}[-*+]\s+(.*)$`)
	numbered = regexp.MustCompile(`^\s{0,8}\d{1,9}[.)]\s+(.*)$`)
	tableCut = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
)

func blocks(b *strings.Builder, lines []string, depth int) {
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case strings.TrimSpace(line) == "":
			i++
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			i = fence(b, lines, i)
		case heading.MatchString(line):
			m := heading.FindStringSubmatch(line)
			// a panel has its own heading above
			level := strconv.Itoa(min(len(m[1])+2, 6))
			b.WriteString("<h" + level + ">" + inline(m[2]) + "</h" + level + ">")
			i++
		case rule.MatchString(line):
			b.WriteString("<hr>")
			i++
		case strings.HasPrefix(strings.TrimSpace(line), ">") && depth < maxDepth:
			var quoted []string
			for ; i < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i]), ">"); i++ {
				quoted = append(quoted, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(lines[i]), ">"), " "))
			}
			b.WriteString("<blockquote>")
			blocks(b, quoted, depth+1)
			b.WriteString("</blockquote>")
		case bullet.MatchString(line):
			i = list(b, lines, i, "ul", bullet)
		case numbered.MatchString(line):
			i = list(b, lines, i, "ol", numbered)
		case strings.Contains(line, "|") && i+1 < len(lines) && tableCut.MatchString(lines[i+1]) && strings.Contains(lines[i+1], "-"):
			i = table(b, lines, i)
		default:
			i = paragraph(b, lines, i)
		}
	}
}

func fence(b *strings.Builder, lines []string, i int) int {
	b.WriteString(`<pre class="code">`)
	for i++; i < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[i]), "```"); i++ {
		b.WriteString(html.EscapeString(lines[i]) + "\n")
	}
	b.WriteString("</pre>")
	return i + 1
}

func list(b *strings.Builder, lines []string, i int, tag string, item *regexp.Regexp) int {
	b.WriteString("<" + tag + ">")
	for i < len(lines) {
		m := item.FindStringSubmatch(lines[i])
		if m == nil || rule.MatchString(lines[i]) {
			break
		}
		text := m[1]
		for i++; i < len(lines) && strings.HasPrefix(lines[i], "  ") && strings.TrimSpace(lines[i]) != "" && !bullet.MatchString(lines[i]) && !numbered.MatchString(lines[i]); i++ {
			text += " " + strings.TrimSpace(lines[i])
		}
		b.WriteString("<li>" + inline(text) + "</li>")
	}
	b.WriteString("</" + tag + ">")
	return i
}

func table(b *strings.Builder, lines []string, i int) int {
	cells := func(line, tag string) {
		b.WriteString("<tr>")
		for _, c := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			b.WriteString("<" + tag + ">" + inline(strings.TrimSpace(c)) + "</" + tag + ">")
		}
		b.WriteString("</tr>")
	}
	b.WriteString(`<table class="grid"><thead>`)
	cells(lines[i], "th")
	b.WriteString("</thead><tbody>")
	for i += 2; i < len(lines) && strings.Contains(lines[i], "|"); i++ {
		cells(lines[i], "td")
	}
	b.WriteString("</tbody></table>")
	return i
}

func paragraph(b *strings.Builder, lines []string, i int) int {
	var text []string
	for ; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
		if len(text) > 0 && (heading.MatchString(lines[i]) || bullet.MatchString(lines[i]) || strings.HasPrefix(strings.TrimSpace(lines[i]), "```") || rule.MatchString(lines[i])) {
			break
		}
		text = append(text, strings.TrimSpace(lines[i]))
	}
	b.WriteString("<p>" + inline(comment.ReplaceAllString(strings.Join(text, "\n"), "")) + "</p>")
	return i
}

var (
	code   = regexp.MustCompile("`([^`]+)`")
	link   = regexp.MustCompile(`(!?)\[([^\]]*)\]\(\s*<?([^)\s>]*)>?(?:\s+"[^"]*")?\s*\)`)
	strong = regexp.MustCompile(`\*\*([^*]+)\*\*|__([^_]+)__`)
	em     = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
)

// inline takes code first and links then; what is between is escaped, and gets
// its emphasis after that.
func inline(s string) string {
	var b strings.Builder
	for {
		at := code.FindStringSubmatchIndex(s)
		if at == nil {
			b.WriteString(links(s))
			return b.String()
		}
		b.WriteString(links(s[:at[0]]))
		b.WriteString("<code>" + html.EscapeString(s[at[2]:at[3]]) + "</code>")
		s = s[at[1]:]
	}
}

func links(s string) string {
	var b strings.Builder
	for {
		at := link.FindStringSubmatchIndex(s)
		if at == nil {
			b.WriteString(emphasis(s))
			return b.String()
		}
		b.WriteString(emphasis(s[:at[0]]))
		text, href := s[at[4]:at[5]], s[at[6]:at[7]]
		picture := at[2] != at[3]
		switch {
		case !safe(href):
			b.WriteString(emphasis(text))
		default:
			if text == "" && picture {
				text = "picture"
			}
			b.WriteString(`<a href="` + html.EscapeString(href) + `" rel="noreferrer noopener">` + emphasis(text) + `</a>`)
		}
		s = s[at[1]:]
	}
}

// safe says whether a link may be followed.
func safe(href string) bool {
	u, err := url.Parse(href)
	if err != nil || href == "" {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "mailto":
		return true
	case "":
		return u.Host == "" && !strings.HasPrefix(href, `\`)
	}
	return false
}

func emphasis(s string) string {
	s = html.EscapeString(s)
	s = strong.ReplaceAllString(s, "<b>$1$2</b>")
	s = em.ReplaceAllString(s, "<i>$1</i>")
	return strings.ReplaceAll(s, "\n", "<br>")
}

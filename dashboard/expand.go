package dashboard

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Chosen is what a variable stands for at the moment.
type Chosen struct {
	Values []string
	Texts  []string // how people call the values, as many; Values unless set
	Many   bool     // the variable can stand for several values, so queries match it as a regular expression
	AllAs  string   // stands for all values as it is, instead of their list
}

// Scope is what names in queries and titles stand for.
type Scope struct {
	Vars     map[string]Chosen
	From, To time.Time
	Step     time.Duration // between the points of a query
	Rate     time.Duration // a window that a rate needs
}

// longest is the most that a text may grow to.
const longest = 1 << 20

// reference is $name, ${name}, ${name:format}, [[name]], [[name:format]].
var reference = regexp.MustCompile(`\$\{(\w+)(?:\.[^:}]+)?(?::([\w,. :-]+))?\}|\[\[(\w+)(?::([\w,. :-]+))?\]\]|\$(\w+)`)

// Query puts values in place of names in a query. Names that stand for nothing
// stay as they are.
func (s *Scope) Query(lang Language, text string) string {
	return s.expand(text, func(c Chosen, format string) string { return c.inQuery(lang, format) })
}

// Title puts the words of values in place of names.
func (s *Scope) Title(text string) string {
	return s.expand(text, func(c Chosen, format string) string {
		if format != "" && format != "text" {
			return c.as(format)
		}
		return strings.Join(c.texts(), " + ")
	})
}

func (s *Scope) expand(text string, write func(Chosen, string) string) string {
	if !strings.ContainsAny(text, "$[") {
		return text
	}
	grown := 0
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		name, format := m[1]+m[3]+m[5], m[2]+m[4]
		out := found
		if v, ok := s.builtIn(name, format); ok {
			out = v
		} else if c, ok := s.Vars[name]; ok {
			out = write(c, format)
		}
		if grown += len(out); grown > longest {
			return found
		}
		return out
	})
}

// builtIn is a name that every dashboard has.
func (s *Scope) builtIn(name, format string) (string, bool) {
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
	width := s.To.Sub(s.From)
	switch name {
	case "__interval":
		return Span(s.Step), true
	case "__interval_ms":
		return strconv.FormatInt(s.Step.Milliseconds(), 10), true
	case "__rate_interval", "__rate":
		return Span(s.Rate), true
	case "__auto":
		return Span(s.Step), true
	case "__range":
		return seconds(width) + "s", true
	case "__range_s":
		return seconds(width), true
	case "__range_ms":
		return strconv.FormatInt(width.Milliseconds(), 10), true
	case "__from":
		return moment(s.From, format), true
	case "__to":
		return moment(s.To, format), true
	}
	return "", false
}

// moment is Unix ms, or what the format asks for.
func moment(t time.Time, format string) string {
	switch {
	case format == "date:seconds":
		return strconv.FormatInt(t.Unix(), 10)
	case strings.HasPrefix(format, "date"):
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// Span writes a duration for PromQL and LogQL: 1h30m, 15s, 500ms.
func Span(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + "ms"
	}
	var out strings.Builder
	for _, u := range [...]struct {
		d    time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / u.d; n > 0 {
			out.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			d -= n * u.d
		}
	}
	return out.String()
}

func (c Chosen) texts() []string {
	if len(c.Texts) == len(c.Values) {
		return c.Texts
	}
	return c.Values
}

// inQuery writes values as a query wants them unless a format is asked for: in
// PromQL and LogQL inside a string, as a regular expression when there can be
// several.
func (c Chosen) inQuery(lang Language, format string) string {
	if format != "" {
		return c.as(format)
	}
	if c.AllAs != "" {
		return c.AllAs
	}
	if lang == TraceQL || !c.Many {
		return strings.Join(each(c.Values, inString), "|")
	}
	out := each(c.Values, func(v string) string { return inString(regexp.QuoteMeta(v)) })
	if len(out) == 1 {
		return out[0]
	}
	return "(" + strings.Join(out, "|") + ")"
}

// inString escapes what would end a string.
func inString(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// as writes values in a format by its name, as dashboards name them.
func (c Chosen) as(format string) string {
	v := c.Values
	if c.AllAs != "" {
		v = []string{c.AllAs}
	}
	switch format {
	case "csv", "raw", "glob":
		if format == "glob" && len(v) > 1 {
			return "{" + strings.Join(v, ",") + "}"
		}
		return strings.Join(v, ",")
	case "pipe":
		return strings.Join(v, "|")
	case "regex":
		if c.AllAs != "" {
			return c.AllAs
		}
		if q := each(v, regexp.QuoteMeta); len(q) != 1 {
			return "(" + strings.Join(q, "|") + ")"
		}
		return regexp.QuoteMeta(v[0])
	case "text":
		return strings.Join(c.texts(), " + ")
	case "json":
		out, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(out)
	case "singlequote", "sqlstring":
		return strings.Join(each(v, func(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }), ",")
	case "doublequote":
		return strings.Join(each(v, strconv.Quote), ",")
	case "percentencode":
		return url.QueryEscape(strings.Join(v, ","))
	case "queryparam":
		return "var=" + strings.Join(each(v, url.QueryEscape), "&var=")
	}
	return strings.Join(v, ",")
}

func each(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

// LegendText is a legend with labels in place of {{name}}.
func LegendText(legend string, label func(string) string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(legend, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed {
			out.WriteString(legend)
			return out.String()
		}
		out.WriteString(before)
		out.WriteString(label(strings.TrimSpace(name)))
		legend = after
	}
}

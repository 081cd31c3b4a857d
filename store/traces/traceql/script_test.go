package traceql

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// scriptStart is second 0 of a script.
var scriptStart = time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC).UnixNano()

// script runs a testdata file. A block begins with one of
//
//	trace                            a trace follows, a span a line, children indented:
//	                                 name service start duration and then attributes of the
//	                                 span, or kind= status= message= id= parent= resource.x=
//	                                 scope=name/version scope.x= event=name@time link=trace/span,
//	                                 event.x= and link.x= of the last one
//	spans <query>                    the names of the spans of each set follow, a set a line,
//	                                 with what it was grouped by and aggregated to
//	fields <query>                   each span with what the query names of it
//	series <from> <to> <step> <query> {labels} value@time …
//	fail <query>                     line:column, message and hint of the error
//	print <query>                    how the query prints
//
// and ends at an empty line; "#" begins a comment. A query is asked of all traces
// that were loaded last, one behind the other. Times are since the start.
type script struct {
	t      *testing.T
	loaded bool // the last block was a trace
	trees  []*Tree
	cases  int
}

var update = flag.Bool("update", false, "rewrite what the scripts expect: read the difference")

func TestScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.test")
	cases := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t}
			after := s.run(string(text))
			cases += s.cases
			if *update {
				if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if cases < 250 {
		t.Errorf("%d cases in %d files", cases, len(files))
	}
	t.Logf("%d cases in %d files", cases, len(files))
}

// run gives the script back with what the queries answered.
func (s *script) run(text string) string {
	blocks := strings.Split(strings.TrimRight(text, "\n"), "\n\n")
	for i, block := range blocks {
		blocks[i] = s.block(block)
	}
	return strings.Join(blocks, "\n\n") + "\n"
}

func (s *script) block(block string) string {
	comment := ""
	lines := strings.Split(strings.Trim(block, "\n"), "\n")
	for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
		comment += lines[0] + "\n"
		lines = lines[1:]
	}
	if len(lines) == 0 || lines[0] == "" {
		return block
	}
	word, rest, _ := strings.Cut(lines[0], " ")
	if word == "trace" {
		if !s.loaded {
			s.trees = nil
		}
		s.loaded = true
		s.trees = append(s.trees, loadTrace(s.t, byte(len(s.trees)+1), lines[1:]))
		return block
	}
	s.loaded = false
	s.cases++
	got, err := s.answer(word, rest)
	if err != nil && word != "fail" {
		s.t.Errorf("%s\n%v", lines[0], err)
		return block
	}
	if want := strings.Join(lines[1:], "\n"); got != want && !*update {
		s.t.Errorf("%s\ngot\n%s\nwant\n%s", lines[0], got, want)
	}
	return comment + lines[0] + "\n" + got
}

func (s *script) answer(word, rest string) (string, error) {
	switch word {
	case "spans", "fields":
		return s.spans(rest, word == "fields")
	case "series":
		f := strings.SplitN(rest, " ", 4)
		return s.series(f[3], f[0], f[1], f[2])
	case "fail":
		_, err := Parse(rest)
		return errorText(err), err
	case "print":
		q, err := Parse(rest)
		if err != nil {
			return "", err
		}
		return q.String(), nil
	}
	return "", fmt.Errorf("unknown word %q", word)
}

func errorText(err error) string {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return fmt.Sprint(err)
	}
	line, column := qe.Place()
	out := fmt.Sprintf("%d:%d %s", line, column, qe.Msg)
	if qe.Hint != "" {
		out += "\n" + qe.Hint
	}
	return out
}

func (s *script) spans(query string, fields bool) (string, error) {
	q, err := Parse(query)
	if err != nil {
		return "", err
	}
	var out []string
	for _, t := range s.trees {
		sets, err := q.Eval(context.Background(), t)
		if err != nil {
			return "", err
		}
		for _, set := range sets {
			line := []string{}
			for _, at := range set.Spans {
				if fields {
					out = append(out, t.Spans[at].Name+attrsText(t.Attrs(q.Fields(), at)))
					continue
				}
				line = append(line, t.Spans[at].Name)
			}
			if !fields {
				out = append(out, strings.Join(line, " ")+attrsText(set.Attrs()))
			}
		}
	}
	if out == nil {
		return "none", nil
	}
	return strings.Join(out, "\n"), nil
}

func attrsText(attrs store.Attrs) string {
	var b strings.Builder
	for _, a := range attrs {
		fmt.Fprintf(&b, " [%s=%s]", a.Key, a.Value.Text())
	}
	return b.String()
}

func (s *script) series(query, from, to, step string) (string, error) {
	q, err := Parse(query)
	if err != nil {
		return "", err
	}
	series, err := q.NewSeries(store.TimeRange{From: scriptStart + ns(s.t, from), To: scriptStart + ns(s.t, to)}, time.Duration(ns(s.t, step)), 0, 0)
	if err != nil {
		return "", err
	}
	for _, t := range s.trees {
		sets, err := q.Eval(context.Background(), t)
		if err != nil {
			return "", err
		}
		for _, at := range union(sets) {
			if err := series.Add(t, at, 1); err != nil {
				return "", err
			}
		}
	}
	list, err := series.Answer()
	if err != nil || len(list) == 0 {
		return "none", err
	}
	var out []string
	for _, one := range list {
		line := "{"
		for i, a := range one.Labels {
			if i > 0 {
				line += ", "
			}
			line += a.Key + "=" + a.Value.Text()
		}
		line += "}"
		for _, p := range one.Points {
			line += fmt.Sprintf(" %s@%s", strconv.FormatFloat(p.Value, 'g', 6, 64), time.Duration(p.Time-scriptStart))
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n"), nil
}

func ns(t testing.TB, s string) int64 {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return int64(d)
}

func numberedSpan(n int) (id store.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func loadTrace(t testing.TB, no byte, lines []string) *Tree {
	id := store.TraceID{15: no}
	var spans []store.Span
	var path []int // of the line above, from the top
	for n, line := range lines {
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		path = path[:min(depth, len(path))]
		s := loadSpan(t, words4(line))
		s.TraceID = id
		if s.SpanID.IsZero() {
			s.SpanID = numberedSpan(n + 1)
		}
		if len(path) > 0 && s.ParentID.IsZero() {
			s.ParentID = spans[path[len(path)-1]].SpanID
		}
		spans = append(spans, s)
		path = append(path, n)
	}
	return NewTree(id, spans)
}

// words4 splits at spaces outside quotes and brackets.
func words4(line string) (out []string) {
	quoted, depth, word := false, 0, ""
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '[' && !quoted:
			depth++
		case r == ']' && !quoted:
			depth--
		}
		if r != ' ' || quoted || depth > 0 {
			word += string(r)
		} else if word != "" {
			out = append(out, word)
			word = ""
		}
	}
	return out
}

func loadSpan(t testing.TB, w []string) store.Span {
	if len(w) < 4 {
		t.Fatalf("span %q: want name, service, start and duration", w)
	}
	s := store.Span{Name: literal(w[0]).Text(), Start: scriptStart + ns(t, w[2])}
	s.End = s.Start + ns(t, w[3])
	s.Resource = &store.Resource{}
	if w[1] != "-" {
		s.Service = w[1]
		s.Resource.Attrs = store.Attrs{{Key: "service.name", Value: store.String(w[1])}}
	}
	for _, pair := range w[4:] {
		key, v, ok := strings.Cut(pair, "=")
		if !ok {
			t.Fatalf("%q is no key=value", pair)
		}
		s = loadPair(t, s, key, v)
	}
	return s
}

func loadPair(t testing.TB, s store.Span, key, v string) store.Span {
	scope, name, scoped := strings.Cut(key, ".")
	attr := store.Attr{Key: name, Value: literal(v)}
	switch {
	case key == "kind":
		s.Kind = store.SpanKind(words[v].n)
	case key == "status":
		s.Status = store.StatusCode(words[v].n)
	case key == "message":
		s.StatusMessage = literal(v).Text()
	case key == "id":
		s.SpanID, _ = store.ParseSpanID(v)
	case key == "parent":
		s.ParentID, _ = store.ParseSpanID(v)
	case key == "scope":
		s.Scope = &store.Scope{}
		s.Scope.Name, s.Scope.Version, _ = strings.Cut(v, "/")
	case key == "event":
		name, at, _ := strings.Cut(v, "@")
		s.Events = append(s.Events, store.SpanEvent{Name: name, Time: s.Start + ns(t, at)})
	case key == "link":
		trace, span, _ := strings.Cut(v, "/")
		l := store.SpanLink{}
		l.TraceID, _ = store.ParseTraceID(trace)
		l.SpanID, _ = store.ParseSpanID(span)
		s.Links = append(s.Links, l)
	case scoped && scope == "resource":
		s.Resource.Attrs = append(s.Resource.Attrs, attr)
	case scoped && scope == "scope":
		s.Scope.Attrs = append(s.Scope.Attrs, attr)
	case scoped && scope == "event":
		e := &s.Events[len(s.Events)-1]
		e.Attrs = append(e.Attrs, attr)
	case scoped && scope == "link":
		l := &s.Links[len(s.Links)-1]
		l.Attrs = append(l.Attrs, attr)
	default:
		s.Attrs = append(s.Attrs, store.Attr{Key: key, Value: literal(v)})
	}
	return s
}

// literal reads "text", true, 1, 1.5, nil or [a list of them].
func literal(s string) store.Value {
	if in, ok := strings.CutPrefix(s, "["); ok {
		var items []store.Value
		for _, w := range words4(strings.TrimSuffix(in, "]")) {
			items = append(items, literal(strings.TrimSuffix(w, ",")))
		}
		return store.List(items...)
	}
	if unquoted, err := strconv.Unquote(s); err == nil {
		return store.String(unquoted)
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return store.Int(n)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return store.Float(f)
	}
	switch s {
	case "true", "false":
		return store.Bool(s == "true")
	case "nil":
		return store.Value{}
	}
	return store.String(s)
}

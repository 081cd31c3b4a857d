package logql_test

import (
	"context"
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
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// scriptStart is second 0 of a script.
var scriptStart = time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)

// script runs a testdata file. A block begins with one of
//
//	load [every 10s] [name=value …]  log lines follow, one record each and as far
//	                                 apart, the first at that time; names and values
//	                                 are the resource's attributes
//	lines <query>                    the lines that come out follow, oldest first
//	labels <query>                   what the query made of labels follows, a line each
//	at <time> <query>                an instant query: the series follow, {labels} value
//	range <from> <to> <step> <query> {labels} value@time …
//	fail <query>                     position, message and hint of the error follow
//	failat <time> <query>            message of an error in answering
//	print <query>                    how the query prints follows
//
// and ends at an empty line; "#" begins a comment. Times are since the start.
type script struct {
	t      *testing.T
	store  *logs.Store
	engine *logql.Engine
	last   time.Duration
	cases  int
}

func TestScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.test")
	cases := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, store: openStore(t)}
			s.engine = logql.New(s.store)
			after := s.run(string(text))
			cases += s.cases
			if *update {
				if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if cases < 500 {
		t.Errorf("%d cases in %d files", cases, len(files))
	}
	t.Logf("%d cases in %d files", cases, len(files))
}

func openStore(t testing.TB) *logs.Store {
	t.Helper()
	s, err := logs.Open(t.TempDir(), logs.Options{LogQL: logql.Parse})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var update = flag.Bool("update", false, "rewrite what the scripts expect: read the difference")

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
	if word == "load" {
		s.load(rest, lines[1:])
		return block
	}
	s.cases++
	got, err := s.answer(word, rest)
	if err != nil && !strings.HasPrefix(word, "fail") {
		s.t.Errorf("%s\n%v", lines[0], err)
		return block
	}
	if want := strings.Join(lines[1:], "\n"); got != want && !*update {
		s.t.Errorf("%s\ngot\n%s\nwant\n%s", lines[0], got, want)
	}
	return comment + lines[0] + "\n" + got
}

func (s *script) answer(word, text string) (string, error) {
	switch word {
	case "lines", "labels":
		return s.lines(text, word == "labels")
	case "at":
		at, query, _ := strings.Cut(text, " ")
		return s.metric(query, at, at, "0s")
	case "range":
		f := strings.SplitN(text, " ", 4)
		return s.metric(f[3], f[0], f[1], f[2])
	case "fail":
		_, err := logql.ParseExpr(text)
		return errorText(err), err
	case "failat":
		at, query, _ := strings.Cut(text, " ")
		_, err := s.metric(query, at, at, "0s")
		var qe *store.QueryError
		if errors.As(err, &qe) {
			return qe.Msg, err
		}
		return fmt.Sprint(err), err
	case "print":
		return s.engine.Format(text)
	}
	return "", fmt.Errorf("unknown word %q", word)
}

func errorText(err error) string {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return fmt.Sprint(err)
	}
	text := fmt.Sprintf("%d-%d %s", qe.Pos, qe.End, qe.Msg)
	if qe.Hint != "" {
		text += "\n" + qe.Hint
	}
	return text
}

func (s *script) load(attrs string, lines []string) {
	res, service, every := &store.Resource{}, "", time.Second
	fields := strings.Fields(attrs)
	if len(fields) > 1 && fields[0] == "every" {
		every, _ = time.ParseDuration(fields[1])
		fields = fields[2:]
		s.last = 0
	}
	for _, pair := range fields {
		name, value, _ := strings.Cut(pair, "=")
		res.Attrs = append(res.Attrs, store.Attr{Key: name, Value: store.String(value)})
		if name == "service.name" {
			service = value
		}
	}
	var batch []store.Record
	for _, line := range lines {
		s.last += every
		r := store.Record{Time: scriptStart.Add(s.last).UnixNano(), Service: service, Resource: res}
		if text, ok := strings.CutPrefix(line, "meta "); ok { // with an attribute that the line does not hold
			var pair string
			pair, line, _ = strings.Cut(text, " ")
			name, value, _ := strings.Cut(pair, "=")
			r.Attrs = store.Attrs{{Key: name, Value: store.String(value)}}
		}
		if text, err := strconv.Unquote(line); err == nil {
			line = text
		}
		r.SetLine(line)
		batch = append(batch, r)
	}
	if err := s.store.Append(context.Background(), batch); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) lines(query string, labels bool) (string, error) {
	q := store.LogQuery{Text: query, Syntax: store.LogQL, Range: store.Between(scriptStart, scriptStart.Add(24*time.Hour)), Oldest: true}
	var out []string
	for e, err := range s.engine.Lines(context.Background(), q) {
		if err != nil {
			return "", err
		}
		if labels {
			out = append(out, labelsText(e.Parsed))
		} else {
			out = append(out, e.Line)
		}
	}
	if out == nil {
		return "none", nil
	}
	return strings.Join(out, "\n"), nil
}

func labelsText(l store.LogLabels) string {
	var list []string
	for _, label := range l {
		list = append(list, fmt.Sprintf("%s=%q", label.Name, label.Value))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

func (s *script) metric(query, from, to, step string) (string, error) {
	a, errA := time.ParseDuration(from)
	b, errB := time.ParseDuration(to)
	by, errBy := time.ParseDuration(step)
	if err := errors.Join(errA, errB, errBy); err != nil {
		return "", err
	}
	list, err := s.engine.Metric(context.Background(), store.LogMetricQuery{
		Text: query, From: scriptStart.Add(a).UnixNano(), To: scriptStart.Add(b).UnixNano(), Step: by})
	if err != nil {
		return "", err
	}
	var out []string
	for _, series := range list {
		text := labelsText(series.Labels)
		for _, p := range series.Points {
			text += " " + strconv.FormatFloat(p.Value, 'g', 10, 64)
			if by > 0 {
				text += "@" + time.Duration(p.Time-scriptStart.UnixNano()).String()
			}
		}
		out = append(out, text)
	}
	if out == nil {
		return "none", nil
	}
	return strings.Join(out, "\n"), nil
}

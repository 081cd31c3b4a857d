package logs_test

import (
	"context"
	"errors"
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

// scriptStart is the time of the first line of a script; lines are a second apart.
var scriptStart = time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)

// script runs a testdata file. A block begins with one of
//
//	load [name=value …]   log lines follow, one record each, numbered from 1;
//	                      names and values are the resource's attributes
//	eval <search line>    the numbers of the lines found follow, or "none"
//	logql <query>         the same in LogQL
//	fail <search line>    position and message of the error follow
//	faillogql <query>     the same in LogQL
//
// and ends at an empty line; "#" begins a comment.
type script struct {
	t     *testing.T
	store *logs.Store
	lines int
	cases int
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
			s := &script{t: t, store: open(t, t.TempDir())}
			s.run(string(text))
			cases += s.cases
		})
	}
	if cases < 60 {
		t.Errorf("%d cases in %d files", cases, len(files))
	}
}

func (s *script) run(text string) {
	for _, block := range strings.Split(text, "\n\n") {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
			lines = lines[1:]
		}
		if len(lines) == 0 || lines[0] == "" {
			continue
		}
		word, rest, _ := strings.Cut(lines[0], " ")
		want := strings.Join(lines[1:], "\n")
		switch word {
		case "load":
			s.load(rest, lines[1:])
		case "eval":
			s.eval(rest, store.SearchLine, want)
		case "logql":
			s.eval(rest, store.LogQL, want)
		case "fail", "faillogql":
			s.fail(word, rest, want)
		default:
			s.t.Fatalf("unknown word %q", word)
		}
	}
}

func (s *script) load(attrs string, lines []string) {
	var res *store.Resource
	service := ""
	for _, pair := range strings.Fields(attrs) {
		name, value, _ := strings.Cut(pair, "=")
		if res == nil {
			res = &store.Resource{}
		}
		res.Attrs = append(res.Attrs, store.Attr{Key: name, Value: store.String(value)})
		if name == "service.name" {
			service = value
		}
	}
	var batch []store.Record
	for _, line := range lines {
		s.lines++
		r := store.Record{
			Time:    scriptStart.Add(time.Duration(s.lines) * time.Second).UnixNano(),
			Service: service, Resource: res, Dropped: uint32(s.lines), // the number of the line
		}
		r.SetLine(line)
		batch = append(batch, r)
	}
	if err := s.store.Append(context.Background(), batch); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) eval(text string, syntax store.Syntax, want string) {
	s.t.Helper()
	s.cases++
	q := store.LogQuery{Text: text, Syntax: syntax, Range: scriptRange(), Oldest: true}
	var found []string
	for r, err := range s.store.Search(context.Background(), q) {
		if err != nil {
			s.t.Errorf("%s\n%v", text, err)
			return
		}
		found = append(found, strconv.Itoa(int(r.Dropped)))
	}
	got := strings.Join(found, " ")
	if got == "" {
		got = "none"
	}
	if got != want {
		s.t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
	}
}

func scriptRange() store.TimeRange {
	return store.Between(scriptStart, scriptStart.Add(time.Hour))
}

func (s *script) fail(word, text, want string) {
	s.t.Helper()
	s.cases++
	parse := logs.Parse
	if word == "faillogql" {
		parse = logql.Parse
	}
	_, err := parse(text)
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		s.t.Errorf("%s\ngot %v", text, err)
		return
	}
	got := fmt.Sprintf("%d-%d %s", qe.Pos, qe.End, qe.Msg)
	if qe.Hint != "" {
		got += "\n" + qe.Hint
	}
	if got != want {
		s.t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
	}
}

func open(t testing.TB, dir string) *logs.Store {
	t.Helper()
	s, err := logs.Open(dir, logs.Options{LogQL: logql.Parse})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

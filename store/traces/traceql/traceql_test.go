package traceql

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// scriptQueries are all queries of the scripts.
func scriptQueries(t testing.TB) (list []string) {
	files, _ := filepath.Glob("testdata/*.test")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch word {
			case "spans", "fields", "fail", "print":
				list = append(list, rest)
			case "series":
				list = append(list, strings.SplitN(rest, " ", 4)[3])
			}
		}
	}
	return list
}

func TestScriptQueriesPrintToThemselves(t *testing.T) {
	for _, text := range scriptQueries(t) {
		printsToItself(t, text)
	}
}

func printsToItself(t *testing.T, text string) *Query {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		checkError(t, text, err)
		return nil
	}
	printed := q.String()
	again, err := Parse(printed)
	if err != nil {
		if tooMuch.MatchString(err.Error()) {
			return q // parentheses were added
		}
		t.Fatalf("%q prints %q: %v", text, printed, err)
	}
	if again.String() != printed {
		t.Fatalf("%q prints %q, and that %q", text, printed, again.String())
	}
	return q
}

var tooMuch = regexp.MustCompile(`more than 1,000|longer than 16 KiB|too deeply`)

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var qe *store.QueryError
	if !errors.As(err, &qe) || qe.Pos < 0 || qe.Pos > qe.End || qe.End > len(text) || qe.Query != text {
		t.Fatalf("%q: %#v", text, err)
	}
}

// fuzzTrace has something for every field.
const fuzzTrace = `checkout web 0s 1s kind=server http.status_code=200 a=true scope=net/1.2 scope.a="go" resource.a="x"
  cart cart 200ms 300ms kind=client a=1 b=2.5 status=error message="no stock" event=exception@40ms event.a="y" link=abc/1 link.a=3
    select cart 220ms 100ms a="x" b=[1, "x", 2.5] event=one@1ms event=two@2ms event.a=7
orphan other 700ms 150ms parent=77 a=nil
self other 701ms 150ms id=88 parent=88`

// A query prints to what it parses from, and can be asked.
func FuzzParse(f *testing.F) {
	for _, s := range scriptQueries(f) {
		f.Add(s)
	}
	tree := loadTrace(f, 1, strings.Split(fuzzTrace, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		q := printsToItself(t, text)
		if q == nil {
			return
		}
		sets, err := q.Eval(context.Background(), tree)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sets {
			if len(s.Spans) == 0 {
				t.Fatalf("%q gives an empty spanset", text)
			}
		}
		if q.Metrics == nil {
			return
		}
		series, err := q.NewSeries(store.TimeRange{From: scriptStart, To: scriptStart + 1e9}, 1e8, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tree.Spans {
			if err := series.Add(tree, i, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := series.Answer(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQueriesAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"longer than 16 KiB":    `{ name = "` + strings.Repeat("x", 17<<10) + `" }`,
		"too deeply nested":     `{ ` + strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100) + ` }`,
		"too deeply nested: -":  `{ 1 = ` + strings.Repeat("-", 100) + "1 }",
		"too deeply nested: !":  `{ ` + strings.Repeat("!", 100) + "true }",
		"too deeply nested: ({": strings.Repeat("(", 100) + "{}" + strings.Repeat(")", 100),
		"too deeply nested: ^":  `{ 1 = ` + strings.Repeat("1^", 100) + "1 }",
		"more than 1,000 parts": `{ .a ` + strings.Repeat("&& .a", 1000) + ` }`,
		"more than 1,000: |":    `{}` + strings.Repeat("|{}", 1001),
		"more than 1,000: topk": `{} | rate()` + strings.Repeat("|topk(1)", 1001),
	} {
		t.Run(name, func(t *testing.T) {
			want, _, _ := strings.Cut(name, ":")
			_, err := Parse(text)
			if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, store.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEvalEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q, err := Parse(`{ name = "a" } | count() > 1`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Eval(ctx, loadTrace(t, 1, []string{"a b 0s 1s"})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	q, err := Parse(`{} | count_over_time() by (name)`)
	if err != nil {
		t.Fatal(err)
	}
	r := store.TimeRange{From: 0, To: 1e9}
	if _, err := q.NewSeries(r, 1, 0, 0); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a billion steps: got %v", err)
	}
	if _, err := q.NewSeries(r, -1, 0, 0); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a step back: got %v", err)
	}
	if s, err := q.NewSeries(store.TimeRange{From: 7, To: 1e9}, 0, 0, 0); err != nil || s.n != 1 || s.begin != 7 {
		t.Errorf("no step: got %+v, %v", s, err)
	}
	always := store.TimeRange{From: math.MinInt64, To: math.MaxInt64}
	for _, step := range []time.Duration{0, 1, time.Hour, math.MaxInt64} {
		if _, err := q.NewSeries(always, step, 0, 0); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("all time in steps of %d: got %v", step, err)
		}
	}
	s, err := q.NewSeries(r, 1e9, 0, 0)
	for i := 0; i <= maxSeries && err == nil; i++ {
		err = s.Add(Alone(store.Span{Name: numberedSpan(i).String()}), 0, 1)
	}
	if !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("too many series: got %v", err)
	}
}

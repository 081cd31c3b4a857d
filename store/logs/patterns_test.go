package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// patternRecords are lines of three patterns over ten minutes: two of three
// are timeouts, every sixth line is an error of web.
func patternRecords(n int) []store.Record {
	var out []store.Record
	for i := range n {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i)*int64(10*time.Minute)/int64(n), Level: store.LevelWarn, Service: "api"}
		switch {
		case i%6 == 5:
			r.Level, r.Service = store.LevelError, "web"
			r.Body = store.String(fmt.Sprintf("POST /tasks failed: %d", 500+i%4))
			r.Attrs = store.Attrs{{Key: "err", Value: store.String(fmt.Sprintf("pool is full: %d waiting", i))}}
		case i%3 == 2:
			r.Body = store.String(fmt.Sprintf("cache miss for user-%d", i))
		default:
			r.Body = store.String(fmt.Sprintf("timed out after %dms", i))
			r.Attrs = store.Attrs{{Key: "route", Value: store.String([]string{"/a", "/a", "/a", "/b"}[i%4])}}
		}
		out = append(out, r)
	}
	return out
}

func TestPatternsGroupEqualMessages(t *testing.T) {
	records := patternRecords(600)
	for i := range records {
		records[i].Attrs = append(records[i].Attrs, store.Attr{Key: "pad", Value: store.String(strings.Repeat("x", 200))})
	}
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		got, err := s.Patterns(context.Background(), store.PatternQuery{LogQuery: store.LogQuery{Range: scriptRange()}, Step: time.Minute, Top: 10})
		if err != nil {
			t.Fatal(err)
		}
		if got.Lines != 600 || got.Read != 600 || got.Kinds != 3 || got.Left != 0 {
			t.Errorf("got %d lines, %d read, %d kinds, %d left", got.Lines, got.Read, got.Kinds, got.Left)
		}
		want := []string{"warn api 400 timed out after <_>", "error web 100 POST /tasks failed: <_>", "warn api 100 cache miss for user-<_>"}
		var have []string
		for _, p := range got.List {
			have = append(have, fmt.Sprintf("%s %s %d %s", p.Level.Word(), p.Service, p.Lines, p.Text))
			var sum int64
			for _, n := range p.Steps {
				sum += n
			}
			if sum != p.Lines || p.First < scriptStart.UnixNano() || p.Last <= p.First {
				t.Errorf("%s: steps have %d, from %d to %d", p.Text, sum, p.First, p.Last)
			}
			// a pattern's own query finds its lines and no others
			q := store.LogQuery{Range: scriptRange(), Text: (&logs.Field{Name: "msg.pattern", Pattern: logs.Pattern{Text: p.Text}}).String()}
			found := 0
			for r, err := range s.Search(context.Background(), q) {
				if err != nil || logs.ShapeText(r.Message()) != p.Text {
					t.Fatalf("%s finds %q, %v", q.Text, r.Message(), err)
				}
				found++
			}
			if found != int(p.Lines) {
				t.Errorf("%s finds %d lines, want %d", q.Text, found, p.Lines)
			}
		}
		slices.Sort(have[1:])
		if !slices.Equal(have, want) {
			t.Errorf("got  %q\nwant %q", have, want)
		}
		if c := got.List[0].Common; c.Name != "route" || c.Lines != 400 || c.Values[0] != (store.FacetValue{Value: "/a", Count: 300}) {
			t.Errorf("common: %+v", c)
		}
	})
}

func TestPatternsWithReasonsAndOfWholeLines(t *testing.T) {
	s := open(t, t.TempDir())
	records := patternRecords(60)
	records[5].SetLine(`{"level":"error","msg":"boom 1","n":5}`)
	records[5].Time = scriptStart.UnixNano()
	appendAll(t, s, records...)
	q := store.PatternQuery{LogQuery: store.LogQuery{Range: scriptRange(), Text: "level:error"}, Step: time.Minute, Top: 10, Why: true}
	got, err := s.Patterns(context.Background(), q)
	if err != nil || len(got.List) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if p := got.List[0]; shown(p.Parts) != "POST /tasks failed: ‹n›: pool is full: ‹n› waiting" || p.Text != "POST /tasks failed: <_>" {
		t.Errorf("got %q, %q", shown(p.Parts), p.Text)
	}
	q.Why, q.Whole, q.Text = false, true, "boom"
	got, err = s.Patterns(context.Background(), q)
	if want := `{"level":"error","msg":"boom <_>","n":<_>}`; err != nil || len(got.List) != 1 || got.List[0].Text != want {
		t.Errorf("got %+v, %v, want %s", got.List, err, want)
	}
}

func TestPatternsOfASampleAreEstimates(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, patternRecords(6000)...)
	got, err := s.Patterns(context.Background(), store.PatternQuery{LogQuery: store.LogQuery{Range: scriptRange(), Limit: 600}, Step: time.Minute, Top: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != 6000 || got.Read != 600 || got.Kinds != 3 || len(got.List) != 2 {
		t.Fatalf("got %d lines, %d read, %d kinds, %d listed", got.Lines, got.Read, got.Kinds, len(got.List))
	}
	p := got.List[0]
	if math.Abs(float64(p.Lines)-4000) > 200 {
		t.Errorf("estimated %d lines, want about 4,000", p.Lines)
	}
	for i, n := range p.Steps {
		if i < 10 && (n < 350 || n > 450) {
			t.Errorf("step %d: %d lines, want about 400", i, n)
		}
	}
	if sum := p.Lines + got.List[1].Lines + got.Left; sum < 5995 || sum > 6005 {
		t.Errorf("all together are %d", sum)
	}
}

func TestPatternsAreBounded(t *testing.T) {
	s := open(t, t.TempDir())
	var records []store.Record
	for i := range 12_000 {
		letters := string([]byte{'a' + byte(i%26), 'a' + byte(i/26%26), 'a' + byte(i/676%26), 'a' + byte(i/17576)})
		records = append(records, store.Record{Time: scriptStart.UnixNano() + int64(i), Body: store.String(letters), Attrs: store.Attrs{{Key: "k", Value: store.Int(int64(i))}}})
	}
	appendAll(t, s, records...)
	got, err := s.Patterns(context.Background(), store.PatternQuery{LogQuery: store.LogQuery{Range: scriptRange()}, Step: time.Minute, Top: 5})
	if err != nil || got.Kinds != 10_000 || got.Left != 11_995 {
		t.Errorf("got %d kinds, %d lines left, %v", got.Kinds, got.Left, err)
	}
	for _, step := range []time.Duration{0, -1, time.Millisecond} {
		if _, err := s.Patterns(context.Background(), store.PatternQuery{LogQuery: store.LogQuery{Range: scriptRange()}, Step: step}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("step %v: %v", step, err)
		}
	}
}

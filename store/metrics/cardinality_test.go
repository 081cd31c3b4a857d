package metrics

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
)

func TestCardinality(t *testing.T) {
	now := time.Now()
	s, err := Open(t.TempDir(), Options{MaxSeries: 500, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	app := s.Appender(t.Context())
	put := func(ls ...string) {
		for k := range 3 {
			if _, err := app.Append(0, labels.FromStrings(ls...), now.Add(time.Duration(k)*time.Second).UnixMilli(), float64(k)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 40 {
		put("__name__", "hits_total", "user", fmt.Sprint(i), "route", fmt.Sprint(i%4), "job", "api")
	}
	for i := range 5 {
		put("__name__", "took_seconds_sum", "route", fmt.Sprint(i), "job", "api")
	}
	put("__name__", "up", "job", "web")
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	c, err := s.Cardinality(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if c.Series != 46 || c.Max != 500 || c.New != 46 || c.Names != 3 || len(c.Metrics) != 2 {
		t.Errorf("got %+v", c)
	}
	first := c.Metrics[0]
	if first.Bytes < 40*10 {
		t.Errorf("%d bytes", first.Bytes)
	}
	first.Bytes = 0
	if want := (store.MetricSeries{Name: "hits_total", Series: 40, New: 40, Samples: 120, Label: "user", Values: 40}); first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	if c.Labels[0].Name != "user" || c.Labels[0].Values != 40 || c.Labels[0].Bytes == 0 || c.Labels[1].Name != "route" {
		t.Errorf("labels %+v", c.Labels)
	}
	if want := (store.PairSeries{Name: "job", Value: "api", Series: 45}); c.Pairs[0] != want {
		t.Errorf("pairs %+v", c.Pairs)
	}
	if c, _ = s.Cardinality(t.Context(), 9); len(c.Metrics) != 3 {
		t.Errorf("asked for more, got %d", len(c.Metrics))
	}
}

func TestSlowQueriesAreRemembered(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var s slow
	add := func(text string, took time.Duration) {
		s.add(store.SlowQuery{Text: text, At: now, Took: took})
	}
	add("a", 2*time.Second)
	add("b", time.Second)
	add("fast", time.Millisecond)
	add("a", time.Second)
	add("b", 3*time.Second)
	texts := func() string {
		var out []string
		for _, q := range s.list {
			out = append(out, q.Text+" "+q.Took.String())
		}
		return strings.Join(out, ", ")
	}
	if got := texts(); got != "b 3s, a 2s" {
		t.Errorf("got %s", got)
	}
	now = now.Add(2 * slowAge)
	for i := range 2 * maxSlow {
		add(fmt.Sprint(i, strings.Repeat("x", 2*slowText)), time.Duration(i+20)*time.Millisecond)
	}
	if got := texts(); len(s.list) != maxSlow || !strings.HasPrefix(got, fmt.Sprint(2*maxSlow-1)) || len(s.list[0].Text) != slowText {
		t.Errorf("%d: %.80s", len(s.list), got)
	}
}

func TestQueriesCountTheirSamples(t *testing.T) {
	ticks := time.Unix(1_700_000_000, 0)
	s, err := Open(t.TempDir(), Options{Now: func() time.Time { ticks = ticks.Add(20 * time.Millisecond); return ticks }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := ticks
	appendSeries(t, s, at, "a", 0, 7)
	q, err := s.RangeQuery(t.Context(), nil, "sum(a)", at, at.Add(time.Minute), 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	q.Exec(context.Background())
	q.Close()
	got := s.SlowQueries()
	if len(got) != 1 || got[0].Text != "sum(a)" || got[0].Samples != 7*5 || got[0].Range != time.Minute || got[0].Took < slowFrom {
		t.Errorf("got %+v", got)
	}
}

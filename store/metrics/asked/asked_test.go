package asked_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store/metrics"
	"tripod/store/metrics/asked"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock answers with the minutes since start, and a second series only in odd
// minutes; the text says how much is added.
func clock(asks *[]asked.Query) asked.Language {
	return asked.Language{
		Check: func(text string, over time.Duration) error {
			if strings.Contains(text, "broken") || over == time.Hour {
				return errors.New("cannot be asked")
			}
			return nil
		},
		Ask: func(_ context.Context, q asked.Query) (promql.Matrix, error) {
			if q.Text == "fails" {
				return nil, errors.New("no answer")
			}
			*asks = append(*asks, q)
			always := promql.Series{Metric: labels.FromStrings("of", "all")}
			odd := promql.Series{Metric: labels.FromStrings("of", "odd")}
			for t := q.From; !t.After(q.To); t = t.Add(q.Step) {
				p := promql.FPoint{T: t.UnixMilli(), F: t.Sub(start).Minutes()}
				always.Floats = append(always.Floats, p)
				if int(p.F)%2 == 1 {
					odd.Floats = append(odd.Floats, p)
				}
			}
			return promql.Matrix{odd, always}, nil
		},
	}
}

func openStore(t *testing.T) (*metrics.Store, *[]asked.Query) {
	t.Helper()
	var asks []asked.Query
	s, err := metrics.Open(t.TempDir(), metrics.Options{Languages: asked.Languages{"__clock__": clock(&asks)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, &asks
}

// TestPromQLOverAnswers holds what an expression makes of the answers of
// another language, at one moment and at many.
func TestPromQLOverAnswers(t *testing.T) {
	s, _ := openStore(t)
	for expr, want := range map[string]string{
		`{__clock__="x"}`:           `{of="all"} => 6 @[6m]`,
		`sum({__clock__="x"}) > 5`:  `{} => 6 @[6m]`,
		`{__clock__="x"} > 6`:       ``,
		`{__clock__="x"} offset 1m`: `{of="all"} => 5 @[6m] {of="odd"} => 5 @[6m]`,
		fmt.Sprintf(`{__clock__="x"} @ %d`, start.Add(3*time.Minute).Unix()): `{of="all"} => 3 @[6m] {of="odd"} => 3 @[6m]`,
		`{__clock__="x"} - on (of) {__clock__="y"} offset 2m`:                `{of="all"} => 2 @[6m]`,
		"{__clock__=`a \"b\" {c}`} + on () group_left () vector(1)":          `{of="all"} => 7 @[6m]`,
	} {
		v, _, err := s.Instant(t.Context(), expr, start.Add(6*time.Minute))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		var got []string
		for _, p := range v.(promql.Vector) {
			got = append(got, fmt.Sprintf("%s => %g @[%gm]", p.Metric, p.F, time.UnixMilli(p.T).Sub(start).Minutes()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
	m, _, err := s.Range(t.Context(), `{__clock__="x"} * 10`, start, start.Add(3*time.Minute+20*time.Second), time.Minute)
	if err != nil || len(m) != 2 {
		t.Fatal(m, err)
	}
	// the odd one must not count on in even minutes, though the lookback is five
	if got := fmt.Sprint(m[0].Metric, pointsOf(m[0]), m[1].Metric, pointsOf(m[1])); got != `{of="all"} [0:0 1:10 2:20 3:30] {of="odd"} [1:10 3:30]` {
		t.Errorf("got %s", got)
	}
}

func pointsOf(s promql.Series) (out []string) {
	for _, p := range s.Floats {
		out = append(out, fmt.Sprintf("%g:%g", time.UnixMilli(p.T).Sub(start).Minutes(), p.F))
	}
	return out
}

// TestMomentsAsked holds for which moments a query is asked: those of the
// evaluation, not those of the lookback, whatever the step.
func TestMomentsAsked(t *testing.T) {
	s, asks := openStore(t)
	if _, _, err := s.Range(t.Context(), `{__clock__="x", __range__="90s"} offset 30s`, start, start.Add(100*time.Second), 7*time.Second); err != nil {
		t.Fatal(err)
	}
	want := asked.Query{Text: "x", Over: 90 * time.Second, From: start.Add(-30 * time.Second), To: start.Add(-30*time.Second + 98*time.Second), Step: 7 * time.Second}
	if len(*asks) != 1 || !(*asks)[0].From.Equal(want.From) || !(*asks)[0].To.Equal(want.To) || (*asks)[0].Step != want.Step || (*asks)[0].Over != want.Over {
		t.Errorf("asked %v, want %v", *asks, want)
	}
	*asks = nil
	q, err := s.InstantQuery(t.Context(), promql.NewPrometheusQueryOpts(false, time.Hour), `{__clock__="x"}`, start)
	if err != nil {
		t.Fatal(err)
	}
	if res := q.Exec(t.Context()); res.Err != nil || len(*asks) != 1 || !(*asks)[0].From.Equal(start) || !(*asks)[0].To.Equal(start) {
		t.Errorf("asked %v, %v, want one moment whatever the lookback", *asks, res.Err)
	}
}

func TestFaultsSayWhere(t *testing.T) {
	s, _ := openStore(t)
	for expr, want := range map[string]string{
		`rate({__clock__="x"}[5m])`:                   `put the range into the query at position 6`,
		`max_over_time(sum({__clock__="x"})[5m:])`:    `put the range into the query at position 19`,
		`{__clock__="x", job="y"}`:                    `__clock__: job="y" is too much`,
		`{__clock__=~"x"}`:                            `__clock__: __clock__=~"x" is too much`,
		`{__clock__="x", __range__="soon"}`:           `want a duration above 0`,
		`{__clock__="x", __range__="1h"}`:             `cannot be asked`,
		`up + {__clock__="broken"}`:                   `__clock__: cannot be asked at position 6`,
		`up{__clock__="x"}`:                           `is too much`,
		`{__clock__="broken"} + {__clock__="broken"}`: `at position 1`,
	} {
		if _, _, err := s.Instant(t.Context(), expr, start); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", expr, err, want)
		}
	}
	if _, err := s.Parser().ParseExpr("up +\n {__clock__=\"broken\"}"); err == nil || !strings.Contains(err.Error(), "2:2: parse error: __clock__: cannot be asked") {
		t.Errorf("got %v", err)
	}
	if _, _, err := s.Instant(t.Context(), `{__clock__="fails"}`, start); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("got %v", err)
	}
}

// TestMentions says no where nothing is to be parsed.
func TestMentions(t *testing.T) {
	l := asked.Languages{"__clock__": {}}
	if l.Mentions(`rate(x[5m])`) || !l.Mentions(`{ __clock__ = "x"}`) {
		t.Error("mentions")
	}
	if l.Asks(mustParse(t, `sum(x{__clock="y"})`)) || !l.Asks(mustParse(t, `sum(x) + {__clock__="y"}`)) {
		t.Error("asks")
	}
}

func mustParse(t *testing.T, text string) parser.Expr {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

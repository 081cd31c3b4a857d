package pages

import (
	"strings"
	"testing"
)

func TestFormulasPutTheirQueriesIn(t *testing.T) {
	q := metricQueries{`sum(rate(a[$__rate]))`, `b{x="A"} + on() c`, `A / B * 100`, `C - A`, `max_over_time(A[5m:15s])`, `{__name__="A"} + AB`}
	for i, want := range []string{
		`sum(rate(a[$__rate]))`,
		`b{x="A"} + on() c`,
		`(sum(rate(a[$__rate]))) / (b{x="A"} + on() c) * 100`,
		`((sum(rate(a[$__rate]))) / (b{x="A"} + on() c) * 100) - (sum(rate(a[$__rate])))`,
		`max_over_time((sum(rate(a[$__rate])))[5m:15s])`,
		`{__name__="A"} + AB`,
	} {
		got, err := q.whole(nil, i)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", letterOf(i), got, err, want)
		}
	}
}

func TestFormulasSayWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		q    metricQueries
		pos  int
		says string
	}{
		"itself":         {metricQueries{"1 + A"}, 4, "A refers to itself"},
		"in a circle":    {metricQueries{"2 * B", "A + 1"}, 4, "A refers to itself through B"},
		"not there":      {metricQueries{"rate(x[$__rate]) / Z", "up"}, 19, "there is no query Z"},
		"empty":          {metricQueries{"B + 1", " "}, 0, "there is no query B"},
		"a broken one":   {metricQueries{"B + 1", "sum("}, 0, "B cannot be read"},
		"samples":        {metricQueries{"rate(B[5m])", "up"}, 5, "has a colon"},
		"another type":   {metricQueries{"sum(B)", `"text"`}, 0, "with its queries put in"},
		"a broken typed": {metricQueries{"rate(x[$__rate]) )", "up"}, 17, "unexpected"},
	} {
		_, err := c.q.whole(nil, 0)
		if err == nil || err.Pos != c.pos && name != "in a circle" || !strings.Contains(err.Msg, c.says) {
			t.Errorf("%s: got %+v, want position %d and %q", name, err, c.pos, c.says)
		}
	}
}

func TestFormulasDoNotGrowWithoutBounds(t *testing.T) {
	q := metricQueries{strings.Repeat("up + ", 400) + "up"}
	for i := 1; i < maxQueries; i++ {
		q = append(q, strings.Repeat(letterOf(i-1)+" + ", 9)+letterOf(i-1))
	}
	if _, err := q.whole(nil, maxQueries-1); err == nil || !strings.Contains(err.Msg, "64 KB") && !strings.Contains(err.Msg, "cannot be read") {
		t.Errorf("got %v", err)
	}
}

func TestAQueryThatGoesStaysInItsFormulas(t *testing.T) {
	q := metricQueries{"a", "b", "A / B", "rate(d[$__rate]) * C"}
	for i, want := range []string{"b|(a) / A|rate(d[$__rate]) * B", "a|A / (b)|rate(d[$__rate]) * B", "a|b|rate(d[$__rate]) * (A / B)", "a|b|A / B"} {
		if got := strings.Join(q.without(nil, i), "|"); got != want {
			t.Errorf("without %s: got %s, want %s", letterOf(i), got, want)
		}
	}
}

// Whatever stands in the boxes is answered, and what is put in can be read.
func FuzzFormula(f *testing.F) {
	f.Add("A / B * 100", "sum(rate(x[$__rate]))", "up")
	f.Add("B # comment", "up # comment", "")
	f.Add("A[5m:] offset 1m", "C", "A")
	f.Add(`{__name__="B"} @ end()`, "B", "\x00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		q := metricQueries{a, b, c}
		for i := range q {
			got, problem := q.whole(nil, i)
			if problem == nil {
				if _, err := parsePromQL(nil, shortRate(got)); err != nil {
					t.Errorf("%q: %q: %v", q, got, err)
				}
			} else if problem.Pos < 0 || problem.Pos > len(q[i]) {
				t.Errorf("%q: position %d", q, problem.Pos)
			}
			q.without(nil, i)
		}
	})
}

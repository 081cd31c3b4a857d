package appliance

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/testdata/weblog"
)

const (
	askWarm   = 3
	askTimes  = 30
	askWithin = 20 * time.Second // then a question is asked no more, if it was once
	askLimit  = 100              // lines of an answer
)

// answered is a question with what was measured.
type answered struct {
	*question
	found    int // lines, or what the numbers come to
	runs     int
	p50, p95 time.Duration
}

// ask puts all questions, one at a time, and checks the answers against what
// is known of the lines.
func ask(b *testing.B, p *process, wire logWire, o weblog.Options, in *sent) []answered {
	questions := questionsAbout(in)
	know(questions, o)
	var out []answered
	for i := range questions {
		q := &questions[i]
		url := p.url + "/loki/api/v1/" + q.params(wire, o)
		var took []time.Duration
		a := answered{question: q}
		began := time.Now()
		for n := 0; n < askWarm+askTimes && (len(took) == 0 || time.Since(began) < askWithin); n++ {
			start := time.Now()
			body := get(b, url)
			if d := time.Since(start); n >= askWarm {
				took = append(took, d)
			}
			found, err := q.check(body)
			if err != nil {
				b.Fatalf("%s: %s: %v", q.name, wire.text(q), err)
			}
			a.found = found
		}
		slices.Sort(took)
		a.runs, a.p50, a.p95 = len(took), took[len(took)/2], took[len(took)*95/100]
		out = append(out, a)
	}
	return out
}

// params are the path and query of a request for the whole time of the lines.
// Loki's steps lie behind their time, so the first is one step in.
func (q *question) params(wire logWire, o weblog.Options) string {
	from, to := o.Start, o.Start.Add(o.Span)
	v := url.Values{"query": {wire.text(q)}}
	switch {
	case q.step == 0:
		v.Set("start", nanos(from))
		v.Set("end", nanos(to.Add(time.Millisecond)))
		v.Set("limit", strconv.Itoa(askLimit))
	case q.step == o.Span:
		v.Set("time", nanos(to))
		return "query?" + v.Encode()
	default:
		v.Set("start", nanos(from.Add(q.step)))
		v.Set("end", nanos(to))
		v.Set("step", q.step.String())
	}
	return "query_range?" + v.Encode()
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func get(b *testing.B, url string) []byte {
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s %v %.300s", url, resp.Status, err, body)
	}
	return body
}

// lokiAnswer is one of Loki's, of any kind.
type lokiAnswer struct {
	Data struct {
		Result []struct {
			Metric map[string]string
			Values [][2]any
			Value  [2]any
		}
	}
}

// check says how much was found, and what is wrong about it.
func (q *question) check(body []byte) (int, error) {
	var a lokiAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return 0, err
	}
	if q.step == 0 {
		return q.checkLines(a)
	}
	got, sum := map[string]int{}, 0
	for _, s := range a.Data.Result {
		for _, v := range append(s.Values, s.Value) {
			text, _ := v[1].(string)
			n, _ := strconv.ParseFloat(text, 64) // the empty Value of a matrix is 0
			got[s.Metric[q.label]] += int(n)
			sum += int(n)
		}
	}
	for name, n := range got {
		if q.counts[name] != n {
			return sum, fmt.Errorf("%d of %q, want %d", n, name, q.counts[name])
		}
	}
	if g, w := slices.Sorted(maps.Values(got)), q.greatest(); !slices.Equal(g, w) {
		return sum, fmt.Errorf("counts %v, want %v", g, w)
	}
	return sum, nil
}

// checkLines wants exactly the newest lines that match.
func (q *question) checkLines(a lokiAnswer) (int, error) {
	var got []int64
	for _, s := range a.Data.Result {
		for _, v := range s.Values {
			text, _ := v[0].(string)
			at, _ := strconv.ParseInt(text, 10, 64)
			got = append(got, at)
		}
	}
	slices.Sort(got)
	want := q.times[max(0, len(q.times)-askLimit):]
	if !slices.Equal(got, want) {
		return len(got), fmt.Errorf("%d lines, want %d; or others than the newest", len(got), len(want))
	}
	return len(got), nil
}

// greatest are the counts that are to be answered, the least first: all, or ten
// of which the last may be of any of several series.
func (q *question) greatest() []int {
	all := slices.Sorted(maps.Values(q.counts))
	if strings.HasPrefix(q.loki, "topk(10") {
		return all[max(0, len(all)-10):]
	}
	return all
}

package logql_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs/logql"
)

// The oracle computes metric queries from samples, in the plainest way that
// says what they mean. It gets a query as asked, and never its text.

// sample is one record, as the oracle knows it.
type sample struct {
	at     int64
	line   string
	n      float64
	labels map[string]string // service_name, level, route
}

// asked is a query.
type asked struct {
	fn      string
	param   float64
	service string // of the selector, or empty
	has     string // line filter
	above   int    // | n > above, when parsed and not negative
	parsed  bool   // | logfmt
	window  time.Duration
	offset  time.Duration
	by      []string // of the outer aggregation, or of the function when op is empty
	op      string   // sum avg min max count stddev stdvar topk bottomk
	k       int
	compare string // "" or an operation with a number
	number  float64
}

func (a *asked) unwraps() bool {
	return !slices.Contains([]string{"count_over_time", "rate", "bytes_over_time", "bytes_rate"}, a.fn)
}

// text writes the query.
func (a *asked) text() string {
	var b strings.Builder
	b.WriteString("{")
	if a.service != "" {
		fmt.Fprintf(&b, "service_name=%q", a.service)
	}
	b.WriteString("}")
	if a.has != "" {
		fmt.Fprintf(&b, " |= %q", a.has)
	}
	if a.parsed {
		b.WriteString(" | logfmt")
		if a.above >= 0 {
			fmt.Fprintf(&b, " | n > %d", a.above)
		}
	}
	if a.unwraps() {
		b.WriteString(" | unwrap n")
	}
	inner := fmt.Sprintf("%s[%dms] offset %dms", b.String(), a.window.Milliseconds(), a.offset.Milliseconds())
	if a.fn == "quantile_over_time" {
		inner = fmt.Sprintf("%v, %s", a.param, inner)
	}
	text := a.fn + "(" + inner + ")"
	by := " by (" + strings.Join(a.by, ", ") + ")"
	switch a.op {
	case "":
		text += by
	case "topk", "bottomk":
		text = fmt.Sprintf("%s(%d, sum by (%s) (%s))", a.op, a.k, strings.Join(a.by, ","), text)
	default:
		text = a.op + by + " (" + text + ")"
	}
	if a.compare != "" {
		text += fmt.Sprintf(" %s %v", a.compare, a.number)
	}
	return text
}

func (a *asked) keeps(s *sample, t int64) bool {
	end := t - int64(a.offset)
	return s.at > end-int64(a.window) && s.at <= end && (a.service == "" || s.labels["service_name"] == a.service) &&
		strings.Contains(s.line, a.has) && (!a.parsed || a.above < 0 || s.n > float64(a.above))
}

func key(labels map[string]string, by []string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if slices.Contains(by, name) && labels[name] != "" {
			out = append(out, fmt.Sprintf("%s=%q", name, labels[name]))
		}
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// at is the answer at a time.
func (a *asked) at(samples []sample, t int64) map[string]float64 {
	series := map[string][]*sample{}
	inner := a.by
	if a.op != "" { // all labels that the lines have; unwrap takes n away
		inner = []string{"service_name", "level"}
		if a.parsed {
			inner = append(inner, "route")
			if !a.unwraps() {
				inner = append(inner, "n")
			}
		}
	}
	labelsOf := map[string]map[string]string{}
	for i := range samples {
		s := &samples[i]
		if !a.keeps(s, t) {
			continue
		}
		labels := maps.Clone(s.labels)
		labels["n"] = fmt.Sprint(s.n)
		if !a.parsed {
			delete(labels, "route")
		}
		k := key(labels, inner)
		series[k] = append(series[k], s)
		labelsOf[k] = labels
	}
	values := map[string]float64{}
	groups := map[string][]float64{}
	for k, list := range series {
		v := a.value(list, t)
		values[k] = v
		g := key(labelsOf[k], a.by)
		groups[g] = append(groups[g], v)
	}
	if a.op != "" {
		values = map[string]float64{}
		for g, list := range groups {
			values[g] = combine(a.op, list)
		}
	}
	return a.finish(values)
}

func (a *asked) finish(values map[string]float64) map[string]float64 {
	if a.op == "topk" || a.op == "bottomk" {
		order := slices.SortedFunc(maps.Keys(values), func(x, y string) int {
			d := values[x] - values[y]
			if a.op == "topk" {
				d = -d
			}
			if d == 0 {
				return strings.Compare(x, y)
			}
			return int(math.Copysign(1, d))
		})
		for _, k := range order[min(a.k, len(order)):] {
			delete(values, k)
		}
	}
	for k, v := range values {
		switch {
		case a.compare == ">" && !(v > a.number), a.compare == "<=" && !(v <= a.number):
			delete(values, k)
		case a.compare == "*":
			values[k] = v * a.number
		case a.compare == "> bool":
			values[k] = 0
			if v > a.number {
				values[k] = 1
			}
		}
	}
	return values
}

func (a *asked) value(list []*sample, t int64) float64 {
	var v []float64
	bytes := 0
	for _, s := range list {
		v = append(v, s.n)
		bytes += len(s.line)
	}
	seconds := a.window.Seconds()
	switch a.fn {
	case "count_over_time":
		return float64(len(v))
	case "rate":
		return float64(len(v)) / seconds
	case "bytes_over_time":
		return float64(bytes)
	case "bytes_rate":
		return float64(bytes) / seconds
	case "first_over_time":
		return v[0]
	case "last_over_time":
		return v[len(v)-1]
	case "quantile_over_time":
		slices.Sort(v)
		rank := a.param * float64(len(v)-1)
		low := int(rank)
		high := min(low+1, len(v)-1)
		return v[low] + (v[high]-v[low])*(rank-float64(low))
	}
	return combine(strings.TrimSuffix(a.fn, "_over_time"), v)
}

func combine(op string, v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	mean := sum / float64(len(v))
	square := 0.0
	for _, x := range v {
		square += (x - mean) * (x - mean)
	}
	square /= float64(len(v))
	switch op {
	case "avg":
		return mean
	case "min":
		return slices.Min(v)
	case "max":
		return slices.Max(v)
	case "count":
		return float64(len(v))
	case "stdvar":
		return square
	case "stddev":
		return math.Sqrt(square)
	}
	return sum
}

func pick[T any](rnd *rand.Rand, from ...T) T { return from[rnd.IntN(len(from))] }

func randomAsked(rnd *rand.Rand) asked {
	a := asked{
		fn: pick(rnd, "count_over_time", "count_over_time", "rate", "bytes_over_time", "bytes_rate", "sum_over_time", "avg_over_time", "max_over_time",
			"min_over_time", "first_over_time", "last_over_time", "stdvar_over_time", "stddev_over_time", "quantile_over_time"),
		param: pick(rnd, 0, 0.5, 0.95, 1), service: pick(rnd, "", "", "api", "web"), has: pick(rnd, "", "", "route=/a", "n=1"),
		above: pick(rnd, -1, 3, 8), parsed: rnd.IntN(2) == 0,
		window: pick(rnd, time.Second, 7*time.Second, time.Minute, 250*time.Millisecond), offset: pick(rnd, 0, 0, 5*time.Second, -3*time.Second),
		op: pick(rnd, "sum", "sum", "avg", "min", "max", "count", "stddev", "stdvar", "topk", "bottomk"), k: 1 + rnd.IntN(3),
		compare: pick(rnd, "", "", "*", ">", "<=", "> bool"), number: pick(rnd, 0.51234, 2.0017, 5.0031), // no value is as close to these as rounding
	}
	if a.op == "topk" || a.op == "bottomk" { // sums of whole numbers: rounding decides no tie
		a.fn = pick(rnd, "count_over_time", "bytes_over_time", "sum_over_time")
	}
	a.parsed = a.parsed || a.unwraps()
	for _, name := range []string{"level", "route", "service_name"} {
		if rnd.IntN(2) == 0 && (a.parsed || name != "route") {
			a.by = append(a.by, name)
		}
	}
	if a.unwraps() && a.fn != "sum_over_time" && rnd.IntN(2) == 0 {
		a.op = ""
	}
	return a
}

func randomSamples(rnd *rand.Rand, n int) ([]sample, []store.Record) {
	levels := map[string]store.Level{"info": store.LevelInfo, "warn": store.LevelWarn, "error": store.LevelError, "unknown": store.LevelUnset}
	words := slices.Sorted(maps.Keys(levels))
	var samples []sample
	var records []store.Record
	at := scriptStart.UnixNano()
	for range n {
		at += int64(pick(rnd, time.Duration(rnd.IntN(900))*time.Millisecond, 250*time.Millisecond, 0, time.Nanosecond))
		s := sample{at: at, n: float64(rnd.IntN(12)), labels: map[string]string{
			"service_name": pick(rnd, "api", "web", "db"), "level": pick(rnd, words...), "route": pick(rnd, "/a", "/b", "/c")}}
		s.line = fmt.Sprintf("route=%s n=%v", s.labels["route"], s.n)
		samples = append(samples, s)
		records = append(records, store.Record{Time: at, Service: s.labels["service_name"], Level: levels[s.labels["level"]], Body: store.String(s.line)})
	}
	return samples, records
}

func TestMetricsAgainstOracle(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		s := openStore(t)
		samples, records := randomSamples(rnd, 400)
		if err := s.Append(context.Background(), records); err != nil {
			t.Fatal(err)
		}
		engine := logql.New(s)
		found := 0
		for range 250 {
			a := randomAsked(rnd)
			from := scriptStart.Add(time.Duration(rnd.IntN(300)) * 250 * time.Millisecond)
			step := pick(rnd, 250*time.Millisecond, time.Second, 10*time.Second)
			q := store.LogMetricQuery{Text: a.text(), From: from.UnixNano(), To: from.Add(20 * step).UnixNano(), Step: step}
			list, err := engine.Metric(context.Background(), q)
			if err != nil {
				t.Fatalf("%s: %v", q.Text, err)
			}
			found += len(list)
			if diff := a.differs(samples, q, list); diff != "" {
				t.Fatalf("seed %d: %s\nfrom %s step %v\n%s", seed, q.Text, from.Sub(scriptStart), step, diff)
			}
		}
		if found < 100 {
			t.Errorf("seed %d: %d series in 250 queries", seed, found)
		}
	}
}

// differs compares an answer, point by point.
func (a *asked) differs(samples []sample, q store.LogMetricQuery, list []store.LogSeries) string {
	got := map[int64]map[string]float64{}
	for _, s := range list {
		for _, p := range s.Points {
			if got[p.Time] == nil {
				got[p.Time] = map[string]float64{}
			}
			got[p.Time][labelsText(s.Labels)] = p.Value
		}
	}
	for t := q.From; t <= q.To; t += int64(q.Step) {
		want := a.at(samples, t)
		same := maps.EqualFunc(got[t], want, func(x, y float64) bool { return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x)) })
		if !same {
			return fmt.Sprintf("at %v\ngot  %v\nwant %v", time.Duration(t-scriptStart.UnixNano()), got[t], want)
		}
	}
	return ""
}

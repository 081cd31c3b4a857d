package traceql

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"tripod/store"
)

// point is a value of a series, as the oracle has it.
type point struct {
	labels string
	time   int64
}

// oracleSeries makes numbers of values in the plainest way.
func oracleSeries(fn string, values map[point][]float64, labels map[string]bool, r store.TimeRange, step int64) map[point]float64 {
	out := map[point]float64{}
	if fn == "rate" || fn == "count_over_time" {
		for l := range labels {
			for at := r.From - (r.From%step+step)%step; at < r.To; at += step {
				out[point{l, at}] = 0
			}
		}
	}
	for p, list := range values {
		sum := 0.0
		for _, v := range list {
			sum += v
		}
		slices.Sort(list)
		switch fn {
		case "rate":
			out[p] = float64(len(list)) / (float64(step) / 1e9)
		case "count_over_time":
			out[p] = float64(len(list))
		case "sum_over_time":
			out[p] = sum
		case "avg_over_time":
			out[p] = sum / float64(len(list))
		case "min_over_time":
			out[p] = list[0]
		case "max_over_time":
			out[p] = list[len(list)-1]
		default: // the median
			out[p] = list[(len(list)+1)/2-1]
		}
	}
	return out
}

// keepBest leaves the k greatest or least of each time, of equal ones those of
// the first labels.
func keepBest(all map[point]float64, k int, least bool) map[point]float64 {
	out := map[point]float64{}
	for p, v := range all {
		before := 0
		for q, w := range all {
			better := w > v
			if least {
				better = w < v
			}
			if p.time == q.time && (better || w == v && q.labels < p.labels) {
				before++
			}
		}
		if before < k {
			out[p] = v
		}
	}
	return out
}

func TestSeriesAgreeWithTheOracle(t *testing.T) {
	fns := []string{"rate", "count_over_time", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "quantile_over_time"}
	for seed := range uint64(2000) {
		g := generator{rand.New(rand.NewPCG(seed, 11))}
		fn, step, k := pick(g, fns...), int64(1+g.IntN(7))*1e9, g.IntN(3)
		from := scriptStart + int64(g.IntN(20))*1e8
		r := store.TimeRange{From: from, To: from + int64(1+g.IntN(40))*1e9}
		asked := map[bool]string{true: "duration"}[fn != "rate" && fn != "count_over_time"]
		if fn == "quantile_over_time" {
			asked += ", 0.5"
		}
		text := fmt.Sprintf("{} | %s(%s) by (name, status)", fn, asked)
		least := g.IntN(2) == 0
		if k > 0 {
			text += fmt.Sprintf(" | %s(%d)", map[bool]string{true: "bottomk", false: "topk"}[least], k)
		}
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		series, err := q.NewSeries(r, time.Duration(step), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		values, labels := map[point][]float64{}, map[string]bool{}
		for range g.IntN(200) {
			s := store.Span{Name: pick(g, "x", "y", "z"), Status: store.StatusCode(g.IntN(3)), Start: scriptStart + g.Int64N(40e9)}
			s.End = s.Start + pick(g, 0, g.Int64N(1e3), g.Int64N(1e10))
			if err := series.Add(Alone(s), 0, 1); err != nil {
				t.Fatal(err)
			}
			if r.Has(s.Start) {
				l := s.Name + " " + statusWords[s.Status]
				labels[l] = true
				p := point{l, s.Start - s.Start%step}
				values[p] = append(values[p], float64(s.End-s.Start)/1e9)
			}
		}
		want := oracleSeries(fn, values, labels, r, step)
		if k > 0 && fn != "quantile_over_time" { // whose values are near ones
			want = keepBest(want, k, least)
		}
		list, err := series.Answer()
		if err != nil {
			t.Fatal(err)
		}
		got := map[point]float64{}
		for _, one := range list {
			for _, p := range one.Points {
				got[point{one.Labels.Text("name") + " " + one.Labels.Text("status"), p.Time}] = p.Value
			}
		}
		if fn == "quantile_over_time" && k > 0 {
			continue
		}
		near := map[bool]float64{true: 1.0 / 128, false: 1e-9}[fn == "quantile_over_time"]
		if same := maps.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= near*math.Abs(b) }); !same {
			t.Fatalf("seed %d: %s in steps of %s\ngot  %v\nwant %v", seed, text, strconv.FormatInt(step, 10), got, want)
		}
	}
}

package parallel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestLayouts asks for the windows over more different times than are kept,
// some of them again, and compares with looking at each sample.
func TestLayouts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 1))
	var kinds [][]int64
	for range 3 * mostLayouts {
		times := make([]int64, rnd.IntN(40))
		at := rnd.Int64N(3000) - 1000
		for i := range times {
			at += 1 + rnd.Int64N(200)
			times[i] = at
		}
		kinds = append(kinds, times)
	}
	f := &fragment{grid: grid{start: 500, interval: 130, steps: 30}, sel: &parser.VectorSelector{}, call: &parser.Call{}, window: 400}
	l := layouts{f: f}
	got, want := newTally(f.grid.steps), newTally(f.grid.steps)
	for range 1000 {
		times := kinds[int(rnd.ExpFloat64()*10)%len(kinds)]
		w := l.of(times, &got)
		least := 1 + rnd.IntN(2)
		w.rows[least]++
		longer, before := 0, 0
		for step, s := range w.spans {
			to := f.grid.at(step)
			in := func(x int64) bool { return x > to-f.window && x <= to }
			n, fresh := 0, 0
			for i, x := range times {
				if in(x) {
					n++
					if i >= before {
						fresh++
					}
				}
				if x <= to {
					before = max(before, i+1)
				}
			}
			if n != int(s.hi-s.lo) || n > 0 && (!in(times[s.lo]) || !in(times[s.hi-1])) {
				t.Fatalf("samples at %v: window that ends at %d is [%d, %d), want %d samples", times, to, s.lo, s.hi, n)
			}
			want.window[step] += int64(n)
			want.read[step] += int64(fresh)
			if n >= least {
				want.points[step]++
				longer++
			}
		}
		if longer != w.longer[least] {
			t.Fatalf("%d windows of %d samples or more, want %d", w.longer[least], least, longer)
		}
	}
	l.count(&got)
	if !slices.Equal(got.window, want.window) || !slices.Equal(got.read, want.read) || !slices.Equal(got.points, want.points) {
		t.Errorf("counted %v %v %v\nwant    %v %v %v", got.window, got.read, got.points, want.window, want.read, want.points)
	}
}

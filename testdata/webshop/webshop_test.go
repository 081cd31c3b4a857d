package webshop

import (
	"reflect"
	"testing"
	"time"
)

func all(o Options) (traces []Trace) {
	g := New(o)
	for {
		var t Trace
		if !g.Next(&t) {
			return traces
		}
		traces = append(traces, t)
	}
}

func TestTraces(t *testing.T) {
	o := Options{Spans: 20_000, Start: time.Unix(1_773_273_600, 0), Seed: 1}
	traces := all(o)
	spans, failed, last := 0, 0, o.Start.UnixNano()
	services, calls := map[int]bool{}, map[[2]int]bool{}
	for i, tr := range traces {
		if n := len(tr.Spans); n < MinSpans && i < len(traces)-1 || n > MaxSpans {
			t.Errorf("trace %d has %d spans", i, n)
		}
		spans += len(tr.Spans)
		if tr.Failed() {
			failed++
		}
		if tr.Spans[0].Start < last {
			t.Errorf("trace %d starts before the one before it", i)
		}
		last = tr.Spans[0].Start
		for at, s := range tr.Spans {
			services[s.Service] = true
			if s.Up < 0 {
				if at != 0 || s.Parent != [8]byte{} {
					t.Fatalf("trace %d: span %d is a second root", i, at)
				}
				continue
			}
			p := tr.Spans[s.Up]
			if s.Up >= at || p.ID != s.Parent || s.Start < p.Start || s.End > p.End || s.Failed && !p.Failed {
				t.Fatalf("trace %d: span %d %+v does not lie in its parent %+v", i, at, s, p)
			}
			if s.Service != p.Service {
				calls[[2]int{p.Service, s.Service}] = true
			}
		}
	}
	if spans != o.Spans || len(services) != len(Services) || len(calls) < 8 || failed < len(traces)/80 {
		t.Errorf("%d spans, %d services, %d kinds of calls, %d of %d traces failed", spans, len(services), len(calls), failed, len(traces))
	}
	if end := o.Start.Add(24 * time.Hour).UnixNano(); last > end || last < end-int64(6*time.Hour) {
		t.Errorf("the last trace starts %v", time.Unix(0, last))
	}
	if !reflect.DeepEqual(all(o), traces) {
		t.Error("the same seed gives other traces")
	}
}

package traces

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/storetest"
)

func corpusDigest() *digest {
	d := newDigest()
	for _, e := range corpusEvents() {
		d.Add(&e)
	}
	return d
}

// corpusEvents are spans with their callers and callees.
func corpusEvents() (out []events.Event) {
	spans := withVersions(storetest.SpanCorpus(4, 300))
	j := newJoiner()
	j.earlier = func(context.Context, []store.TraceID, store.TimeRange, func(joinedSpan)) error { return nil }
	for i := range spans {
		at := (i*7 + 3) % len(spans)
		calls, done, _ := j.join(context.Background(), spans[at:at+1], nil)
		done(true)
		e := encoders.New().(*encoder) // whose events are kept
		out = append(out, e.encode(spans[at:at+1], calls)...)
	}
	return out
}

func TestDigestComesBack(t *testing.T) {
	want, got := corpusDigest(), newDigest()
	if err := got.Read(want.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.services, want.services) || !reflect.DeepEqual(got.ops, want.ops) ||
		!reflect.DeepEqual(got.cells, want.cells) || !reflect.DeepEqual(got.edges, want.edges) || len(got.edges) == 0 ||
		!reflect.DeepEqual(got.versions, want.versions) || len(got.versions) == 0 {
		t.Error("came back changed")
	}
}

func TestDigestsMerge(t *testing.T) {
	in := corpusEvents()
	all, sum, each := newDigest(), newDigest(), newDigest()
	for i := range in {
		alone := newDigest() // which has nothing at hand
		alone.Add(&in[i])
		each.Merge(alone)
	}
	for third := range 3 {
		d := newDigest()
		for i := range in {
			if i%3 == third {
				all.Add(&in[i])
				d.Add(&in[i])
			}
		}
		sum.Merge(d)
	}
	known := func(d *digest) map[string]any {
		out := map[string]any{}
		for k, m := range d.versions {
			out[fmt.Sprint(d.services[k.service], k.version)] = *m
		}
		for k, o := range d.ops {
			out[fmt.Sprint(d.services[k.service], k.op)] = *o
		}
		for k, c := range d.edges {
			out[fmt.Sprint(d.services[k.caller], d.calleeName(k), k.kind, k.minute)] = *c
		}
		for k, c := range d.cells {
			out[fmt.Sprint(d.services[k.service], k.minute)] = *c
		}
		return out
	}
	for name, got := range map[string]*digest{"of three": sum, "of each event": each} {
		if !reflect.DeepEqual(known(got), known(all)) || len(got.services) != len(all.services) {
			t.Errorf("%s: got %v, want %v", name, known(got), known(all))
		}
	}
}

func TestDigestIsBounded(t *testing.T) {
	d := newDigest()
	s := storetest.SpanCorpus(4, 1)[0]
	for i := range maxOperations + 10 {
		s.Name = time.Duration(i).String()
		s.Service = time.Duration(i % (maxServices + 10)).String()
		e := encode(&s)
		d.Add(&e)
	}
	if len(d.services) != maxServices || len(d.ops) > maxOperations {
		t.Errorf("%d services, %d operations", len(d.services), len(d.ops))
	}
}

func FuzzReadDigest(f *testing.F) {
	b := corpusDigest().AppendTo(nil)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte{4, 1, 1, 'a', 1, 0, 2, 1, 'x', 0, 2, 1, 0, 0, 0, 1, 1, 'd', 1, 0, 0, 2, 0, 1, 0, 0, 1, 0, 1, 'v', 0, 2, 1, 1, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDigest()
		if d.Read(b) != nil {
			return
		}
		again := newDigest()
		if err := again.Read(d.AppendTo(nil)); err != nil || len(again.cells) != len(d.cells) || !reflect.DeepEqual(again.ops, d.ops) || !reflect.DeepEqual(again.edges, d.edges) {
			t.Errorf("came back changed: %v", err)
		}
	})
}

// FuzzDecode decodes events that no span ever was.
func FuzzDecode(f *testing.F) {
	f.Add(fLink, "0af7651916cd43dd8448eb211c80319c", int64(3))
	f.Add(fResource, "x", int64(-1))
	f.Fuzz(func(t *testing.T, name, text string, n int64) {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		s := storetest.SpanCorpus(r.Uint64(), 1)[0]
		values := encode(&s)
		e := events.Event{Time: n}
		for _, field := range values.Fields {
			field.Name = name
			e.Fields = append(e.Fields, field, events.Field{Name: text, Value: field.Value})
		}
		var d decoder
		d.decode(&e)
		d.briefly(&e)
	})
}

func TestQuantiles(t *testing.T) {
	for name, c := range map[string]struct{ least, most int64 }{
		"nanoseconds": {1, 300}, "milliseconds": {1e6, 9e8}, "hours": {36e11, 1e15},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			var h hist
			var all []int64
			for range 5000 {
				d := c.least + r.Int64N(c.most-c.least)
				all = append(all, d)
				h.add(binOf(d), 1)
			}
			slices.Sort(all)
			for _, q := range []float64{0.01, 0.5, 0.95, 0.999} {
				got, want := float64(h.quantile(q)), float64(all[int(q*float64(len(all)))])
				if got < want*0.93-1 || got > want*1.07+1 {
					t.Errorf("quantile %v: got %v, want %v", q, got, want)
				}
			}
		})
	}
	if got := (hist)(nil).quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing: %v", got)
	}
	for no := uint16(0); no < 480; no++ {
		if at := binStart(no); binOf(at) != no || at > 0 && binOf(at-1) != no-1 {
			t.Fatalf("bin %d starts at %d, which is in %d", no, at, binOf(at))
		}
	}
}

package scrape

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/auth"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// forgetful is a store that drops series, and writes down what it is given.
type forgetful struct {
	last  storage.SeriesRef
	known map[storage.SeriesRef]labels.Labels
	got   []string
	asked int // for series by their labels
}

func (f *forgetful) Appender(context.Context) storage.Appender { return round{forgetful: f} }

type round struct {
	storage.Appender // of nothing more is made use
	forgetful        *forgetful
}

func (r round) Commit() error { return nil }

func (r round) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	f := r.forgetful
	if known, ok := f.known[ref]; ok {
		ls = known
	} else {
		if ls.IsEmpty() {
			return 0, errors.New("empty labels")
		}
		f.last++
		ref = f.last
		f.known[ref] = ls
	}
	f.got = append(f.got, fmt.Sprint(ls, t, v))
	return ref, nil
}

func (r round) GetRef(ls labels.Labels, _ uint64) (storage.SeriesRef, labels.Labels) {
	f := r.forgetful
	f.asked++
	for ref, known := range f.known {
		if labels.Equal(known, ls) {
			return ref, known
		}
	}
	return 0, labels.EmptyLabels()
}

// scraped is a scrape in fresh strings, as each one is; up is its end.
func scraped(target string, names []string, t int64, v, up float64) *prompb.WriteRequest {
	wr := &prompb.WriteRequest{}
	add := func(name string, v float64) {
		wr.Timeseries = append(wr.Timeseries, prompb.TimeSeries{
			Labels:  []prompb.Label{{Name: "__name__", Value: name}, {Name: "z", Value: "1"}, {Name: "empty"}, {Name: "instance", Value: target}},
			Samples: []prompb.Sample{{Value: v, Timestamp: t}},
		})
	}
	for _, name := range names {
		add(name, v)
	}
	add("scrape_samples_scraped", float64(len(names)))
	add("up", up)
	return wr
}

func written(wr *prompb.WriteRequest) (out []string) {
	for _, ts := range wr.Timeseries {
		ls := labels.FromStrings("__name__", ts.Labels[0].Value, "z", "1", "instance", ts.Labels[3].Value)
		out = append(out, fmt.Sprint(ls, ts.Samples[0].Timestamp, ts.Samples[0].Value))
	}
	return out
}

// TestMemoryChangesNothing: whatever targets do, and whatever the store
// forgets, each sample goes to the series of its labels.
func TestMemoryChangesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	f := &forgetful{known: map[storage.SeriesRef]labels.Labels{}}
	m := &Manager{memory: newMemory(), o: Options{Sink: f, Failed: func(err error) { t.Error(err) }}}
	pages := map[string][]string{"a": {"one", "two"}, "b": {"one"}, "c": nil}
	for at := range int64(4000) {
		target := string(rune('a' + rnd.IntN(3)))
		names := pages[target]
		switch rnd.IntN(8) {
		case 0:
			names = slices.Insert(names, rnd.IntN(len(names)+1), fmt.Sprint("m", rnd.IntN(100)))
		case 1:
			if i := rnd.IntN(len(names) + 1); i < len(names) {
				names = slices.Delete(names, i, min(len(names), i+1+rnd.IntN(40)))
			}
		case 2:
			rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		case 3:
			for ref := range f.known {
				if rnd.IntN(4) == 0 {
					delete(f.known, ref)
				}
			}
		}
		pages[target] = names
		up := 1.0
		if rnd.IntN(10) == 0 {
			names, up = nil, 0
		} else if rnd.IntN(20) == 0 {
			names, up = nil, math.Float64frombits(value.StaleNaN)
		}
		wr := scraped(target, names, at, rnd.Float64(), up)
		f.got = nil
		m.push(nil, wr)
		if want := written(wr); !slices.Equal(f.got, want) {
			t.Fatalf("at %d the store got\n%q\nwant\n%q", at, f.got, want)
		}
	}
}

// TestMemoryLasts: known series are not looked up, neither after a failed
// scrape nor beside new ones; a target that goes is forgotten.
func TestMemoryLasts(t *testing.T) {
	f := &forgetful{known: map[storage.SeriesRef]labels.Labels{}}
	told := 0
	m := &Manager{memory: newMemory(), o: Options{Sink: f, Family: func(string, metadata.Metadata) { told++ }}}
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprint("m", i))
	}
	at := int64(0)
	asked := func(names []string, up float64) int {
		at++
		before := f.asked
		wr := scraped("a", names, at, 1, up)
		wr.Metadata = []prompb.MetricMetadata{{MetricFamilyName: "m0", Help: "Some help."}}
		m.push(nil, wr)
		return f.asked - before
	}
	for _, step := range []struct {
		what string
		got  int
		want int
	}{
		{"the first scrape", asked(names, 1), 102},
		{"the second", asked(names, 1), 0},
		{"one that failed", asked(nil, 0), 2}, // its two rows stand behind too many others
		{"one after that", asked(names, 1), 0},
		{"one with a new series", asked(slices.Insert(slices.Clone(names), 50, "new"), 1), 1},
		{"one without it and nine more", asked(slices.Delete(slices.Clone(names), 10, 19), 1), 0},
		{"one of fifty less", asked(names[50:], 1), 52}, // too many went at once
		{"the next", asked(names[50:], 1), 0},
	} {
		if step.got != step.want {
			t.Errorf("%s looked up %d series, want %d", step.what, step.got, step.want)
		}
	}
	if told != 2 { // the failed scrape's count, too: it is not compared
		t.Errorf("metadata were told %d times, want 2", told)
	}
	if got := m.memory.series(); got != 52 {
		t.Errorf("%d series are remembered, want 52", got)
	}
	asked(nil, math.Float64frombits(value.StaleNaN))
	if got := m.memory.series(); got != 0 {
		t.Errorf("%d series of a target that is gone are remembered", got)
	}
}

// TestALimitEndsWhatWasToldBefore: what a target told before a scrape that is
// over a limit of ours ends at that scrape, once, and goes on with a good one.
func TestALimitEndsWhatWasToldBefore(t *testing.T) {
	f := &forgetful{known: map[storage.SeriesRef]labels.Labels{}}
	m := &Manager{memory: newMemory(), o: Options{Sink: f}}
	limit := &auth.Token{AccountID: 20, ProjectID: 10} // lengths of names and of values, save those of promscrape's own series
	push := func(at int64, names ...string) string {
		f.got = nil
		wr := scraped("a", names, at, float64(at), 1)
		for i := range wr.Timeseries {
			wr.Timeseries[i].Labels = wr.Timeseries[i].Labels[:2]
		}
		m.push(limit, wr)
		return strings.ReplaceAll(strings.Join(f.got, " "), `, z="1"`, "")
	}
	const told = `{__name__="scrape_samples_scraped"}`
	for _, step := range []struct{ got, want string }{
		{push(1, "one", "two"), `{__name__="one"} 1 1 {__name__="two"} 1 1 ` + told + ` 1 2 {__name__="up"} 1 1`},
		{push(2, "one", "longer than ten"), told + ` 2 2 {__name__="up"} 2 0 {__name__="one"} 2 NaN {__name__="two"} 2 NaN`},
		{push(3, "one", "longer than ten"), told + ` 3 2 {__name__="up"} 3 0`},
		{push(4, "one"), `{__name__="one"} 4 4 ` + told + ` 4 1 {__name__="up"} 4 1`},
	} {
		if step.got != step.want {
			t.Errorf("the store got\n%s\nwant\n%s", step.got, step.want)
		}
	}
	if n := m.Skipped()["label_length"]; n != 2 {
		t.Errorf("%d scrapes are counted, want 2", n)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	for i := range uint64(50) {
		m.keep(key{i}, &page{rows: make([]row, maxRows/20)})
	}
	if m.series() != maxRows || len(m.of) != 20 {
		t.Errorf("%d series of %d targets are remembered, want %d of 20", m.series(), len(m.of), maxRows)
	}
}

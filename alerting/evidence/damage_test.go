package evidence

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// Evidence that is above the bound is told of as such, and holds up no other.
func TestWhatCannotBePackedHoldsUpNobody(t *testing.T) {
	huge := somePlot()
	huge.Lines[0].Values = make([]alerting.Value, maxUnpacked/2+1)
	f := &fakes{plot: huge}
	k := open(t, Options{Doors: f.doors()})
	a, b := alertOf("A", fired), alertOf("B", fired)
	k.Note(steps(a, b))
	if !k.gatherNext(context.Background()) {
		t.Error("it goes on no more after the first")
	}
	f.plot = somePlot()
	work(t, k)
	if e := get(t, k, idFor(t, k, a)); e.GatheredAt.IsZero() || len(e.Missing) != 1 || !strings.Contains(e.Missing[0].Why, "bytes, at most 2097152 are kept") {
		t.Errorf("too much: at %s, missing %v", e.GatheredAt, e.Missing)
	}
	if e := get(t, k, idFor(t, k, b)); e.Expression == nil || len(e.Missing) != 0 {
		t.Errorf("the next one: missing %v", e.Missing)
	}
}

// Labels of strangers make no plot that cannot be packed.
func TestLabelsOfAPlotAreBounded(t *testing.T) {
	p := somePlot()
	for range 10 {
		labels := map[string]string{}
		for n := range 100 {
			labels[fmt.Sprint(n, strings.Repeat("<", 5000))] = strings.Repeat("&", 5000)
		}
		p.Lines = append(p.Lines, alerting.PlotLine{Labels: labels, Values: make([]alerting.Value, 121)})
	}
	f := &fakes{plot: p}
	k := open(t, Options{Doors: f.doors()})
	a := alertOf("A", fired)
	k.Note(steps(a))
	work(t, k)
	e := get(t, k, idFor(t, k, a))
	if len(e.Missing) != 0 || e.Expression == nil || len(e.Expression.Lines) != 11 || len(e.Expression.Lines[10].Labels) != plotLabels {
		t.Errorf("missing %v", e.Missing)
	}
	if text, err := encodeBody(&body{Expression: e.Expression}); err != nil || len(text) == 0 {
		t.Errorf("packed: %v", err)
	}
}

// A damaged head goes at its time with all that leads to it, and keeps nobody
// else's evidence from being written.
func TestADamagedHeadIsForgotten(t *testing.T) {
	now := fired
	f := &fakes{}
	k := open(t, Options{Doors: f.doors(), Keep: time.Hour, Now: func() time.Time { return now }})
	old, next := alertOf("A", fired), alertOf("B", fired.Add(2*time.Hour))
	k.Note(steps(old))
	work(t, k)
	err := k.update(func(w writer) error {
		w.order.Put([]byte{0}, nil)
		return w.heads.Put(idOf(&old), []byte("damaged"))
	})
	if err != nil {
		t.Fatal(err)
	}
	now = next.StartsAt
	k.Note(steps(next))
	work(t, k)
	if e := get(t, k, idFor(t, k, next)); e.GatheredAt.IsZero() {
		t.Error("the next one is not written")
	}
	k.bolt.View(func(tx *bolt.Tx) error {
		for _, bucket := range [][]byte{bucketHeads, bucketBodies, bucketAlerts, bucketNames, bucketOrder} {
			if n := tx.Bucket(bucket).Stats().KeyN; n != 1 {
				t.Errorf("%s has %d keys, want that of the next one", bucket, n)
			}
		}
		return nil
	})
}

package evidence

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tripod/store"
)

func TestAwait(t *testing.T) {
	f := &fakes{plot: somePlot()}
	k := open(t, Options{Doors: f.doors()})
	a := alertOf("A", fired)
	id := idFor(t, k, a)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := k.Await(over, id); err != nil || e.ID != id || !e.GatheredAt.IsZero() {
		t.Errorf("before it is there: %+v, %v", e.EvidenceHead, err)
	}
	got := make(chan time.Time)
	go func() {
		e, err := k.Await(t.Context(), id)
		if err != nil {
			t.Error(err)
		}
		got <- e.GatheredAt
	}()
	idFor(t, k, alertOf("B", fired))
	work(t, k)
	if at := <-got; at.IsZero() {
		t.Error("it came before it was gathered")
	}
	if e, err := k.Await(over, id); err != nil || e.GatheredAt.IsZero() {
		t.Errorf("when it is there: %+v, %v", e.EvidenceHead, err)
	}
	if _, err := k.Await(t.Context(), "0123456789abcdef01234567"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an id that nothing has: %v", err)
	}
	last := ""
	for i := range maxAhead + 2 {
		last = idFor(t, k, alertOf(fmt.Sprint("storm", i), fired))
	}
	if e, err := k.Await(t.Context(), last); err != nil || !e.GatheredAt.IsZero() {
		t.Errorf("in a storm: %+v, %v", e.EvidenceHead, err)
	}
}

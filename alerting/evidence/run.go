package evidence

import (
	"context"
	"fmt"
	"time"
)

// Run gathers what alerts wait for, one after the other, then how others
// ended, and forgets what is too old, until ctx ends. What it is at then is gathered after the next start.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		for ctx.Err() == nil && (k.gatherNext(ctx) || k.endNext(ctx)) {
		}
		if err := k.forget(); err != nil {
			k.o.Log.Error("old evidence of alerts is not forgotten", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		case <-tick.C:
		}
	}
}

func (k *Keeper) forget() error {
	return k.update(func(w writer) error { return w.forget(k.o.Now().Add(-k.o.Keep), k.o.MaxBytes) })
}

// giveBack takes back that gathering was tried.
func (k *Keeper) giveBack(h *head) bool {
	err := k.update(func(w writer) error {
		_, now, err := w.latest(h.Alert)
		if err != nil || now == nil || now.ID != h.ID {
			return err
		}
		now.Tries = h.Tries - 1
		return w.put(now, nil)
	})
	if err != nil {
		k.o.Log.Warn("evidence of an alert", "alert", h.Name, "err", err)
	}
	return false
}

// pack is nil when there is no body; of one that cannot be packed the head says why.
func (k *Keeper) pack(h *head, b *body) []byte {
	if b == nil {
		return nil
	}
	packed, err := encodeBody(b)
	if err != nil {
		h.Without = cut(fmt.Sprintf("it cannot be kept: %s", err), maxName)
		k.o.Log.Warn("evidence of an alert cannot be kept", "alert", h.Name, "evidence", h.ID, "err", err)
		return nil
	}
	return packed
}

// gatherNext says whether there may be more to do.
func (k *Keeper) gatherNext(ctx context.Context) bool {
	var seq []byte
	var h *head
	err := k.update(func(w writer) (err error) {
		seq, h, err = w.next()
		return err
	})
	if err != nil {
		k.o.Log.Error("evidence of alerts cannot be gathered", "err", err)
		return false // the next tick or alert tries again
	}
	if h == nil {
		return false
	}
	var b *body
	began := k.o.Now()
	if h.Tries > maxTries {
		h.Without = fmt.Sprintf("gathering it was broken off %d times", maxTries)
	} else {
		b = k.gather(ctx, &h.EvidenceHead)
		if ctx.Err() != nil { // we end in peace, so it does not count
			return k.giveBack(h)
		}
	}
	h.GatheredAt = k.o.Now()
	h.Took = h.GatheredAt.Sub(began)
	packed := k.pack(h, b)
	err = k.update(func(w writer) error { return w.finish(seq, h, packed) })
	if err != nil {
		k.o.Log.Error("evidence of an alert not written", "alert", h.Name, "err", err)
		return false
	}
	k.tellMore()
	if err := k.forget(); err != nil { // in a transaction of its own: what was gathered stays
		k.o.Log.Error("old evidence of alerts is not forgotten", "err", err)
	}
	missing := 1
	if packed != nil {
		missing = len(b.Missing)
	}
	if k.o.Gathered != nil {
		k.o.Gathered(h.Took, missing)
	}
	k.o.Log.Info("evidence of an alert kept", "alert", h.Name, "evidence", h.ID, "took", h.Took, "missing", missing)
	return true
}

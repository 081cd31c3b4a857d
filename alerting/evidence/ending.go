package evidence

import (
	"context"
	"math"
	"slices"

	"tripod/alerting"
)

// willEnd lets evidence wait for what its alert measured until it was over; of
// too many at a time only the moment is kept.
func (w writer) willEnd(id []byte, maxQueue int) error {
	n := 0
	c := w.endings.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		n++
	}
	if n >= maxQueue {
		return nil
	}
	seq, err := w.endings.NextSequence()
	if err != nil {
		return err
	}
	return w.endings.Put(number(seq), append(slices.Clone(id), 0))
}

// nextEnding is who waits longest, with its attempt counted, or nil. What was
// tried too often, is forgotten or damaged goes without.
func (w writer) nextEnding() (seq []byte, h *head, err error) {
	c := w.endings.Cursor()
	for k, v := c.First(); k != nil; k, v = c.First() {
		if len(v) == idBytes+1 && v[idBytes] < maxTries {
			if h, err := decodeHead(w.heads.Get(v[:idBytes])); err == nil && !h.EndedAt.IsZero() {
				tried := slices.Clone(v)
				tried[idBytes]++
				key := slices.Clone(k)
				return key, h, w.endings.Put(key, tried)
			}
		}
		if err := w.endings.Delete(k); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// waitAgain puts one that could not be asked behind the others; it was counted.
func (w writer) waitAgain(seq []byte) error {
	v := slices.Clone(w.endings.Get(seq))
	if v == nil {
		return nil
	}
	next, err := w.endings.NextSequence()
	if err != nil {
		return err
	}
	if err := w.endings.Delete(seq); err != nil {
		return err
	}
	return w.endings.Put(number(next), v)
}

// finishEnding keeps it; nil for one of which nothing can be said.
func (w writer) finishEnding(seq []byte, h *head, e *alerting.EvidenceEnding) error {
	if err := w.endings.Delete(seq); err != nil || e == nil {
		return err
	}
	return w.change(h, nil, func(now *head) { now.Ending = e })
}

// endNext keeps what an alert that is over measured while it fired, and says
// whether there may be more to do.
func (k *Keeper) endNext(ctx context.Context) bool {
	var seq []byte
	var h *head
	err := k.update(func(w writer) (err error) {
		seq, h, err = w.nextEnding()
		return err
	})
	if err != nil {
		k.o.Log.Error("how alerts ended cannot be kept", "err", err)
		return false // the next tick or alert tries again
	}
	if h == nil {
		return false
	}
	e, err := k.ending(ctx, &h.EvidenceHead)
	if ctx.Err() != nil {
		return false // it waits for the next start
	}
	if err != nil {
		k.o.Log.Warn("what an alert measured until its end is not known yet", "alert", h.Name, "evidence", h.ID, "err", err)
		if err := k.update(func(w writer) error { return w.waitAgain(seq) }); err != nil {
			k.o.Log.Error("how an alert ended is not written", "alert", h.Name, "err", err)
		}
		return false // the next tick or alert tries again
	}
	if err := k.update(func(w writer) error { return w.finishEnding(seq, h, e) }); err != nil {
		k.o.Log.Error("how an alert ended is not written", "alert", h.Name, "err", err)
		return false
	}
	return true
}

// ending asks what the alert's series was from the beginning to the end.
func (k *Keeper) ending(ctx context.Context, h *alerting.EvidenceHead) (*alerting.EvidenceEnding, error) {
	if k.o.Doors.Expression == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	a := alerting.Alert{Labels: h.Labels, Annotations: h.Annotations, StartsAt: h.FiredAt, GeneratorURL: h.GeneratorURL}
	p, err := k.o.Doors.Expression.Plot(ctx, a, h.FiredAt, h.EndedAt)
	if err != nil || p == nil {
		return nil, err
	}
	own := slices.IndexFunc(p.Lines, func(l alerting.PlotLine) bool { return l.Own })
	if own < 0 {
		return nil, nil // its series said nothing from then to then
	}
	return endingOf(p, p.Lines[own].Values), nil
}

// endingOf is nil when there is no value.
func endingOf(p *alerting.Plot, values []alerting.Value) *alerting.EvidenceEnding {
	var e *alerting.EvidenceEnding
	for i, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		if e == nil {
			e = &alerting.EvidenceEnding{Worst: v, WorstAt: p.From}
		}
		if below := p.Op == "<" || p.Op == "<="; below && v < e.Worst || !below && v > e.Worst {
			e.Worst, e.WorstAt = v, p.At(i)
		}
		e.Last, e.LastAt = v, p.At(i)
	}
	return e
}

package chronicle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// sameEpisode is how long after a step "pending" another of the same alert
// still belongs to it: between them lies a restart.
const sameEpisode = time.Hour

// maxForget bounds the steps that one transaction forgets.
const maxForget = 10_000

// writer puts steps into the buckets of one transaction.
type writer struct{ episodes, steps, names, order, meta *bolt.Bucket }

func (w *writer) add(s *alerting.Step) error {
	chain := chainOf(s.Alert, s.Name)
	start, h, err := w.latest(chain)
	if err != nil {
		return err
	}
	if h == nil || opens(h, s) {
		after := start
		start, h = uint64(s.Time.UnixNano()), &head{Alert: s.Alert, Name: cut(s.Name)}
		start = max(start, after+1)
		if err := w.names.Put(slices.Concat(short(s.Name), number(start), chain), nil); err != nil {
			return err
		}
	} else if h.Rule == s.Kind && said(s.Kind) {
		return nil // said before a restart
	}
	h.take(s)
	seq, err := w.order.NextSequence()
	if err != nil {
		return err
	}
	episode := slices.Concat(chain, number(start))
	key, value := slices.Concat(episode, number(seq)), encode(stepOf(s))
	if err := w.steps.Put(key, value); err != nil {
		return err
	}
	if err := w.order.Put(number(seq), slices.Concat(key, moment(s.Time))); err != nil {
		return err
	}
	if err := w.episodes.Put(episode, encode(h)); err != nil {
		return err
	}
	return w.grow(int64(len(key) + len(value)))
}

// said tells the steps that rules say again after a restart.
func said(k alerting.StepKind) bool {
	return k == alerting.StepPending || k == alerting.StepFiring || k == alerting.StepKept || k == alerting.StepFailing
}

// latest finds the newest episode of a chain; h is nil when there is none.
func (w *writer) latest(chain []byte) (start uint64, h *head, err error) {
	c := w.episodes.Cursor()
	k, v := c.Seek(append(slices.Clone(chain), bytes.Repeat([]byte{0xff}, 9)...))
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	if len(k) != 16 || !bytes.HasPrefix(k, chain) {
		return 0, nil, nil
	}
	h = &head{}
	if err := decode(v, h); err != nil {
		return 0, nil, fmt.Errorf("episode %x: %w", k, err)
	}
	return binary.BigEndian.Uint64(k[8:]), h, nil
}

// opens says that a step begins a new episode after that of h.
func opens(h *head, s *alerting.Step) bool {
	switch s.Kind {
	case alerting.StepPending:
		return !h.End.IsZero() || h.Rule == alerting.StepPending && s.Time.Sub(h.Last) > sameEpisode
	case alerting.StepFiring, alerting.StepReceived, alerting.StepFailing:
		return !h.End.IsZero()
	}
	return false
}

// take puts what a step says about the whole episode into its head.
func (h *head) take(s *alerting.Step) {
	h.Steps++
	h.Last = s.Time
	if s.Of != nil && h.Labels == nil {
		h.Labels = cutLabels(s.Of.Labels)
	}
	switch s.Kind {
	case alerting.StepPending, alerting.StepFiring, alerting.StepKept, alerting.StepFailing:
		h.Rule = s.Kind
	case alerting.StepOver, alerting.StepWorks, alerting.StepResolved:
		h.Rule = s.Kind
		if h.End.IsZero() {
			h.End = s.Time
		}
	}
}

func (w *writer) grow(by int64) error {
	return w.meta.Put(keyBytes, number(uint64(max(w.size()+by, 0))))
}

func (w *writer) size() int64 {
	v := w.meta.Get(keyBytes)
	if len(v) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(v))
}

// forget drops the oldest steps that are too old or too many.
func (c *Chronicle) forget(tx *bolt.Tx) error {
	w := writer{tx.Bucket(bucketEpisodes), tx.Bucket(bucketSteps), tx.Bucket(bucketNames), tx.Bucket(bucketOrder), tx.Bucket(bucketMeta)}
	before := c.o.Now().Add(-c.o.Keep).UnixNano()
	size, freed := w.size(), int64(0)
	cursor := w.order.Cursor()
	for range maxForget {
		k, v := cursor.First()
		if k == nil || len(v) == 32 && int64(binary.BigEndian.Uint64(v[24:])) >= before && size-freed <= c.o.MaxBytes {
			break
		}
		n, err := w.drop(k, v)
		if err != nil {
			return err
		}
		freed += n
	}
	if freed == 0 {
		return nil
	}
	return w.grow(-freed)
}

// drop takes one step out, and its episode with the last of it.
func (w *writer) drop(seq, v []byte) (freed int64, err error) {
	if len(v) != 32 {
		return 0, fmt.Errorf("order %x of %d bytes: %w", seq, len(v), alerting.ErrInvalid)
	}
	key := slices.Clone(v[:24])
	freed = int64(len(key) + len(w.steps.Get(key)))
	if err := w.steps.Delete(key); err != nil {
		return 0, err
	}
	if err := w.order.Delete(slices.Clone(seq)); err != nil {
		return 0, err
	}
	var h head
	episode := key[:16]
	if err := decode(w.episodes.Get(episode), &h); err != nil {
		return 0, fmt.Errorf("episode %x: %w", episode, err)
	}
	h.Steps--
	h.Gone++
	if h.Steps > 0 {
		return freed, w.episodes.Put(episode, encode(&h))
	}
	if err := w.names.Delete(slices.Concat(short(h.Name), key[8:16], key[:8])); err != nil {
		return 0, err
	}
	return freed, w.episodes.Delete(episode)
}

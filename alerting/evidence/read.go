package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
	"tripod/store"
)

// The bounds of a list.
const (
	defaultListed = 20
	maxListed     = 500
)

// Evidence reads that of an ID. One that is not gathered yet has its head only.
func (k *Keeper) Evidence(_ context.Context, id string) (e alerting.Evidence, err error) {
	key, ok := parseID(id)
	if !ok {
		return e, fmt.Errorf("evidence %.40q: want %d hexadecimal digits: %w", id, 2*idBytes, store.ErrInvalid)
	}
	err = k.bolt.View(func(tx *bolt.Tx) error {
		w := newWriter(tx)
		text := w.heads.Get(key)
		if text == nil {
			return fmt.Errorf("evidence %s: %w", id, store.ErrNotFound)
		}
		h, err := decodeHead(text)
		if err != nil {
			return k.named(fmt.Errorf("evidence %s: %w", id, err))
		}
		e.EvidenceHead = h.EvidenceHead
		if h.Without != "" {
			e.Missing = []alerting.Missing{{Part: "everything", Why: h.Without}}
		}
		packed := w.bodies.Get(key)
		if packed == nil {
			return nil
		}
		b, err := decodeBody(packed)
		if err != nil {
			return k.named(fmt.Errorf("evidence %s: %w", id, err))
		}
		e.Expression, e.Services, e.Beside, e.From, e.To, e.Traces = b.Expression, b.Services, b.Beside, b.From, b.To, b.Traces
		e.Patterns, e.Lines, e.Before, e.Changes, e.Missing = b.Patterns, b.Lines, b.Before, b.Changes, b.Missing
		return nil
	})
	return e, err
}

// EvidenceList are the heads of those that fit, newest first. One that is
// damaged is told of in its place.
func (k *Keeper) EvidenceList(ctx context.Context, q alerting.EvidenceQuery) (out []alerting.EvidenceHead, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultListed
	}
	limit = min(limit, maxListed)
	err = k.bolt.View(func(tx *bolt.Tx) error {
		w := newWriter(tx)
		bucket, prefix := w.order, []byte(nil)
		switch {
		case q.Alert != "":
			bucket, prefix = w.alerts, chainOf(q.Alert)
		case q.Name != "":
			bucket, prefix = w.names, short(q.Name)
		}
		last := bytes.Repeat([]byte{0xff}, 8+idBytes+1)
		if !q.To.IsZero() {
			copy(last, moment(q.To))
		}
		if below, ok := parseID(q.Below); ok && !q.To.IsZero() {
			last = slices.Concat(moment(q.To), below)
		}
		c := bucket.Cursor()
		key, _ := c.Seek(slices.Concat(prefix, last))
		if key == nil {
			key, _ = c.Last()
		} else {
			key, _ = c.Prev()
		}
		for ; key != nil && bytes.HasPrefix(key, prefix) && len(out) < limit; key, _ = c.Prev() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(key) != len(prefix)+8+idBytes {
				continue // it leads nowhere
			}
			at, id := key[len(prefix):len(prefix)+8], key[len(prefix)+8:]
			if !q.From.IsZero() && bytes.Compare(at, moment(q.From)) < 0 {
				return nil
			}
			h, err := decodeHead(w.heads.Get(id))
			if err != nil {
				out = append(out, alerting.EvidenceHead{
					ID: hex.EncodeToString(id), FiredAt: time.Unix(0, int64(binary.BigEndian.Uint64(at))).UTC(), Damaged: err.Error(),
				})
				continue
			}
			if wanted(&q, &h.EvidenceHead) {
				out = append(out, h.EvidenceHead)
			}
		}
		return nil
	})
	return out, err
}

func wanted(q *alerting.EvidenceQuery, h *alerting.EvidenceHead) bool {
	return (q.Name == "" || h.Name == cut(q.Name, maxName)) && (len(q.Services) == 0 || slices.Contains(q.Services, alerting.ServiceOf(h.Labels)))
}

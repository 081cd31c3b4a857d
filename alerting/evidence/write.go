package evidence

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

const (
	maxTries  = 3      // of gathering; a process may die of one
	maxForget = 10_000 // alerts that one transaction forgets
)

// writer works on the buckets of one transaction.
type writer struct {
	heads, bodies, alerts, names, order, queue, endings, meta *bolt.Bucket

	waiting *int // how many wait, -1 when not counted yet
}

func newWriter(tx *bolt.Tx) writer {
	unknown := -1
	return writer{
		tx.Bucket(bucketHeads), tx.Bucket(bucketBodies), tx.Bucket(bucketAlerts), tx.Bucket(bucketNames),
		tx.Bucket(bucketOrder), tx.Bucket(bucketQueue), tx.Bucket(bucketEndings), tx.Bucket(bucketMeta), &unknown,
	}
}

// reserve gives an alert its ID and lets it wait for its evidence. Of one that
// has an ID it changes nothing.
func (w writer) reserve(a *alerting.Alert, fired, now time.Time, maxQueue int) (string, error) {
	id := idOf(a)
	name := hex.EncodeToString(id)
	if w.heads.Get(id) != nil {
		return name, nil
	}
	h := &head{EvidenceHead: alerting.EvidenceHead{
		ID: name, Alert: a.Fingerprint(), Name: cut(a.Name(), maxName), Labels: cutMap(a.Labels, maxLabels, maxName, maxText), Annotations: cutMap(a.Annotations, maxLabels, maxName, maxText),
		GeneratorURL: cut(a.GeneratorURL, maxText), Value: cut(a.Annotations[alerting.ValueAnnotation], maxName), FiredAt: fired,
	}}
	if h.FiredAt.IsZero() || h.FiredAt.After(now) {
		h.FiredAt = now
	}
	at := moment(h.FiredAt)
	for bucket, key := range map[*bolt.Bucket][]byte{
		w.alerts: slices.Concat(chainOf(h.Alert), at, id), w.names: slices.Concat(short(h.Name), at, id), w.order: slices.Concat(at, id),
	} {
		if err := bucket.Put(key, nil); err != nil {
			return "", err
		}
	}
	if *w.queued() >= maxQueue {
		h.GatheredAt, h.Without = now, fmt.Sprintf("%d alerts that fired before waited for their evidence", maxQueue)
		return name, w.put(h, nil)
	}
	seq, err := w.queue.NextSequence()
	if err != nil {
		return "", err
	}
	*w.queued()++
	if err := w.queue.Put(number(seq), id); err != nil {
		return "", err
	}
	return name, w.put(h, nil)
}

// queued is how many wait; who has one join them adds it.
func (w writer) queued() *int {
	if *w.waiting < 0 {
		*w.waiting = 0
		c := w.queue.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			*w.waiting++
		}
	}
	return w.waiting
}

// put writes a head and, unless it is nil, a packed body, and keeps count of the bytes.
func (w writer) put(h *head, packed []byte) error {
	id, ok := parseID(h.ID)
	if !ok {
		return fmt.Errorf("id %.40q: %w", h.ID, alerting.ErrInvalid)
	}
	text, err := encodeHead(h)
	if err != nil {
		return err
	}
	more := int64(len(text) - len(w.heads.Get(id)))
	if err := w.heads.Put(id, text); err != nil {
		return err
	}
	if packed != nil {
		more += int64(len(packed) - len(w.bodies.Get(id)))
		if err := w.bodies.Put(id, packed); err != nil {
			return err
		}
	}
	return w.grow(more)
}

// latest is the newest evidence of an alert, nil when there is none.
func (w writer) latest(fingerprint string) (*alerting.EvidenceHead, *head, error) {
	chain := chainOf(fingerprint)
	c := w.alerts.Cursor()
	k, _ := c.Seek(append(slices.Clone(chain), bytes.Repeat([]byte{0xff}, 8+idBytes+1)...))
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	if len(k) != 16+idBytes || !bytes.HasPrefix(k, chain) {
		return nil, nil, nil
	}
	h, err := decodeHead(w.heads.Get(k[16:]))
	if err != nil {
		return nil, nil, fmt.Errorf("evidence %x: %w", k[16:], err)
	}
	return &h.EvidenceHead, h, nil
}

// end notes when an alert was over, and lets it wait for how it ended.
func (w writer) end(fingerprint string, at time.Time, maxQueue int) error {
	_, h, err := w.latest(fingerprint)
	if err != nil || h == nil || !h.EndedAt.IsZero() {
		return err
	}
	h.EndedAt = at
	if err := w.put(h, nil); err != nil {
		return err
	}
	id, _ := parseID(h.ID)
	return w.willEnd(id, maxQueue)
}

// next is who waits longest, with its attempt counted, or nil.
func (w writer) next() (seq []byte, h *head, err error) {
	c := w.queue.Cursor()
	for k, id := c.First(); k != nil; k, id = c.First() {
		if h, err = decodeHead(w.heads.Get(id)); err != nil { // forgotten meanwhile, or damaged: who asks for it is told
			if err := w.queue.Delete(k); err != nil {
				return nil, nil, err
			}
			continue
		}
		h.Tries++
		return slices.Clone(k), h, w.put(h, nil)
	}
	return nil, nil, nil
}

// finish keeps what was gathered; the alert may have ended meanwhile.
func (w writer) finish(seq []byte, h *head, packed []byte) error {
	if err := w.queue.Delete(seq); err != nil {
		return err
	}
	return w.change(h, packed, func(now *head) { now.GatheredAt, now.Took, now.Without = h.GatheredAt, h.Took, h.Without })
}

// change writes a head anew as it stands now, unless it is forgotten.
func (w writer) change(h *head, packed []byte, set func(now *head)) error {
	id, _ := parseID(h.ID)
	text := w.heads.Get(id)
	if text == nil {
		return nil
	}
	now, err := decodeHead(text)
	if err != nil {
		return err
	}
	set(now)
	return w.put(now, packed)
}

func (w writer) grow(by int64) error {
	return w.meta.Put(keyBytes, number(uint64(max(w.size()+by, 0))))
}

func (w writer) size() int64 {
	if v := w.meta.Get(keyBytes); len(v) == 8 {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// forget drops the oldest evidence that is too old or too much.
func (w writer) forget(before time.Time, maxBytes int64) error {
	c := w.order.Cursor()
	for range maxForget {
		k, _ := c.First()
		if k == nil || bytes.Compare(k[:min(8, len(k))], moment(before)) >= 0 && w.size() <= maxBytes {
			return nil
		}
		if err := w.drop(slices.Clone(k)); err != nil {
			return err
		}
	}
	return nil
}

// drop takes out one; key is its key in order.
func (w writer) drop(key []byte) error {
	if len(key) != 8+idBytes {
		return w.order.Delete(key) // it leads nowhere
	}
	id := key[8:]
	text := w.heads.Get(id)
	alert, name := w.links(text, key)
	if err := w.grow(-int64(len(text) + len(w.bodies.Get(id)))); err != nil {
		return err
	}
	for _, d := range []struct {
		from *bolt.Bucket
		key  []byte
	}{{w.alerts, alert}, {w.names, name}, {w.order, key}, {w.heads, id}, {w.bodies, id}} {
		if err := d.from.Delete(d.key); err != nil {
			return err
		}
	}
	return nil
}

// links are the keys in alerts and names of what has a key in order. A head
// that is damaged does not tell them, therefore they are looked for.
func (w writer) links(head, key []byte) (alert, name []byte) {
	if h, err := decodeHead(head); err == nil {
		return slices.Concat(chainOf(h.Alert), key), slices.Concat(short(h.Name), key)
	}
	return endingIn(w.alerts, key), endingIn(w.names, key)
}

// endingIn is the first key with that end, or nil.
func endingIn(b *bolt.Bucket, end []byte) []byte {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if bytes.HasSuffix(k, end) {
			return slices.Clone(k)
		}
	}
	return nil
}

package chronicle

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// The bounds of one answer.
const (
	defaultEpisodes = 20
	maxEpisodes     = 200
	maxSteps        = 1000   // of one episode: its first and its last ones
	maxLooked       = 50_000 // episodes that are looked at
)

// Episodes are those that fit, newest first, with their steps.
func (c *Chronicle) Episodes(ctx context.Context, q alerting.EpisodeQuery) ([]alerting.Episode, error) {
	if q.Name == "" && q.Alert == "" {
		return nil, fmt.Errorf("episodes of which rule or alert: %w", alerting.ErrInvalid)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultEpisodes
	}
	limit = min(limit, maxEpisodes)
	var out []alerting.Episode
	err := c.bolt.View(func(tx *bolt.Tx) error {
		looked := 0
		for key := range newest(tx, q) {
			if looked++; looked > maxLooked || len(out) == limit {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			e, ok, err := episode(tx, key, q)
			if err != nil {
				return err
			}
			if ok {
				out = append(out, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.bolt.Path(), err)
	}
	return out, nil
}

// newest yields keys of episodes, backwards in time.
func newest(tx *bolt.Tx, q alerting.EpisodeQuery) func(yield func([]byte) bool) {
	bucket, prefix := tx.Bucket(bucketNames), short(q.Name)
	if q.Alert != "" {
		bucket, prefix = tx.Bucket(bucketEpisodes), chainOf(q.Alert, "")
	}
	last := bytes.Repeat([]byte{0xff}, 16)
	if !q.To.IsZero() {
		last = append(number(uint64(q.To.UnixNano())), bytes.Repeat([]byte{0xff}, 8)...)
	}
	return func(yield func([]byte) bool) {
		c := bucket.Cursor()
		k, _ := c.Seek(append(slices.Clone(prefix), last...))
		if k == nil {
			k, _ = c.Last()
		} else {
			k, _ = c.Prev()
		}
		for ; k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Prev() {
			key := k
			if q.Alert == "" {
				key = slices.Concat(k[16:], k[8:16])
			}
			if !yield(key) {
				return
			}
		}
	}
}

// episode reads one; it says false when it does not fit.
func episode(tx *bolt.Tx, key []byte, q alerting.EpisodeQuery) (e alerting.Episode, ok bool, err error) {
	var h head
	if err := decode(tx.Bucket(bucketEpisodes).Get(key), &h); err != nil {
		return e, false, fmt.Errorf("episode %x: %w", key, err)
	}
	if q.Name != "" && h.Name != cut(q.Name) || !q.From.IsZero() && !h.End.IsZero() && h.Last.Before(q.From) {
		return e, false, nil
	}
	e = alerting.Episode{
		Alert: h.Alert, Name: h.Name, Labels: h.Labels, End: h.End, Cut: h.Gone,
		Start: time.Unix(0, int64(binary.BigEndian.Uint64(key[8:]))),
	}
	skip := max(h.Steps-maxSteps, 0) // after the first half of what is shown
	e.Cut += skip
	n := 0
	c := tx.Bucket(bucketSteps).Cursor()
	for k, v := c.Seek(key); k != nil && bytes.HasPrefix(k, key); k, v = c.Next() {
		if n++; n > maxSteps/2 && n <= maxSteps/2+skip {
			continue
		}
		var s step
		if err := decode(v, &s); err != nil {
			return e, false, fmt.Errorf("step %x: %w", k, err)
		}
		e.Steps = append(e.Steps, s.of(&h))
	}
	slices.SortStableFunc(e.Steps, func(a, b alerting.Step) int { return a.Time.Compare(b.Time) })
	if len(e.Steps) > 0 && e.Steps[0].Time.Before(e.Start) {
		e.Start = e.Steps[0].Time
	}
	return e, true, nil
}

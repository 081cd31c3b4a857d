package state

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"
)

var bucketCursors = []byte("file-cursors")

// Cursors are all that were saved and not dropped.
func (s *State) Cursors() (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCursors).ForEach(func(k, v []byte) error {
			out[string(k)] = bytes.Clone(v)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	return out, nil
}

// SaveCursors sets some and then drops some, all or none of it. It is durable
// when it returns.
func (s *State) SaveCursors(set map[string][]byte, drop []string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketCursors)
		for k, v := range set {
			if err := b.Put([]byte(k), v); err != nil {
				return err
			}
		}
		for _, k := range drop {
			if err := b.Delete([]byte(k)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save cursors: %w", err)
	}
	return nil
}

package state

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// slots is how many service colours there are; after the last they repeat.
const slots = 10

// maxServices bounds what a sender of invented names can make us remember.
const maxServices = 10_000

var bucketSlots = []byte("service-slots")

// State is an open state file.
type State struct {
	db *bbolt.DB

	mu    sync.Mutex
	slots map[string]int
}

// Open opens or makes the file and reads what it holds.
func Open(path string) (*State, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("open state %s: %w", path, err)
	}
	s := &State{db: db, slots: map[string]int{}}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketSlots)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucketIfNotExists(bucketCursors); err != nil {
			return err
		}
		return b.ForEach(func(k, v []byte) error {
			if len(v) == 1 && v[0] >= 1 && v[0] <= slots {
				s.slots[string(k)] = int(v[0])
			}
			return nil
		})
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("read state %s: %w", path, err)
	}
	return s, nil
}

// Slot is the colour slot of a service, 1 to 10: given in order of first
// appearance and kept over restarts. A slot that cannot be written down is
// still kept while the process runs.
func (s *State) Slot(service string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot, ok := s.slots[service]; ok {
		return slot
	}
	slot := len(s.slots)%slots + 1
	if len(s.slots) >= maxServices {
		return slot
	}
	s.slots[service] = slot
	_ = s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketSlots).Put([]byte(service), []byte{byte(slot)})
	})
	return slot
}

// Close closes the file.
func (s *State) Close() error { return s.db.Close() }

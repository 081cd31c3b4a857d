package notify

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// fileName is the database in Options.Dir; FORMAT.md describes it.
const fileName = "alerting.db"

// formatVersion is the first byte of every value.
const formatVersion = 2

var (
	bucketAlerts     = []byte("alerts")     // fingerprint → dispatch.Alert
	bucketGroups     = []byte("groups")     // ID → dispatch.Group
	bucketSilences   = []byte("silences")   // ID → alerting.Silence
	bucketDeliveries = []byte("deliveries") // big-endian sequence → alerting.Delivery
)

type db struct{ bolt *bolt.DB }

func openDB(dir string) (*db, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, fileName)
	b, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketAlerts, bucketGroups, bucketSilences, bucketDeliveries} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &db{b}, nil
}

func (d *db) close() error { return d.bolt.Close() }

// change is what one transaction writes.
type change struct {
	dispatch.State
	history []entry
	forget  []uint64
}

// write makes the change durable before it returns.
func (d *db) write(c *change) error {
	if c.State.Empty() && len(c.history)+len(c.forget) == 0 {
		return nil
	}
	return d.bolt.Update(func(tx *bolt.Tx) error {
		if err := errors.Join(
			putAll(tx.Bucket(bucketAlerts), c.Alerts),
			putAll(tx.Bucket(bucketGroups), c.Groups),
			putAll(tx.Bucket(bucketSilences), c.Silences),
		); err != nil {
			return err
		}
		deliveries := tx.Bucket(bucketDeliveries)
		for _, e := range c.history {
			if err := deliveries.Put(sequence(e.seq), encode(&e.Delivery)); err != nil {
				return err
			}
		}
		for _, seq := range c.forget {
			if err := deliveries.Delete(sequence(seq)); err != nil {
				return err
			}
		}
		return nil
	})
}

// putAll writes values by their keys; nil deletes.
func putAll[T any](b *bolt.Bucket, values map[string]*T) error {
	for key, v := range values {
		if v == nil {
			if err := b.Delete(boltKey(key)); err != nil {
				return err
			}
			continue
		}
		if err := b.Put(boltKey(key), encode(v)); err != nil {
			return err
		}
	}
	return nil
}

// boltKey bounds a key: the labels of a group can be longer than one may be.
func boltKey(key string) []byte {
	if len(key) <= 512 {
		return []byte(key)
	}
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

func getAll[T any](b *bolt.Bucket, what string) (map[string]*T, error) {
	out := map[string]*T{}
	err := b.ForEach(func(k, v []byte) error {
		value := new(T)
		if err := decode(v, value); err != nil {
			return fmt.Errorf("%s %q: %w", what, k, err)
		}
		out[string(k)] = value
		return nil
	})
	return out, err
}

// load reads everything; what cannot be read is an error, never skipped.
func (d *db) load() (state dispatch.State, history []entry, err error) {
	err = d.bolt.View(func(tx *bolt.Tx) (err error) {
		if state.Alerts, err = getAll[dispatch.Alert](tx.Bucket(bucketAlerts), "alert"); err != nil {
			return err
		}
		if state.Groups, err = getAll[dispatch.Group](tx.Bucket(bucketGroups), "group"); err != nil {
			return err
		}
		if state.Silences, err = getAll[alerting.Silence](tx.Bucket(bucketSilences), "silence"); err != nil {
			return err
		}
		return tx.Bucket(bucketDeliveries).ForEach(func(k, v []byte) error {
			if len(k) != 8 {
				return fmt.Errorf("delivery key of %d bytes: %w", len(k), alerting.ErrInvalid)
			}
			e := entry{seq: binary.BigEndian.Uint64(k)}
			if err := decode(v, &e.Delivery); err != nil {
				return fmt.Errorf("delivery %d: %w", e.seq, err)
			}
			history = append(history, e)
			return nil
		})
	})
	if err != nil {
		return state, nil, fmt.Errorf("%s: %w", d.bolt.Path(), err)
	}
	return state, history, nil
}

func sequence(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("notify: " + err.Error()) // plain data of our own
	}
	return append([]byte{formatVersion}, b...)
}

func decode(b []byte, into any) error {
	if len(b) == 0 || b[0] != formatVersion {
		return fmt.Errorf("not of format version %d: %w", formatVersion, alerting.ErrInvalid)
	}
	if err := json.Unmarshal(b[1:], into); err != nil {
		return fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return nil
}

// entry is one delivery of the history.
type entry struct {
	seq uint64
	alerting.Delivery
}

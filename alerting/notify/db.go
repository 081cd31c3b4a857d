package notify

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// fileName is the database in Options.Dir; FORMAT.md describes it.
const fileName = "alerting.db"

// formatVersion is the first byte of every value.
const formatVersion = 1

var (
	bucketAlerts     = []byte("alerts")     // fingerprint → record
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
		for _, name := range [][]byte{bucketAlerts, bucketDeliveries} {
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
	put     []*record
	drop    []string
	history []entry
	forget  []uint64
}

func (c *change) empty() bool {
	return len(c.put)+len(c.drop)+len(c.history)+len(c.forget) == 0
}

// write makes the change durable before it returns.
func (d *db) write(c *change) error {
	if c.empty() {
		return nil
	}
	return d.bolt.Update(func(tx *bolt.Tx) error {
		alerts, deliveries := tx.Bucket(bucketAlerts), tx.Bucket(bucketDeliveries)
		for _, r := range c.put {
			if err := alerts.Put([]byte(r.key), encode(r)); err != nil {
				return err
			}
		}
		for _, key := range c.drop {
			if err := alerts.Delete([]byte(key)); err != nil {
				return err
			}
		}
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

// load reads everything; what cannot be read is an error, never skipped.
func (d *db) load() (records []*record, history []entry, err error) {
	err = d.bolt.View(func(tx *bolt.Tx) error {
		err := tx.Bucket(bucketAlerts).ForEach(func(k, v []byte) error {
			r := &record{key: string(k)}
			if err := decode(v, r); err != nil {
				return fmt.Errorf("alert %s: %w", k, err)
			}
			records = append(records, r)
			return nil
		})
		if err != nil {
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
		return nil, nil, fmt.Errorf("%s: %w", d.bolt.Path(), err)
	}
	return records, history, nil
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

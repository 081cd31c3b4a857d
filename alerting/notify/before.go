package notify

import (
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// alertBefore is an alert of format version 1, when there was one receiver and
// no groups.
type alertBefore struct {
	Alert    alerting.Alert
	ValidFor time.Duration
	Resolved time.Time // zero while it fires
	Tried    bool      // somebody may know that it fires
}

// takeOver rewrites what a version before left: its alerts, and that they were
// told. Its deliveries are kept as they are.
func (d *db) takeOver() (told map[string]bool, err error) {
	told = map[string]bool{}
	err = d.bolt.Update(func(tx *bolt.Tx) error {
		if err := rewrite(tx.Bucket(bucketDeliveries), func(v []byte) ([]byte, []byte, error) {
			return nil, append([]byte{formatVersion}, v...), nil
		}); err != nil {
			return err
		}
		return rewrite(tx.Bucket(bucketAlerts), func(v []byte) ([]byte, []byte, error) {
			var old alertBefore
			if err := json.Unmarshal(v, &old); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
			}
			a := dispatch.Alert{Alert: old.Alert, UpdatedAt: old.Alert.StartsAt, ValidFor: old.ValidFor}
			if !old.Resolved.IsZero() {
				a.EndsAt, a.ValidFor = old.Resolved, 0
			}
			f := old.Alert.Fingerprint()
			if old.Tried {
				told[f] = true
			}
			return []byte(f), encode(&a), nil
		})
	})
	return told, err
}

// rewrite replaces the values of version 1; f gets them without the version
// byte and returns the new key, or nil for the old one, and the new value.
func rewrite(b *bolt.Bucket, f func(v []byte) (key, value []byte, err error)) error {
	type pair struct{ old, key, value []byte }
	var all []pair
	err := b.ForEach(func(k, v []byte) error {
		if len(v) == 0 || v[0] != 1 {
			return nil
		}
		key, value, err := f(v[1:])
		if err != nil {
			return fmt.Errorf("%q: %w", k, err)
		}
		if key == nil {
			key = k
		}
		all = append(all, pair{k, key, value})
		return nil
	})
	for _, p := range all {
		if err != nil {
			break
		}
		if err = b.Delete(p.old); err == nil {
			err = b.Put(p.key, p.value)
		}
	}
	return err
}

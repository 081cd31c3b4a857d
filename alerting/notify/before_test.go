package notify

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

type heard struct{ got []string }

func (h *heard) Send(_ context.Context, n Notification) error {
	h.got = append(h.got, string(whatOf(n.Notification))+" "+n.Alerts[0].Name())
	return nil
}

// TestStateFromBeforeGroups opens a file of format version 1: who knows of an
// alert is not told again, but of its end.
func TestStateFromBeforeGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, h := t.TempDir(), &heard{}
		d, err := openDB(dir)
		if err != nil {
			t.Fatal(err)
		}
		put := func(bucket []byte, key string, v any) {
			b, _ := json.Marshal(v)
			if err := d.bolt.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key), append([]byte{1}, b...)) }); err != nil {
				t.Fatal(err)
			}
		}
		old := func(name string) alerting.Alert {
			return alerting.Alert{Labels: map[string]string{"alertname": name}, StartsAt: time.Now().Add(-time.Hour)}
		}
		put(bucketAlerts, "1", alertBefore{Alert: old("Told"), ValidFor: time.Minute, Tried: true})
		put(bucketAlerts, "2", alertBefore{Alert: old("New"), ValidFor: time.Minute})
		put(bucketAlerts, "3", alertBefore{Alert: old("Over"), Resolved: time.Now().Add(-time.Minute), Tried: true})
		put(bucketDeliveries, "12345678", alerting.Delivery{ID: "x", Result: alerting.Sent})
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		p, err := Open(Options{Dir: dir, Config: Default("http://127.0.0.1/", 0), Sender: func(string, string) Sender { return h }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		slices.Sort(h.got)
		if got := strings.Join(h.got, ", "); got != "firing New, resolved New, resolved Over, resolved Told" {
			t.Errorf("told %s", got)
		}
		if len(p.Deliveries()) != 5 {
			t.Errorf("%d deliveries, want the old one and 4", len(p.Deliveries()))
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

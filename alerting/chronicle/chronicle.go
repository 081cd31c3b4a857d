package chronicle

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// fileName is the database in Options.Dir.
const fileName = "chronicle.db"

// Options of Open; the zero value of a field means its default.
type Options struct {
	Dir      string           // required
	Keep     time.Duration    // how long a step is kept; default 30 days
	MaxBytes int64            // of keys and values of steps; default 64 MiB
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // nil means silence
}

// Chronicle is open; it is for several goroutines at a time.
type Chronicle struct {
	o    Options
	bolt *bolt.DB
}

var (
	bucketEpisodes = []byte("episodes")
	bucketSteps    = []byte("steps")
	bucketNames    = []byte("names")
	bucketOrder    = []byte("order")
	bucketMeta     = []byte("meta")
	keyBytes       = []byte("bytes")
)

// Open opens or makes the file.
func Open(o Options) (*Chronicle, error) {
	if o.Dir == "" {
		return nil, fmt.Errorf("a chronicle without a directory: %w", alerting.ErrInvalid)
	}
	o.Keep = cmp.Or(o.Keep, 30*24*time.Hour)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(o.Dir, fileName)
	b, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEpisodes, bucketSteps, bucketNames, bucketOrder, bucketMeta} {
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
	return &Chronicle{o, b}, nil
}

// Close must come after the last Add.
func (c *Chronicle) Close() error { return c.bolt.Close() }

// Run forgets what is too old, once an hour, until ctx ends.
func (c *Chronicle) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := c.bolt.Update(c.forget); err != nil {
			c.o.Log.Error("old steps of alerts are not forgotten", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Add keeps steps, in order; they are on disk when it returns. What cannot be
// written is logged and lost: telling people goes before remembering it.
func (c *Chronicle) Add(steps []alerting.Step) {
	if len(steps) == 0 {
		return
	}
	err := c.bolt.Update(func(tx *bolt.Tx) error {
		w := writer{tx.Bucket(bucketEpisodes), tx.Bucket(bucketSteps), tx.Bucket(bucketNames), tx.Bucket(bucketOrder), tx.Bucket(bucketMeta)}
		for i := range steps {
			if err := w.add(&steps[i]); err != nil {
				return err
			}
		}
		return c.forget(tx)
	})
	if err != nil {
		c.o.Log.Error("steps of alerts not written", "steps", len(steps), "err", err)
	}
}

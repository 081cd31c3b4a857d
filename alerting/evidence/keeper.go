package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
	"tripod/store"
)

// fileName is the database in Options.Dir.
const fileName = "evidence.db"

// Options of Open; the zero value of a field means its default.
type Options struct {
	Dir      string        // required
	Keep     time.Duration // default 365 days
	MaxBytes int64         // of all evidence, packed; default 256 MiB
	Timeout  time.Duration // of gathering for one alert; default 5 s
	MaxQueue int           // alerts that wait for theirs; default 500
	Doors    Doors
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // nil means silence
	// Gathered is told of each alert whose evidence was gathered, and how many
	// parts are missing; may be nil.
	Gathered func(took time.Duration, missing int)
}

// Doors are asked for the parts of the evidence; the part of one that is nil is
// missing. They must return when their context ends.
type Doors struct {
	Expression Expression
	Traces     Traces
	Logs       Logs
	Changes    Changes
}

// Expression draws what the rule of an alert measured, or gives nil when no
// rule made it.
type Expression interface {
	Plot(ctx context.Context, a alerting.Alert, from, to time.Time) (*alerting.Plot, error)
}

// Traces finds traces.
type Traces interface {
	Services(ctx context.Context) ([]string, error)
	Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error)
	Trace(ctx context.Context, id store.TraceID) (store.Trace, error)
}

// Logs finds log lines and what they have in common.
type Logs interface {
	Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	Patterns(ctx context.Context, q store.PatternQuery) (store.LogPatterns, error)
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
}

// Changes says what happened to what runs.
type Changes interface {
	Changes(ctx context.Context, from, to time.Time) ([]alerting.Change, error)
}

// Keeper is open; it is for several goroutines at a time.
type Keeper struct {
	o    Options
	bolt *bolt.DB
	wake chan struct{} // capacity 1: somebody waits for evidence

	mu   sync.Mutex
	more chan struct{} // closed when the evidence of another alert is there; nil when nobody waits
}

var (
	bucketHeads   = []byte("heads")
	bucketBodies  = []byte("bodies")
	bucketAlerts  = []byte("alerts")
	bucketNames   = []byte("names")
	bucketOrder   = []byte("order")
	bucketQueue   = []byte("queue")
	bucketEndings = []byte("endings")
	bucketMeta    = []byte("meta")
	keyBytes      = []byte("bytes")
)

// Open opens or makes the file. What a former process did not finish is gathered
// once Run runs.
func Open(o Options) (*Keeper, error) {
	if o.Dir == "" {
		return nil, fmt.Errorf("evidence without a directory: %w", alerting.ErrInvalid)
	}
	o.Keep = cmp.Or(o.Keep, 365*24*time.Hour)
	o.MaxBytes = cmp.Or(o.MaxBytes, 256<<20)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.MaxQueue = cmp.Or(o.MaxQueue, 500)
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
		for _, name := range [][]byte{bucketHeads, bucketBodies, bucketAlerts, bucketNames, bucketOrder, bucketQueue, bucketEndings, bucketMeta} {
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
	k := &Keeper{o: o, bolt: b, wake: make(chan struct{}, 1)}
	k.kick()
	return k, nil
}

// Close must come after Run has returned.
func (k *Keeper) Close() error { return k.bolt.Close() }

func (k *Keeper) kick() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Note takes the steps of alerts, in their order: for one that begins to fire
// an ID is on disk when it returns, and its evidence follows. What cannot be
// written is logged, and tried again when a notification asks for the ID.
func (k *Keeper) Note(steps []alerting.Step) {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s alerting.Step) bool { return !begins(s) && s.Kind != alerting.StepResolved })
	if len(steps) == 0 {
		return
	}
	err := k.update(func(w writer) error {
		for _, s := range steps {
			err := k.note(w, s)
			if errors.Is(err, alerting.ErrInvalid) { // that of one alert is damaged, and the others' is not
				k.o.Log.Error("evidence of an alert", "alert", s.Alert, "err", k.named(err))
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.o.Log.Error("evidence of alerts not written", "alerts", len(steps), "err", err)
	}
	k.kick()
}

func begins(s alerting.Step) bool { return s.Kind == alerting.StepReceived && s.Of != nil }

func (k *Keeper) note(w writer, s alerting.Step) error {
	if !begins(s) {
		return w.end(s.Alert, s.Time, k.o.MaxQueue)
	}
	fired := s.Of.StartsAt
	if s.Time.Sub(fired) > alerting.FiredEarly {
		fired = s.Time // it fired elsewhere, and this is when it came to be known here
	}
	_, err := w.reserve(s.Of, fired, k.o.Now(), k.o.MaxQueue)
	return err
}

// Of is the ID of an alert's evidence. An alert that has none gets one now: a
// process may have died between taking the alert and noting it.
func (k *Keeper) Of(a alerting.Alert) (id string, err error) {
	err = k.bolt.View(func(tx *bolt.Tx) error {
		h, _, err := newWriter(tx).latest(a.Fingerprint())
		if h != nil && sameAlert(h, &a) {
			id = h.ID
		}
		return err
	})
	if id != "" || err != nil && !errors.Is(err, alerting.ErrInvalid) { // what is damaged cannot tell whether it is this alert's
		return id, k.named(err)
	}
	err = k.update(func(w writer) (err error) {
		id, err = w.reserve(&a, a.StartsAt, k.o.Now(), k.o.MaxQueue)
		return err
	})
	k.kick()
	return id, k.named(err)
}

// sameAlert says that evidence is of this alert, and not of an earlier one with
// its labels.
func sameAlert(h *alerting.EvidenceHead, a *alerting.Alert) bool {
	return h.EndedAt.IsZero() || !a.StartsAt.After(h.EndedAt)
}

func (k *Keeper) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", k.bolt.Path(), err)
}

func (k *Keeper) update(f func(writer) error) error {
	return k.bolt.Update(func(tx *bolt.Tx) error { return f(newWriter(tx)) })
}

package events

import (
	"context"
	"fmt"
	"time"

	"tripod/store"
)

// Options of a store; the zero value means the defaults.
type Options struct {
	// Sync is "interval" (default): a batch is acknowledged when write(2) has
	// put it into the journal, which a killed process cannot lose, and
	// fdatasync follows within a second, so a power cut can lose that second;
	// or "batch": acknowledged after fdatasync.
	Sync string
	// HeadBytes bounds each of the two in-memory heads; 12 MiB by default.
	HeadBytes int64
	// HeadAge is how long events stay in a head that does not fill; 5 min.
	HeadAge time.Duration
	// MaxBlockRows bounds a block; 4,096 by default.
	MaxBlockRows int
	// Retention drops what is older; 0 keeps everything.
	Retention time.Duration
	// MaxBytes drops the oldest parts when more is on disk; 0 means no bound.
	MaxBytes int64
	// CountBy is the field by whose texts the events of each minute are counted
	// apart, so that what is asked of it and the class alone is answered
	// without reading an event; none when empty. CountSame is a field behind it
	// that says the same wherever it is: where it does not, no text is counted.
	// Both may change.
	CountBy, CountSame string
	// Pairs are what the indexes of parts know together; they may change.
	Pairs Pairs
	// Thin says which events of a part stay for RetentionThin when the part is
	// older than Retention, or goes because of MaxBytes. It is asked once for
	// each part, with the range of its times, and must not keep any part of an
	// event. Nil keeps none.
	Thin          func(ctx context.Context, r store.TimeRange) (keep func(*Event) bool, err error)
	RetentionThin time.Duration
	// NewDigest makes the summary that is kept with every head and part.
	NewDigest func() Digest
	Now       func() time.Time
	Events    Events

	files files // the operating system's by default
}

// Events reports background work; any func may be nil. None may block or call
// the store.
type Events struct {
	Flushed       func(rows int, bytes int64, took time.Duration) // a head became parts
	Merged        func(parts, rows int, took time.Duration)       // small parts became one
	Sealed        func(rows int, took time.Duration)              // a part got an index
	Dropped       func(day, reason string)                        // a part went: "age", "bytes", or "thinned" when nothing of it was kept
	Thinned       func(day string, kept, of int)                  // of a part's events only some were kept
	Damaged       func(file string, offset int64, err error)      // bytes that could not be read
	JournalSynced func(took time.Duration)
	Failed        func(what string, err error) // background work that will be tried again
	Full          func(full bool)              // Append begins to return ErrFull, or has kept events again for 10 s
}

// Digest sums up the events of one head or part, so that often-asked totals
// need no scan. The engine calls it from one goroutine at a time. With a method
// Merge(Digest), which adds another one of its kind, parts are merged without
// reading their events again.
type Digest interface {
	Add(e *Event)           // must not keep any part of e
	AppendTo([]byte) []byte // read back by Read
	Read([]byte) error      // into an empty digest; must not panic on any bytes nor keep them
}

func (o *Options) validate() error {
	if o.Sync != "" && o.Sync != "interval" && o.Sync != "batch" {
		return fmt.Errorf("sync %q: want interval or batch: %w", o.Sync, store.ErrInvalid)
	}
	if o.HeadBytes < 0 || o.MaxBlockRows < 0 || o.Retention < 0 || o.MaxBytes < 0 || o.HeadAge < 0 || o.RetentionThin < 0 {
		return fmt.Errorf("negative option: %w", store.ErrInvalid)
	}
	return nil
}

func (o *Options) setDefaults() {
	if o.HeadBytes == 0 {
		o.HeadBytes = 12 << 20
	}
	if o.HeadAge == 0 {
		o.HeadAge = 5 * time.Minute
	}
	if o.MaxBlockRows == 0 {
		o.MaxBlockRows = 4096
	}
	o.MaxBlockRows = min(o.MaxBlockRows, maxBlockRows)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.files == nil {
		o.files = osFiles{}
	}
}

package logfiles

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"time"

	"tripod/store"
	"tripod/web"
)

// Logs takes records; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Searcher finds the records that a killed process had kept already.
type Searcher interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
}

// Cursors keeps how far each file was read. Save is one transaction, and
// durable when it returns.
type Cursors interface {
	Cursors() (map[string][]byte, error)
	SaveCursors(set map[string][]byte, drop []string) error
}

// Doors are where lines go and what is remembered of them.
type Doors struct {
	Logs    Logs
	Search  Searcher
	Cursors Cursors
}

// Reasons of Options.Lost.
const (
	Refused    = web.Refused  // by the engine, for good
	Vanished   = "vanished"   // a file is gone that was not read to its end, as far as one can know
	TooMany    = "too_many"   // more files than Options.MaxFiles
	Unreadable = "unreadable" // a file that cannot be opened or read
)

// Options of a follower; Globs must be given, the zero value of all else is
// ready.
type Options struct {
	Globs    []string       // of paths, as filepath.Match has them, and ** for folders of any depth
	Continue *regexp.Regexp // lines that go on with the one before, besides those that begin with white space

	Poll     time.Duration // between looks at files that grow; 200 ms, up to five times that while none does
	JoinWait time.Duration // for a line that goes on; 500 ms
	MaxLine  int           // bytes of one record; 256 KiB, longer lines become several
	MaxFiles int           // followed at a time; 1,000
	Linger   time.Duration // that a file is read on after it was rotated away; 10 s

	// Lag is how old a record must be before its file's durable cursor passes
	// it; longer than an engine may lose in a power cut. 3 s.
	Lag time.Duration

	Now  func() time.Time
	Lost func(reason string, n int, why string)
}

func (o *Options) fill() {
	def := func(to *time.Duration, d time.Duration) {
		if *to == 0 {
			*to = d
		}
	}
	def(&o.Poll, 200*time.Millisecond)
	def(&o.JoinWait, 500*time.Millisecond)
	def(&o.Linger, 10*time.Second)
	def(&o.Lag, 3*time.Second)
	if o.MaxLine == 0 {
		o.MaxLine = 256 << 10
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lost == nil {
		o.Lost = func(string, int, string) {}
	}
}

// Follower follows files.
type Follower struct {
	doors Doors
	o     Options

	files   map[inode]*file
	drop    []string             // cursors of files that are no more
	seen    map[inode]time.Time  // files that may be copies under way, since when
	told    map[string]time.Time // paths whose trouble was told, and when
	batch   batch
	looked  time.Time // for files
	scratch []byte
}

// New makes a follower; the error names a glob that is none.
func New(d Doors, o Options) (*Follower, error) {
	o.fill()
	globs := make([]string, len(o.Globs))
	for i, g := range o.Globs {
		err := checkGlob(g)
		if err == nil {
			globs[i], err = filepath.Abs(g) // cursors outlive the working directory
		}
		if err != nil {
			return nil, fmt.Errorf("log files %q: %w", g, err)
		}
	}
	o.Globs = globs
	return &Follower{
		doors: d, o: o, files: map[inode]*file{}, seen: map[inode]time.Time{}, told: map[string]time.Time{},
		scratch: make([]byte, o.MaxLine+readAhead),
	}, nil
}

// lookEvery is the time between searches for new files.
const lookEvery = time.Second

// Run follows until ctx ends, or a cursor cannot be saved, or the engine fails
// for good; it may be run again then. A line is given to the
// engine exactly once over any stop of this process, kill -9 included:
// before a batch is given, the cursors say how far it goes; after a stop in
// between, the engine is asked how much of it is there. Over a power cut it is
// so as far as the engine loses an end, and not more than Options.Lag of it.
func (f *Follower) Run(ctx context.Context) error {
	defer f.closeAll()
	if err := f.resume(ctx); err != nil {
		return err
	}
	pause := f.o.Poll
	for {
		more, err := f.round(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if more {
			pause = f.o.Poll
		} else {
			pause = min(pause+f.o.Poll, 5*f.o.Poll)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// round reads all files to their ends.
func (f *Follower) round(ctx context.Context) (grew bool, err error) {
	if now := f.o.Now(); now.Sub(f.looked) >= lookEvery || now.Before(f.looked) {
		f.looked = now
		f.look()
	}
	for more := true; more && ctx.Err() == nil; grew = grew || more {
		more = false
		for _, file := range f.files {
			n, err := f.read(ctx, file)
			if err != nil {
				return grew, err
			}
			more = more || n
		}
		if err := f.flush(ctx); err != nil {
			return grew, err
		}
	}
	return grew, f.settle()
}

func (f *Follower) closeAll() {
	for _, file := range f.files {
		file.f.Close()
	}
}

// trouble tells of a path once a minute.
func (f *Follower) trouble(reason, path string, err error) {
	now := f.o.Now()
	if now.Sub(f.told[path]) < time.Minute {
		return
	}
	if len(f.told) > 10*f.o.MaxFiles {
		clear(f.told)
	}
	f.told[path] = now
	f.o.Lost(reason, 1, fmt.Sprintf("%s: %v", path, err))
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func again(err error) bool {
	return errors.Is(err, store.ErrOverloaded) || errors.Is(err, store.ErrFull)
}

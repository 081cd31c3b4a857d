package logfiles

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"tripod/store"
)

// A batch is handed on when it holds so many records or bytes.
const (
	batchRecords = 1000
	batchBytes   = 512 << 10
)

// batch is what is handed on next.
type batch struct {
	records []store.Record
	ends    []end
	bytes   int
}

// end is where a record ends in its file.
type end struct {
	file   *file
	offset int64
}

// Waits between tries of what the engine cannot take now.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// flush says in the cursors what is about to be kept, and then keeps it.
func (f *Follower) flush(ctx context.Context) error {
	b := &f.batch
	if len(b.records) == 0 {
		return nil
	}
	touched := map[*file]bool{}
	for i, e := range b.ends {
		touched[e.file] = true
		e.file.markHead()
		e.file.intend(e.offset, b.records[i].Time)
	}
	if err := f.save(maps.Keys(touched)); err != nil {
		return err
	}
	// The batch is either given as a whole or, when ctx ends first, not at all.
	err := f.doors.Logs.Append(context.WithoutCancel(ctx), b.records)
	for pause := firstRetry; again(err); pause = min(2*pause, lastRetry) {
		if wait(ctx, pause) != nil {
			return ctx.Err()
		}
		err = f.doors.Logs.Append(context.WithoutCancel(ctx), b.records)
	}
	var partial *store.PartialError
	if errors.As(err, &partial) {
		f.o.Lost(Refused, partial.Rejected, partial.Reason)
	} else if err != nil {
		return err
	}
	for _, e := range b.ends {
		e.file.given = e.offset
	}
	clear(b.records)
	clear(b.ends)
	b.records, b.ends, b.bytes = b.records[:0], b.ends[:0], 0
	for file := range touched {
		file.advance(f.o.Now(), f.o.Lag)
	}
	return nil
}

// intend extends what may be kept behind the cursor.
func (file *file) intend(offset, t int64) {
	c := &file.c
	if c.Tried == c.Offset {
		c.From, c.To = t, t
	}
	c.From, c.To = min(c.From, t), max(c.To, t)
	c.Tried = max(c.Tried, offset)
	file.since.add(t)
}

// advance lets the cursor pass what is old enough; it says whether it did. It
// saves nothing: the next flush or settle does.
func (file *file) advance(now time.Time, lag time.Duration) bool {
	c, passed := &file.c, false
	if file.wait.offset > c.Offset && now.Sub(file.wait.at) >= lag {
		c.Offset, c.Tail = file.wait.offset, file.wait.tail
		c.From, c.To = file.since.from, file.since.to
		passed = true
	}
	if file.wait.offset == c.Offset && file.given > c.Offset {
		if p, ok := file.reached(file.given, now); ok {
			file.wait, file.since = p, span{}
		}
	}
	return passed
}

// settle brings the cursors of files that rest up to date, and forgets files
// that are rotated away and read.
func (f *Follower) settle() error {
	now := f.o.Now()
	var passed []*file
	for key, file := range f.files {
		if file.advance(now, f.o.Lag) {
			passed = append(passed, file)
		}
		if file.ended(now, f.o.Linger) && !file.join.open && file.c.Offset == file.given {
			file.f.Close()
			delete(f.files, key)
			f.drop = append(f.drop, file.c.ID)
		}
	}
	return f.save(slices.Values(passed))
}

// save writes the cursors that changed, and takes away those that are dropped.
func (f *Follower) save(files iter.Seq[*file]) error {
	set := map[string][]byte{}
	for file := range files {
		if b := file.c.encode(); string(b) != string(file.saved) {
			set[file.c.ID], file.saved = b, b
		}
	}
	if len(set) == 0 && len(f.drop) == 0 {
		return nil
	}
	if err := f.doors.Cursors.SaveCursors(set, f.drop); err != nil {
		return err
	}
	f.drop = nil
	return nil
}

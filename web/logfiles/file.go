package logfiles

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"tripod/store"
)

// readAhead is how much of a file is read at a time, behind the longest line.
const readAhead = 256 << 10

// file is one content that is followed.
type file struct {
	f   *os.File
	c   cursor // as it was saved last
	res *store.Resource
	svc string

	head  []byte // the beginning, as it was read, up to headBytes
	pos   int64  // behind the last line that was taken
	given int64  // behind the last record that the engine has
	join  joiner

	saved []byte    // the cursor as it was saved last
	wait  point     // the next point that the cursor may pass, when it is old enough
	since span      // times of records behind wait
	gone  time.Time // since when no path leads here; zero while one does
	grew  time.Time
}

// point is a place that was reached at a time.
type point struct {
	offset int64
	tail   mark
	at     time.Time
}

// span is a range of times, both ends included; empty when n is 0.
type span struct {
	n        int
	from, to int64
}

func (s *span) add(t int64) {
	if s.n == 0 || t < s.from {
		s.from = t
	}
	if s.n == 0 || t > s.to {
		s.to = t
	}
	s.n++
}

// at follows the content of an open file from its cursor on.
func (f *Follower) at(h *os.File, path string, c cursor) *file {
	c.Path, c.First = path, cmp.Or(c.First, path)
	file := &file{f: h, c: c, pos: c.Offset, given: c.Offset, grew: f.o.Now()}
	b := make([]byte, c.Head.N)
	if n, _ := h.ReadAt(b, 0); markOf(b[:n]) == c.Head {
		file.head = b
	}
	file.join = joiner{o: &f.o}
	file.res, file.svc = origin(&c)
	file.wait = point{c.Offset, c.Tail, f.o.Now()}
	return file
}

// read takes the lines that have come, at most one buffer of them.
func (f *Follower) read(ctx context.Context, file *file) (more bool, err error) {
	info, err := file.f.Stat()
	if err != nil {
		f.trouble(Unreadable, file.c.Path, err)
		return false, nil
	}
	now := f.o.Now()
	if info.Size() < file.pos || info.Size() > file.pos && !file.same() {
		return true, f.truncated(ctx, file)
	}
	n, err := file.f.ReadAt(f.scratch[:min(int64(len(f.scratch)), info.Size()-file.pos)], file.pos)
	if err != nil && err != io.EOF {
		f.trouble(Unreadable, file.c.Path, err)
		return false, nil
	}
	file.keepHead(f.scratch[:n])
	took := 0
	for ended := file.ended(now, f.o.Linger); ; {
		line, used := cut(f.scratch[took:n], f.o.MaxLine, ended)
		if used == 0 {
			break
		}
		took += used
		file.pos += int64(used)
		if err := f.give(ctx, file, file.join.add(string(line), file.pos, now)); err != nil {
			return false, err
		}
		if err := f.give(ctx, file, file.join.ready()); err != nil {
			return false, err
		}
	}
	if took > 0 {
		file.grew = now
		return true, nil
	}
	if file.join.old(now) {
		return false, f.give(ctx, file, file.join.flush())
	}
	return false, nil
}

// ended holds for a file that was rotated away and rests.
func (file *file) ended(now time.Time, linger time.Duration) bool {
	return !file.gone.IsZero() && now.Sub(file.gone) > linger && now.Sub(file.grew) > linger
}

// cut takes one line with its end off the front; a piece of one that is longer
// than max; and at the end of a file that will not grow any more, what is left.
func cut(data []byte, max int, ended bool) (line []byte, used int) {
	for i, c := range data {
		if c == '\n' {
			line = data[:i]
			if i > 0 && line[i-1] == '\r' {
				line = line[:i-1]
			}
			return line, i + 1
		}
		if i+1 == max {
			return data[:max], max
		}
	}
	if ended {
		return data, len(data)
	}
	return nil, 0
}

// same says whether what stands before pos is what was read there: a file
// that was truncated and has grown again since is another content.
func (file *file) same() bool {
	return file.c.Head.at(file.f, 0) && file.wait.tail.at(file.f, file.wait.offset-int64(file.wait.tail.N))
}

// keepHead keeps what was read at pos, if it is of the beginning. The mark of
// the beginning is made of it: the file may be another one a moment later.
func (file *file) keepHead(b []byte) {
	if at := file.pos; at < headBytes && int64(len(file.head)) >= at {
		file.head = append(file.head[:at:at], b[:min(int64(len(b)), headBytes-at)]...)
	}
}

// markHead extends the mark of the beginning, up to what was taken.
func (file *file) markHead() {
	if n := min(int64(len(file.head)), file.pos); n > int64(file.c.Head.N) {
		file.c.Head = markOf(file.head[:n])
	}
}

// reached is the point at an offset up to which the file was read. It is false
// when the file has become another one since: then what stands there now is of
// no use. It looks at that last, as a file becomes another one once and for all.
func (file *file) reached(offset int64, now time.Time) (point, bool) {
	b := make([]byte, min(tailBytes, offset))
	if _, err := file.f.ReadAt(b, offset-int64(len(b))); err != nil {
		return point{}, false
	}
	info, err := file.f.Stat()
	return point{offset, markOf(b), now}, err == nil && info.Size() >= file.pos && file.c.Head.at(file.f, 0)
}

// record makes a record of joined lines.
func (file *file) record(t *taken, now time.Time) store.Record {
	r := store.Record{Time: t.time, Observed: now.UnixNano(), Service: file.svc, Resource: file.res}
	r.Attrs = store.Attrs{{Key: store.AttrFileID, Value: store.String(file.c.ID)}, {Key: store.AttrFileOffset, Value: store.Int(t.end)}}
	if t.stream != "" {
		r.Attrs = append(r.Attrs, store.Attr{Key: "log.iostream", Value: store.String(t.stream)})
	}
	service := r.Service
	r.Service = "" // which the line knows better than its path
	r.SetLine(t.text)
	if r.Service == "" {
		r.Service = service
	}
	if r.Time == 0 {
		r.Time = leadingTime(t.text)
	}
	if r.Time == 0 {
		r.Time = now.UnixNano()
	}
	return r
}

// give puts a record into the batch, which is flushed when it is full.
func (f *Follower) give(ctx context.Context, file *file, t *taken) error {
	if t == nil {
		return nil
	}
	r := file.record(t, f.o.Now())
	f.batch.records = append(f.batch.records, r)
	f.batch.ends = append(f.batch.ends, end{file, t.end})
	f.batch.bytes += len(t.text)
	if len(f.batch.records) >= batchRecords || f.batch.bytes >= batchBytes {
		if err := f.flush(ctx); err != nil {
			return fmt.Errorf("%s: %w", file.c.Path, err)
		}
	}
	return nil
}

package events

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"tripod/store/events/columns"
)

// codecs compress; they are safe for use by many goroutines.
type codecs struct{ *columns.Codec }

func newCodecs() (*codecs, error) {
	c, err := columns.NewCodec()
	return &codecs{c}, err
}

func (c *codecs) close() { c.Close() }

// unpack checks and decompresses a section into to.
func (c *codecs) unpack(to, packed []byte, s section) ([]byte, error) {
	if crc32.Checksum(packed, castagnoli) != s.sum {
		return to, fmt.Errorf("checksum: %w", errCorrupt)
	}
	if cap(to) < s.raw {
		to = make([]byte, 0, s.raw)
	}
	raw, err := c.Unzip(to[:0], packed, s.raw)
	if err != nil {
		return to, errors.Join(err, errCorrupt)
	}
	return raw, nil
}

// partWriter writes a part file; events come in order of time.
type partWriter struct {
	fs        files
	c         *codecs
	name      string // the final one
	blockRows int
	f         file
	w         *bufio.Writer
	off       int64
	err       error
	b         *blockBuilder
	builders  *sync.Pool // that it goes back to
	blocks    []blockMeta
	names     partNames
	raw, zip  []byte
	info      partInfo
	digest    Digest
	digested  bool // the digest knows all events already
}

func (s *Store) newPartWriter(name string) (*partWriter, error) {
	f, err := s.o.files.Create(name + ".tmp")
	if err != nil {
		return nil, err
	}
	w := &partWriter{fs: s.o.files, c: s.codecs, name: name, blockRows: s.o.MaxBlockRows,
		f: f, w: bufio.NewWriterSize(f, 256<<10), b: s.partBuilder(), builders: &s.builders}
	if s.o.NewDigest != nil {
		w.digest = s.o.NewDigest()
	}
	w.write([]byte(partMagic))
	return w, nil
}

func (w *partWriter) write(b []byte) {
	if w.err != nil {
		return
	}
	_, w.err = w.w.Write(b)
	w.off += int64(len(b))
}

func (w *partWriter) pack(raw []byte) section {
	w.zip = w.c.Zip(w.zip[:0], raw)
	w.write(w.zip)
	return section{len(w.zip), len(raw), crc32.Checksum(w.zip, castagnoli)}
}

func (w *partWriter) add(e *Event) error {
	w.b.add(e)
	if w.digest != nil && !w.digested {
		w.digest.Add(e)
	}
	return w.added(e.Time)
}

// addRow adds a batch's row; e is memory to use.
func (w *partWriter) addRow(b *batch, row batchRow, e *Event) error {
	if err := w.b.addRow(b, row); err != nil {
		return err
	}
	if w.digest != nil && !w.digested {
		if err := b.event(row, e, &w.b.line); err != nil {
			return err
		}
		w.digest.Add(e)
	}
	return w.added(row.time)
}

func (w *partWriter) added(t int64) error {
	if w.info.rows == 0 {
		w.info.min = t
	}
	w.info.rows++
	w.info.max = t
	if w.b.full(w.blockRows) {
		w.endBlock()
	}
	return w.err
}

// take adds a finished block of another part, with its bytes; it begins where
// the events before it end, or later.
func (w *partWriter) take(pb partBlock, b []byte) error {
	from := pb.m
	if w.b.n > 0 {
		w.endBlock()
	}
	if w.info.rows == 0 {
		w.info.min = from.min
	}
	w.info.rows += from.rows
	w.info.max = from.max
	m := *from
	m.off, m.no = w.off, len(w.blocks)
	m.counts = slices.Clone(from.counts)
	for i := range m.counts {
		switch g := m.counts[i].group; {
		case pb.p.by != w.b.countBy || pb.p.same != w.b.same:
			m.counts[i].group = groupUnsure
		case g >= groupFirst:
			m.counts[i].group = w.b.apart.group(pb.p.groups[g-groupFirst])
		}
	}
	w.names.add(pb.p.names, pb.p.others)
	w.write(b)
	w.blocks = append(w.blocks, m)
	return w.err
}

func (w *partWriter) endBlock() {
	b := w.b
	m := blockMeta{rows: b.n, min: b.times[0], max: b.times[b.n-1], off: w.off, no: len(w.blocks), mask: b.mask, counts: slices.Clone(b.counts)}
	chunks, head := b.pack()
	w.names.add(head.names, false)
	m.chunks = len(chunks)
	w.write(chunks)
	w.raw = head.appendTo(w.raw[:0])
	m.head = w.pack(w.raw)
	w.raw = b.filter.append(w.raw[:0], &b.keys)
	m.filter = len(w.raw)
	w.write(w.raw)
	w.blocks = append(w.blocks, m)
	b.reset()
}

// finish makes the file durable under its name. The caller has set all of
// info but size, rows and times.
func (w *partWriter) finish() (*part, error) {
	defer w.freeBuilder()
	if w.b.n > 0 {
		w.endBlock()
	}
	t := partTail{info: w.info, indexOff: w.off}
	x := partIndex{w.names.list(), w.names.others, w.b.countBy, w.b.same, w.b.apart.list, w.blocks}
	t.index = w.pack(x.appendTo(nil))
	if w.digest != nil {
		t.digest = w.pack(w.digest.AppendTo(nil))
	}
	w.write(t.appendTo(nil))
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err == nil {
		w.err = w.f.Sync()
	}
	if err := errors.Join(w.err, w.f.Close()); err != nil {
		return nil, errors.Join(err, w.fs.Remove(w.name+".tmp"))
	}
	if err := w.fs.Rename(w.name+".tmp", w.name); err != nil {
		return nil, errors.Join(err, w.fs.Remove(w.name+".tmp"))
	}
	if err := w.fs.SyncDir(filepath.Dir(w.name)); err != nil {
		return nil, errors.Join(err, w.fs.Remove(w.name))
	}
	w.info.size = w.off
	t.info.size = w.off
	return &part{info: w.info, name: w.name, tail: &t, partIndex: x,
		filters: make([]atomic.Pointer[filterBits], len(w.blocks)), learned: make([]atomic.Pointer[learnedPairs], len(w.blocks)), digest: w.digest}, nil
}

// abort forgets the file.
func (w *partWriter) abort() {
	w.f.Close()
	w.fs.Remove(w.name + ".tmp") // recovery removes what stays behind
	w.freeBuilder()
}

// maxFreeCols bounds the columns of a builder that is kept, each of some KB.
const maxFreeCols = 256

// freeBuilder gives the builder's memory to the next part.
func (w *partWriter) freeBuilder() {
	if len(w.b.cols) <= maxFreeCols {
		w.b.forget()
		w.builders.Put(w.b)
	}
	w.b = nil
}

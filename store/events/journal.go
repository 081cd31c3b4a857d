package events

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
)

const (
	journalMagic  = "TRIPEVJ\x03"
	journalHeader = len(journalMagic) + 8
	frameHeader   = 4 + 4 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame is one batch on its way into the journal.
type frame struct {
	batch *batch
	seq   uint64 // of the first row
}

// journal is the file of one generation. Its writer is whoever holds
// Store.turn; sync may run beside it.
type journal struct {
	gen   uint64
	name  string
	f     file
	size  int64
	torn  bool // bytes may lie behind size
	dirty atomic.Bool
}

func journalName(dir string, gen uint64) string {
	return filepath.Join(dir, "wal", fmt.Sprintf("%d.wal", gen))
}

func createJournal(fs files, dir string, gen uint64) (*journal, error) {
	name := journalName(dir, gen)
	f, err := fs.Create(name)
	if err != nil {
		return nil, err
	}
	j := &journal{gen: gen, name: name, f: f, size: int64(journalHeader)}
	_, err = f.WriteAt(j.header(), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fs.SyncDir(filepath.Dir(name))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), fs.Remove(name))
	}
	return j, nil
}

func (j *journal) header() []byte {
	return binary.LittleEndian.AppendUint64([]byte(journalMagic), j.gen)
}

// mend cuts what replay did not take from b, and writes a lost header.
func (j *journal) mend(b []byte) error {
	if head := j.header(); !bytes.HasPrefix(b, head) {
		if _, err := j.f.WriteAt(head, 0); err != nil {
			return fmt.Errorf("write %s: %w", j.name, err)
		}
	}
	if j.size < int64(len(b)) {
		if err := j.f.Truncate(j.size); err != nil {
			return fmt.Errorf("cut %s at %d: %w", j.name, j.size, err)
		}
	}
	return nil
}

// append writes frames as one; after an error the journal is as before.
func (j *journal) append(buf []byte) error {
	if j.torn {
		if err := j.f.Truncate(j.size); err != nil {
			return fmt.Errorf("cut %s at %d: %w", j.name, j.size, err)
		}
		j.torn = false
	}
	n, err := j.f.WriteAt(buf, j.size)
	if err == nil && n < len(buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		j.torn = j.f.Truncate(j.size) != nil
		return fmt.Errorf("write %s at %d: %w", j.name, j.size, err)
	}
	j.size += int64(n)
	j.dirty.Store(true)
	return nil
}

// cut goes back to a size, after a sync that failed.
func (j *journal) cut(size int64) error {
	j.size, j.torn = size, true
	if err := j.f.Truncate(size); err != nil {
		return err // append tries again
	}
	j.torn = false
	return nil
}

func (j *journal) sync() error {
	if !j.dirty.Swap(false) {
		return nil
	}
	if err := j.f.Sync(); err != nil {
		if errors.Is(err, os.ErrClosed) {
			return nil // flushed meanwhile
		}
		j.dirty.Store(true)
		return fmt.Errorf("sync %s: %w", j.name, err)
	}
	return nil
}

func appendFrame(b []byte, f *frame) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.batch.data)))
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, f.seq)
	b = append(b, f.batch.data...)
	binary.LittleEndian.PutUint32(b[at+4:], frameSum(b[at:]))
	return b
}

// frameSum covers the length, the sequence and the body.
func frameSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], castagnoli), castagnoli, b[8:])
}

// readFrame decodes the first frame of b and its length in b.
func readFrame(b []byte) (frame, int, error) {
	size, err := frameAt(b)
	if err != nil {
		return frame{}, 0, err
	}
	bt, err := readBatch(bytes.Clone(b[frameHeader:size]))
	if err != nil {
		return frame{}, size, err
	}
	return frame{batch: bt, seq: binary.LittleEndian.Uint64(b[8:])}, size, nil
}

// frameAt checks length and sum of the first frame of b.
func frameAt(b []byte) (int, error) {
	if len(b) < frameHeader {
		return 0, io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint32(b)
	if n > maxFrame {
		return 0, fmt.Errorf("frame of %d bytes: %w", n, errCorrupt)
	}
	size := frameHeader + int(n)
	if size > len(b) {
		return 0, io.ErrUnexpectedEOF
	}
	if frameSum(b[:size]) != binary.LittleEndian.Uint32(b[4:]) {
		return size, fmt.Errorf("checksum: %w", errCorrupt)
	}
	return size, nil
}

// replay reads the frames of a journal. Behind a broken one it goes on with the
// next sound one whose sequence fits; good is the end of the last sound frame.
func replay(b []byte, gen uint64, damaged func(off int64, err error), keep func(frame)) (good int64) {
	j := journal{gen: gen}
	if len(b) > 0 && !bytes.HasPrefix(b, j.header()) {
		damaged(0, fmt.Errorf("journal header: %w", errCorrupt))
	}
	at := journalHeader
	good = int64(at)
	next, started := uint64(0), false
	for at < len(b) {
		f, size, err := readFrame(b[at:])
		if err == nil {
			next, started = f.seq+uint64(len(f.batch.rows)), true
			keep(f)
			at += size
			good = int64(at)
			continue
		}
		damaged(int64(at), err)
		for at++; at < len(b) && !startsFrame(b[at:], next, started); at++ {
		}
	}
	return good
}

// maxGap is how many events a broken frame may have held.
const maxGap = 1 << 20

// startsFrame says whether a sound frame of a later sequence begins here.
func startsFrame(b []byte, next uint64, started bool) bool {
	if len(b) < frameHeader {
		return false
	}
	seq := binary.LittleEndian.Uint64(b[8:])
	if started && (seq < next || seq-next > maxGap) {
		return false
	}
	_, err := frameAt(b)
	return err == nil
}

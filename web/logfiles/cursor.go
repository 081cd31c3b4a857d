package logfiles

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"io"
	"io/fs"
	"syscall"
)

// inode names a file whatever its path.
type inode struct{ Dev, Ino uint64 }

func inodeOf(info fs.FileInfo) inode {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return inode{uint64(st.Dev), st.Ino}
	}
	return inode{}
}

// mark is a hash of N bytes by which a content is known again.
type mark struct {
	N   int
	Sum uint64
}

// Sizes of marks, in bytes.
const (
	headBytes = 1024 // of the beginning of a file
	tailBytes = 256  // before a cursor
)

func markOf(b []byte) mark {
	h := fnv.New64a()
	h.Write(b)
	return mark{len(b), h.Sum64()}
}

// at says whether the N bytes from an offset are those of the mark.
func (m mark) at(r io.ReaderAt, offset int64) bool {
	if m.N == 0 {
		return true
	}
	if m.N < 0 || m.N > headBytes || offset < 0 {
		return false
	}
	b := make([]byte, m.N)
	if _, err := r.ReadAt(b, offset); err != nil && err != io.EOF {
		return false
	}
	return markOf(b) == m
}

// cursor says how far a content was read. A content keeps its cursor through
// renaming, and through being copied away before its file is truncated.
type cursor struct {
	ID    string // also a field of its records
	Path  string // under which it was seen last
	First string // under which it was seen first: what its records are of
	Real  string // the same without symbolic links
	Inode inode

	Offset int64 // all before is kept
	Head   mark
	Tail   mark // before Offset

	// Records that end up to Tried may be kept as well, with times from From
	// to To, both included. Tried is Offset when there are none.
	Tried    int64
	From, To int64
}

func newID() string {
	b := make([]byte, 8)
	rand.Read(b)
	return "f" + hex.EncodeToString(b)
}

func (c *cursor) encode() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic("follow: " + err.Error()) // a broken invariant of our own
	}
	return b
}

func decodeCursor(b []byte) (*cursor, bool) {
	var c cursor
	err := json.Unmarshal(b, &c)
	ok := err == nil && c.ID != "" && c.Offset >= 0 && c.Tried >= c.Offset && c.Head.N >= 0 && c.Tail.N >= 0 && int64(c.Tail.N) <= c.Offset
	return &c, ok
}

package host

import (
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxFile bounds what is read of one file; the largest, /proc/stat of a
// machine with 512 CPUs, is 100 KB.
const maxFile = 1 << 20

// maxItems bounds the lines that one file is told for: devices, mounts, fields.
const maxItems = 1000

// files reads the small files of the kernel. It has one buffer: what read
// gives is good until the next one.
type files struct {
	root string
	buf  []byte
}

func (f *files) exists(path string) bool {
	_, err := os.Stat(filepath.Join(f.root, path))
	return err == nil
}

// read gives the first maxFile bytes of a file.
func (f *files) read(path string) ([]byte, bool) {
	h, err := os.Open(filepath.Join(f.root, path))
	if err != nil {
		return nil, false
	}
	defer h.Close()
	if f.buf == nil {
		f.buf = make([]byte, 8<<10)
	}
	n := 0
	for {
		got, err := h.Read(f.buf[n:])
		n += got
		switch {
		case errors.Is(err, io.EOF):
			return f.buf[:n], true
		case err != nil:
			return nil, false
		case n == maxFile:
			return f.buf[:n], true
		case n == len(f.buf):
			f.buf = append(f.buf, make([]byte, min(len(f.buf), maxFile-len(f.buf)))...)
		}
	}
}

// word is a file of one line, without the space around it.
func (f *files) word(path string) string {
	b, ok := f.read(path)
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.ToValidUTF8(strings.TrimSpace(line), "\uFFFD")
}

// number is a file of one number.
func (f *files) number(path string) (float64, bool) { return number(f.word(path)) }

// lines are the lines of a file, without their ends.
func lines(b []byte) iter.Seq[string] {
	return strings.SplitSeq(strings.ToValidUTF8(string(b), "\uFFFD"), "\n")
}

// number reads what the kernel prints; "max" and the like are none.
func number(s string) (float64, bool) {
	if v, err := strconv.ParseUint(s, 10, 64); err == nil {
		return float64(v), true
	}
	if len(s) == 0 || s[0] != '-' && (s[0] < '0' || s[0] > '9') { // neither Inf nor NaN
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// metricName makes a field's name part of a metric's.
func metricName(field string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
			return c
		}
		return '_'
	}, field)
}

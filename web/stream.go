package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"tripod/store"
)

// MaxStream bounds a body that is read piece by piece, in bytes as sent and
// again after decompression.
const MaxStream = 1 << 30

// streamRate is the least speed of a streamed body behind its first bodyTime,
// in bytes per second; slower ones would hold a Gate's turn.
const streamRate = 64 << 10

// Stream is a request's body for callers that work it off piece by piece:
// gunzipped if Content-Encoding says so, never held as a whole. Its errors, and
// those of its Read, are Body's; past MaxStream it is store.ErrTooLarge.
func Stream(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	in := &paced{r: http.MaxBytesReader(w, r.Body, MaxStream), c: http.NewResponseController(w), start: time.Now()}
	switch enc := strings.ToLower(r.Header.Get("Content-Encoding")); enc {
	case "", "identity":
		return &bounded{r: in, what: "body"}, nil
	case "gzip", "x-gzip":
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, readError("gzip body", err)
		}
		return &bounded{r: zr, what: "gzip body"}, nil
	default:
		return nil, fmt.Errorf("content encoding %.40q: want gzip or none: %w", enc, store.ErrInvalid)
	}
}

// paced gives a body more time as it comes in.
type paced struct {
	r     io.Reader
	c     *http.ResponseController
	start time.Time
	n     int64
}

func (p *paced) Read(b []byte) (int, error) {
	// Not every writer has a deadline to set (tests, wrappers): then there is none.
	_ = p.c.SetReadDeadline(p.start.Add(bodyTime + time.Duration(p.n/streamRate)*time.Second))
	n, err := p.r.Read(b)
	p.n += int64(n)
	return n, err
}

// bounded ends what decompression makes at MaxStream and puts the blame.
type bounded struct {
	r    io.Reader
	what string
	n    int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.n += int64(n); b.n > MaxStream {
		return 0, fmt.Errorf("%s holds more than %d bytes: %w", b.what, MaxStream, store.ErrTooLarge)
	}
	if err != nil && err != io.EOF {
		err = readError(b.what, err)
	}
	return n, err
}

// Lines reads lines of bounded length.
type Lines struct {
	r    *bufio.Reader
	max  int
	n    int
	long []byte
}

// NewLines makes a reader of lines of at most max bytes.
func NewLines(r io.Reader, max int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 64<<10), max: max}
}

// Number is the number of the line that Next gave last, from 1.
func (l *Lines) Number() int { return l.n }

// Next gives the next line without its end (LF or CRLF), valid until the next
// call; a last line needs no end. A line that is too long is passed and is an
// ErrTooLarge, behind which one can go on; io.EOF comes after the last.
func (l *Lines) Next() ([]byte, error) {
	l.n++
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.rest(line)
	}
	if errors.Is(err, store.ErrTooLarge) || err != nil && err != io.EOF {
		return nil, err
	}
	if err == io.EOF && len(line) == 0 {
		return nil, io.EOF
	}
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if len(line) > l.max {
		return nil, l.tooLong()
	}
	return line, nil
}

// LineTooLong is the error of one line; the stream behind it is whole.
type LineTooLong struct{ Max int }

func (e *LineTooLong) Error() string { return fmt.Sprintf("longer than %d bytes", e.Max) }

func (e *LineTooLong) Unwrap() error { return store.ErrTooLarge }

func (l *Lines) tooLong() error { return &LineTooLong{l.max} }

// rest collects a line that is longer than the buffer, or passes the whole of
// one that is too long.
func (l *Lines) rest(begin []byte) ([]byte, error) {
	l.long = append(l.long[:0], begin...)
	over := false
	for {
		part, err := l.r.ReadSlice('\n')
		if over = over || len(l.long)+len(part) > l.max+2; !over {
			l.long = append(l.long, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err != nil && err != io.EOF:
			return nil, err
		case over:
			return nil, l.tooLong()
		default:
			return l.long, err
		}
	}
}

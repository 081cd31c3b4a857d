package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"tripod/store"
)

// MaxBody bounds a request's body, as sent and again after decompression, in
// bytes. OpenTelemetry's collector and Loki's clients send at most a few MB.
const MaxBody = 32 << 20

// bodyTime is how long a client may take to send its body; slower ones would
// hold a Gate's turn.
const bodyTime = 30 * time.Second

// BodyTime is how long a client may take to send a body of so many bytes: 5 s
// and a second for each 64 KiB, so that a small one that does not come gives
// its turn back soon. A body of unknown length (−1) may take 30 s, and no body more.
func BodyTime(length int64) time.Duration {
	if length < 0 {
		return bodyTime
	}
	return min(bodyTime, 5*time.Second+time.Duration(length>>16)*time.Second)
}

// Body reads a request's body, gunzipped if Content-Encoding says so; snappy
// is left to the caller. It returns store.ErrTooLarge past MaxBody and
// store.ErrInvalid for a broken or unknown encoding or a body that ends early.
func Body(w http.ResponseWriter, r *http.Request) ([]byte, error) { return BodyIn(nil, w, r) }

// BodyIn is Body in the memory of buf, as far as that goes.
func BodyIn(buf []byte, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// Not every writer has a deadline to set (tests, wrappers): then there is none.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(BodyTime(r.ContentLength)))
	limited := http.MaxBytesReader(w, r.Body, MaxBody)
	switch enc := strings.ToLower(r.Header.Get("Content-Encoding")); enc {
	case "", "identity", "snappy":
		return readAll(buf, limited, r.ContentLength)
	case "gzip", "x-gzip":
		return gunzip(buf, limited)
	default:
		return nil, fmt.Errorf("content encoding %.40q: want gzip or none: %w", enc, store.ErrInvalid)
	}
}

func gunzip(buf []byte, r io.Reader) ([]byte, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, readError("gzip body", err)
	}
	b, err := readAll(buf, io.LimitReader(zr, MaxBody+1), 0)
	switch {
	case err != nil:
		return nil, fmt.Errorf("gzip: %w", err)
	case len(b) > MaxBody:
		return nil, fmt.Errorf("gzip body holds more than %d bytes: %w", MaxBody, store.ErrTooLarge)
	}
	return b, nil
}

func readAll(room []byte, r io.Reader, size int64) ([]byte, error) {
	buf := bytes.NewBuffer(room[:0])
	if size > 0 && size <= MaxBody {
		buf.Grow(int(size) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(r); err != nil {
		return nil, readError("body", err)
	}
	return buf.Bytes(), nil
}

func readError(what string, err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return fmt.Errorf("body is larger than %d bytes: %w", over.Limit, store.ErrTooLarge)
	}
	return fmt.Errorf("%s: %w: %w", what, err, store.ErrInvalid)
}

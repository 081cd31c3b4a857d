package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tripod/store"
)

// MaxBody bounds a request's body, as sent and again after decompression, in
// bytes. OpenTelemetry's collector and Loki's clients send at most a few MB.
const MaxBody = 32 << 20

// Body reads a request's body, gunzipped if Content-Encoding says so. It
// returns store.ErrTooLarge past MaxBody and store.ErrInvalid for a broken or
// unknown encoding.
func Body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, MaxBody)
	switch enc := r.Header.Get("Content-Encoding"); enc {
	case "", "identity", "snappy":
		return readAll(limited, r.ContentLength)
	case "gzip":
		zr, err := gzip.NewReader(limited)
		if err != nil {
			return nil, fmt.Errorf("gzip body: %w: %w", err, store.ErrInvalid)
		}
		b, err := readAll(io.LimitReader(zr, MaxBody+1), 0)
		switch {
		case errors.Is(err, store.ErrTooLarge):
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("gzip body: %w: %w", err, store.ErrInvalid)
		case len(b) > MaxBody:
			return nil, fmt.Errorf("gzip body holds more than %d bytes: %w", MaxBody, store.ErrTooLarge)
		}
		return b, nil
	default:
		return nil, fmt.Errorf("content encoding %.40q: want gzip or none: %w", enc, store.ErrInvalid)
	}
}

func readAll(r io.Reader, size int64) ([]byte, error) {
	var buf bytes.Buffer
	if size > 0 && size <= MaxBody {
		buf.Grow(int(size) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(r)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, fmt.Errorf("body is larger than %d bytes: %w", over.Limit, store.ErrTooLarge)
	}
	return buf.Bytes(), err
}

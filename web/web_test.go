package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
)

func zip(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := io.Copy(zw, r); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBody(t *testing.T) {
	small := zip(t, bytes.NewReader([]byte("hello")))
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		want     string
		err      error
	}{
		"plain":            {"", []byte("hello"), "hello", nil},
		"gzip":             {"gzip", small, "hello", nil},
		"gzip in capitals": {"GZIP", small, "hello", nil},
		"snappy untouched": {"snappy", []byte("x"), "x", nil},
		"not gzip":         {"gzip", []byte("hello"), "", store.ErrInvalid},
		"torn gzip":        {"gzip", small[:len(small)-5], "", store.ErrInvalid},
		"unknown":          {"br", []byte("x"), "", store.ErrInvalid},
		"gzip bomb":        {"gzip", zip(t, io.LimitReader(zeros{}, MaxBody+1)), "", store.ErrTooLarge},
		"too long":         {"", make([]byte, MaxBody+1), "", store.ErrTooLarge},
		"as long as it may": {"", bytes.Repeat([]byte("x"), MaxBody),
			string(bytes.Repeat([]byte("x"), MaxBody)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(c.body))
			r.Header.Set("Content-Encoding", c.encoding)
			got, err := Body(httptest.NewRecorder(), r)
			if !errors.Is(err, c.err) {
				t.Fatalf("got error %v, want %v", err, c.err)
			}
			if string(got) != c.want {
				t.Errorf("got %d bytes, want %d", len(got), len(c.want))
			}
		})
	}
}

func TestBodyThatEndsEarlyIsTheClientsFault(t *testing.T) {
	r := httptest.NewRequest("POST", "/", io.MultiReader(bytes.NewReader([]byte("x")), brokenReader{}))
	if _, err := Body(httptest.NewRecorder(), r); Status(err) != http.StatusBadRequest {
		t.Errorf("got %v, want a 400", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestStatus(t *testing.T) {
	for want, errs := range map[int][]error{
		200: {nil},
		400: {store.ErrInvalid, &store.QueryError{}, &store.PartialError{}},
		404: {store.ErrNotFound},
		413: {store.ErrTooLarge, &http.MaxBytesError{}},
		429: {store.ErrOverloaded},
		499: {context.Canceled},
		500: {errors.New("disk on fire")},
		503: {store.ErrClosed, context.DeadlineExceeded},
		507: {store.ErrFull},
	} {
		for _, err := range errs {
			if err != nil {
				err = fmt.Errorf("wrapped: %w", err)
			}
			if got := Status(err); got != want {
				t.Errorf("%v: got %d, want %d", err, got, want)
			}
		}
	}
}

func TestGateRefusesWhenNoTurnComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		if err := g.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.Enter(t.Context()); !errors.Is(err, store.ErrOverloaded) {
			t.Errorf("got %v, want ErrOverloaded", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Enter(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
		waiting := make(chan error)
		go func() { waiting <- g.Enter(t.Context()) }()
		synctest.Wait()
		g.Leave()
		if err := <-waiting; err != nil {
			t.Errorf("got %v, want a turn", err)
		}
	})
}

func TestBodyTimeGrowsWithTheBody(t *testing.T) {
	for length, want := range map[int64]time.Duration{0: 5 * time.Second, 1000: 5 * time.Second, 1 << 20: 21 * time.Second, 1 << 30: 30 * time.Second, -1: 30 * time.Second} {
		if got := BodyTime(length); got != want {
			t.Errorf("%d bytes: got %v, want %v", length, got, want)
		}
	}
}

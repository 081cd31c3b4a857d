package web

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for name, c := range map[string]struct {
		text string
		max  int
		want []string // "!" is a line that is too long
	}{
		"nothing":                  {"", 10, nil},
		"a last line without end":  {"a\nb", 10, []string{"a", "b"}},
		"ends of both kinds":       {"a\r\nb\n\n", 10, []string{"a", "b", ""}},
		"as long as it may":        {"0123456789\nb\n", 10, []string{"0123456789", "b"}},
		"as long as it may, CRLF":  {"0123456789\r\nb\n", 10, []string{"0123456789", "b"}},
		"one too long":             {"0123456789a\nb\n", 10, []string{"!", "b"}},
		"beyond the buffer":        {long + "\nb\n", 1 << 20, []string{long, "b"}},
		"too long beyond it":       {long + "\nb\n", 100 << 10, []string{"!", "b"}},
		"too long at the end":      {"a\n" + long, 100 << 10, []string{"a", "!"}},
		"beyond the buffer at end": {"a\n" + long, 1 << 20, []string{"a", long}},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLines(strings.NewReader(c.text), c.max)
			var got []string
			for {
				line, err := l.Next()
				var over *LineTooLong
				if errors.As(err, &over) {
					got = append(got, "!")
					continue
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(line))
				if l.Number() != len(got) {
					t.Errorf("line %d has number %d", len(got), l.Number())
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %.80q, want %.80q", got, c.want)
			}
		})
	}
}

func TestStream(t *testing.T) {
	small := zip(t, strings.NewReader("hello"))
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		want     string
		err      error
	}{
		"plain":     {"", []byte("hello"), "hello", nil},
		"gzip":      {"gzip", small, "hello", nil},
		"not gzip":  {"gzip", []byte("hello"), "", store.ErrInvalid},
		"torn gzip": {"gzip", small[:len(small)-5], "hello", store.ErrInvalid},
		"unknown":   {"br", []byte("x"), "", store.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(c.body))
			r.Header.Set("Content-Encoding", c.encoding)
			in, err := Stream(httptest.NewRecorder(), r)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(in)
			}
			if !errors.Is(err, c.err) || string(got) != c.want {
				t.Errorf("got %q, %v, want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestStreamEndsABomb(t *testing.T) {
	b := &bounded{r: zeros{}, what: "gzip body", n: MaxStream - 10}
	if n, err := io.Copy(io.Discard, b); !errors.Is(err, store.ErrTooLarge) || n > 10 {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

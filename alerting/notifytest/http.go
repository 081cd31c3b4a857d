package notifytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// HTTP is a receiver that takes what its form finds good.
type HTTP struct {
	*httptest.Server
	form   func(r *http.Request, body []byte) error
	status int
	answer string

	mu     sync.Mutex
	before func(w http.ResponseWriter, r *http.Request, n int) bool
	after  func(w http.ResponseWriter, r *http.Request, n int) bool
	n      int
	taken  []Taken
	bad    []string
}

// Taken is a message that a receiver has read and found good.
type Taken struct {
	Body   string
	Header http.Header // of the request; nil for mail
	Said   bool        // success was said to its sender; it may not have heard
}

// NewHTTP starts one; what it refuses fails the test.
func NewHTTP(t testing.TB, form func(*http.Request, []byte) error) *HTTP {
	return newHTTP(t, form, http.StatusAccepted, `{"status":"success"}`)
}

func newHTTP(t testing.TB, form func(*http.Request, []byte) error, status int, answer string) *HTTP {
	h := &HTTP{form: form, status: status, answer: answer}
	h.Server = httptest.NewServer(h)
	t.Cleanup(func() {
		h.Close()
		for _, b := range h.bad {
			t.Errorf("the receiver would refuse: %s", b)
		}
	})
	return h
}

// Before is asked with the number of the request, from 1, once its body was
// read: it may answer in its own way and return true. The message is not taken then.
func (h *HTTP) Before(f func(w http.ResponseWriter, r *http.Request, n int) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before = f
}

// After is asked when the message was taken, and may answer as Before may: its
// sender does not hear of the success then.
func (h *HTTP) After(f func(w http.ResponseWriter, r *http.Request, n int) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after = f
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.n++
	n, before, after := h.n, h.before, h.after
	h.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // half of it: the sender is gone
	}
	if before != nil && before(w, r, n) {
		return
	}
	if err := h.form(r, body); err != nil {
		h.mu.Lock()
		h.bad = append(h.bad, err.Error()+" in "+string(body))
		h.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.taken = append(h.taken, Taken{Body: string(body), Header: r.Header})
	at := len(h.taken) - 1
	h.mu.Unlock()
	if after != nil && after(w, r, n) {
		return
	}
	h.mu.Lock()
	h.taken[at].Said = r.Context().Err() == nil
	h.mu.Unlock()
	w.WriteHeader(h.status)
	io.WriteString(w, h.answer)
}

// Taken are the messages that were read and good, in order.
func (h *HTTP) Taken() []Taken {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Taken(nil), h.taken...)
}

// Got are their bodies.
func (h *HTTP) Got() (bodies []string) {
	for _, m := range h.Taken() {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

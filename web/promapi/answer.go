package promapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/store"
	"tripod/web"
)

// answer is what a handler found: data appends its JSON, nil is 204.
type answer struct {
	data     func(b []byte) []byte
	warnings annotations.Annotations
	done     func() // called when data was written; may be nil
}

// value is the data of an answer that encoding/json writes.
func value(v any) func([]byte) []byte {
	return func(b []byte) []byte { return appendJSON(b, v) }
}

// failure is an error with Prometheus's word for its kind.
type failure struct {
	kind string
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

func badData(err error) error { return &failure{"bad_data", err} }

func badParam(name string, err error) error {
	return badData(fmt.Errorf("invalid parameter %q: %w", name, err))
}

// executing gives an error of a query or a store its kind.
func executing(err error) error {
	var canceled promql.ErrQueryCanceled
	var timeout promql.ErrQueryTimeout
	var broken promql.ErrStorage
	switch {
	case errors.As(err, &canceled):
		return &failure{"canceled", err}
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return &failure{"timeout", err}
	case errors.As(err, &broken):
		return &failure{"internal", err}
	case errors.Is(err, context.Canceled):
		return &failure{"canceled", err}
	}
	return &failure{"execution", err}
}

var statuses = map[string]int{
	"bad_data":    http.StatusBadRequest,
	"execution":   http.StatusUnprocessableEntity,
	"canceled":    499, // nginx's: the client left
	"timeout":     http.StatusServiceUnavailable,
	"internal":    http.StatusInternalServerError,
	"unavailable": http.StatusInternalServerError, // Prometheus has no other for it
}

// maxNotes is how many warnings, and how many infos, an answer carries.
const maxNotes = 10

type handler func(r *http.Request) (answer, error)

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var ans answer
	err := bounded(r)
	if err == nil {
		ans, err = h(r)
	}
	if ans.done != nil {
		defer ans.done()
	}
	if err != nil {
		writeFailure(w, err)
		return
	}
	if ans.data == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	buf := buffers.Get().(*[]byte)
	b := append((*buf)[:0], `{"status":"success","data":`...)
	b = ans.data(b)
	warnings, infos := ans.warnings.AsStrings(r.FormValue("query"), maxNotes, maxNotes)
	b = appendNotes(b, "warnings", warnings)
	b = appendNotes(b, "infos", infos)
	b = append(b, '}')
	writeJSON(w, http.StatusOK, b)
	if cap(b) <= maxPooled {
		*buf = b
		buffers.Put(buf)
	}
}

// bounded refuses texts that would take the parser too long, before it sees them.
func bounded(r *http.Request) error {
	if err := store.BoundQuery(r.FormValue("query")); err != nil {
		return badParam("query", err)
	}
	for _, m := range r.Form["match[]"] {
		if err := store.BoundQuery(m); err != nil {
			return badParam("match[]", err)
		}
	}
	return nil
}

// maxPooled keeps one huge answer from being held for ever, in bytes.
const maxPooled = 1 << 20

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func appendNotes(b []byte, key string, notes []string) []byte {
	if len(notes) == 0 {
		return b
	}
	b = append(b, `,"`+key+`":`...)
	return appendJSON(b, notes)
}

func writeFailure(w http.ResponseWriter, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{"internal", err}
	}
	b := append([]byte(nil), `{"status":"error","errorType":"`+f.kind+`","error":`...)
	b = append(web.AppendString(b, f.err.Error()), '}')
	writeJSON(w, statuses[f.kind], b)
}

func writeJSON(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
}

func appendJSON(b []byte, v any) []byte {
	j, err := json.Marshal(v)
	if err != nil {
		panic("promapi: " + err.Error()) // a broken invariant of our own
	}
	return append(b, j...)
}

package planapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tripod/planner"
)

// Problem is an error as RFC 9457 writes it, with the field that is wrong and
// the request's id.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`
	ReqID  string `json:"reqId,omitempty"`

	// TraceID is of the answer's X-Trace-Id header, for clients.
	TraceID string `json:"-"`

	retryAfter time.Duration
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%d %s", p.Status, p.Title)
	}
	return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail)
}

// Is lets a client's caller decide by the planner's own errors.
func (p *Problem) Is(target error) bool {
	switch p.Status {
	case http.StatusNotFound:
		return target == planner.ErrNotFound
	case http.StatusUnauthorized:
		return target == planner.ErrUnauthorized
	case http.StatusConflict:
		return target == planner.ErrConflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return target == planner.ErrInvalid
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return target == planner.ErrUnavailable
	}
	return false
}

// problemOf keeps what is ours to know out of the answer: a failure says no more
// than that, and the request's id leads to the rest.
func problemOf(err error) Problem {
	var given *Problem
	var field *planner.FieldError
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &given):
		return *given
	case errors.As(err, &field):
		return Problem{Status: 422, Title: "That cannot be saved", Detail: field.Error(), Field: field.Field}
	case errors.As(err, &tooBig):
		return Problem{Status: 413, Title: "The request is too large", Detail: fmt.Sprintf("It may have %d bytes.", tooBig.Limit)}
	case errors.Is(err, planner.ErrInvalid):
		return Problem{Status: 400, Title: "That is not understood", Detail: err.Error()}
	case errors.Is(err, planner.ErrUnauthorized):
		return Problem{Status: 401, Title: "Sign in first", Detail: err.Error()}
	case errors.Is(err, planner.ErrNotFound):
		return Problem{Status: 404, Title: "There is no such thing", Detail: err.Error()}
	case errors.Is(err, planner.ErrConflict):
		return Problem{Status: 409, Title: "That does not fit what is there", Detail: err.Error()}
	case errors.Is(err, planner.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return Problem{Status: 503, Title: "Not now, try again", retryAfter: time.Second}
	case errors.Is(err, context.Canceled):
		return Problem{Status: 499, Title: "The client has gone"}
	}
	return Problem{Status: 500, Title: "That is an error of ours"}
}

func fail(w http.ResponseWriter, r *http.Request, err error) { writeProblem(w, r, problemOf(err)) }

func writeProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	p.Type = "about:blank"
	p.ReqID = r.Header.Get("X-Request-Id")
	b, err := json.Marshal(p)
	if err != nil {
		panic("planapi: " + err.Error()) // strings and a number
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="planner"`)
	}
	w.WriteHeader(p.Status)
	w.Write(b)
}

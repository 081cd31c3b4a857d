package logsapi

import (
	"errors"
	"fmt"
	"net/http"

	"tripod/store"
	"tripod/web"
)

// problem is what every failure looks like: {"error":{…}}, as a whole answer
// or as the last object of a stream.
type problem struct {
	Error struct {
		Message string `json:"message"`
		// of a query's text, in bytes from 0; absent when it is not the query
		Position *int   `json:"position,omitempty"`
		End      *int   `json:"end,omitempty"` // behind the wrong part, when that is known
		Hint     string `json:"hint,omitempty"`
	} `json:"error"`
}

func problemOf(err error) problem {
	var p problem
	p.Error.Message = err.Error()
	var q *store.QueryError
	if errors.As(err, &q) {
		p.Error.Message, p.Error.Hint, p.Error.Position = q.Msg, q.Hint, &q.Pos
		if q.End > q.Pos {
			p.Error.End = &q.End
		}
	}
	return p
}

func writeProblem(w http.ResponseWriter, err error) {
	status := web.Status(err)
	web.RetryAfter(w, status)
	web.JSON(w, status, problemOf(err))
}

// bad says which parameter is wrong.
func bad(name, text, want string) error {
	return fmt.Errorf("%s=%.100q: want %s: %w", name, text, want, store.ErrInvalid)
}

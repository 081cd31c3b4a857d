package pages

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"

	"tripod/store"
	"tripod/ui"
	"tripod/web"
)

// errNoDoor is the answer of a screen whose door was not given.
var errNoDoor = errors.New("this part of the appliance is not running")

// view parses, asks and renders; an error becomes a page of its own.
type view func(w http.ResponseWriter, r *http.Request) error

// get registers a view under a pattern with its method. Failing views answer with the shell and the reason.
func (p *Pages) get(mux *http.ServeMux, pattern string, v view) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := v(w, r)
		if err == nil {
			return
		}
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		status := web.Status(err)
		if status == http.StatusInternalServerError {
			p.o.Log.Error("page", "path", r.URL.Path, "err", err)
		}
		st := p.state(r)
		pg := p.page(r.Context(), st, "", "Not shown")
		web.RetryAfter(w, status)
		p.send(w, r, status, ui.Shell(pg), ui.Failed(title(status), err.Error()))
	})
}

func title(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Not found"
	case http.StatusBadRequest:
		return "This address asks for something that cannot be"
	case http.StatusTooManyRequests:
		return "Too much is asked at once"
	}
	return "This could not be shown"
}

// show renders a screen inside the shell.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, pg ui.Page, content templ.Component) error {
	return p.send(w, r, http.StatusOK, ui.Shell(pg), content)
}

// fragment renders a part of a page, for htmx.
func (p *Pages) fragment(w http.ResponseWriter, r *http.Request, status int, content templ.Component) error {
	return p.send(w, r, status, content, nil)
}

// send renders into memory first, so that a component that fails cannot leave
// half a page behind.
func (p *Pages) send(w http.ResponseWriter, r *http.Request, status int, outer, inner templ.Component) error {
	ctx := r.Context()
	if inner != nil {
		ctx = templ.WithChildren(ctx, inner)
	}
	var buf bytes.Buffer
	if err := outer.Render(ctx, &buf); err != nil {
		return err
	}
	p.Headers(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // an error means that the reader left
	return nil
}

// Headers sets the policy under which every page runs.
func (p *Pages) Headers(h http.Header) {
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "HX-Request")
}

// reason is an error in words for a panel; what the reader cannot act on is
// left to the log.
func (p *Pages) reason(ctx context.Context, what string, err error) string {
	switch {
	case errors.Is(err, errNoDoor):
		return "This part of the appliance is not running."
	case errors.Is(err, context.DeadlineExceeded):
		return "It took too long. A shorter time range may help."
	case errors.Is(err, store.ErrOverloaded):
		return "Too much is asked at once. It is tried again with the next refresh."
	case errors.Is(err, store.ErrClosed):
		return "The appliance is closing."
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrTooLarge), errors.Is(err, store.ErrNotFound):
		return sentence(err.Error())
	}
	if ctx.Err() == nil {
		p.o.Log.Error("page", "part", what, "err", err)
	}
	return "The query failed: " + err.Error()
}

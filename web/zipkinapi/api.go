package zipkinapi

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"tripod/store"
	"tripod/web"
)

// Traces takes spans; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Traces interface {
	Append(ctx context.Context, spans []store.Span) error
}

// Doors are where spans go.
type Doors struct{ Traces Traces }

// Options of an API; the zero value is ready.
type Options struct {
	MaxInFlight int // requests in work at a time; 16
	// Rejected counts spans that are refused for good, by the engine too, and as
	// one a request that cannot be read; reasons are those of package web.
	Rejected func(reason string, n int, why string)
}

// API takes spans.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 16
	}
	if o.Rejected == nil {
		o.Rejected = func(string, int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight)}
}

// Register adds Zipkin's path.
func (a *API) Register(mux *http.ServeMux) { mux.HandleFunc("POST /api/v2/spans", a.post) }

func (a *API) post(w http.ResponseWriter, r *http.Request) {
	if err := a.take(w, r); err != nil {
		status := web.Status(err)
		web.RetryAfter(w, status)
		http.Error(w, err.Error(), status)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// take keeps the good spans of a list and then speaks of the others with a 400,
// after which clients do not send again.
func (a *API) take(w http.ResponseWriter, r *http.Request) error {
	spans, bad, err := a.read(w, r)
	if err != nil {
		a.o.Rejected(web.Reason(err), 1, err.Error())
		return err
	}
	if len(spans) > 0 {
		err = a.doors.Traces.Append(r.Context(), spans)
	}
	var partial *store.PartialError
	if errors.As(err, &partial) {
		bad.Add(web.Refused, partial.Rejected, partial.Reason)
		err = nil
	}
	bad.Tell(a.o.Rejected)
	if err == nil && bad.N > 0 {
		err = fmt.Errorf("%d of the spans are refused, all others are kept: %s: %w", bad.N, bad.Why, store.ErrInvalid)
	}
	return err
}

func (a *API) read(w http.ResponseWriter, r *http.Request) ([]store.Span, web.Refusals, error) {
	switch mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mt {
	case "application/json", "":
	default:
		return nil, web.Refusals{}, fmt.Errorf("content type %.60q: want application/json: %w", mt, store.ErrInvalid)
	}
	if err := a.gate.Enter(r.Context()); err != nil {
		return nil, web.Refusals{}, err
	}
	defer a.gate.Leave()
	body, err := web.Body(w, r)
	if err != nil {
		return nil, web.Refusals{}, err
	}
	return decode(body)
}

package jsonline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"tripod/store"
	"tripod/web"
)

// Logs takes records; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Doors are where lines go.
type Doors struct{ Logs Logs }

// Options of an API; the zero value is ready.
type Options struct {
	MaxLine     int              // bytes of one line; 1 MiB
	MaxInFlight int              // requests in work at a time; 16, each of which holds a few MiB
	Now         func() time.Time // of lines without a time
	// Rejected counts lines that are refused for good, by the engine too, and as
	// one a request that cannot be read on; reasons are those of package web.
	Rejected func(reason string, n int, why string)
}

// API takes lines of JSON.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.MaxLine == 0 {
		o.MaxLine = 1 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(string, int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight)}
}

// Register adds both paths.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /insert/jsonline", a.insert)
	mux.HandleFunc("POST /api/v1/logs", a.logs)
}

// insert is VictoriaLogs' form: lines under any content type.
func (a *API) insert(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, a.takeLines)
}

// logs takes lines, or a JSON array or object.
func (a *API) logs(w http.ResponseWriter, r *http.Request) {
	contentType := r.Header.Get("Content-Type")
	switch mt, _, _ := mime.ParseMediaType(contentType); mt {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/stream+json":
		a.answer(w, r, a.takeLines)
	case "application/json":
		a.answer(w, r, a.takeJSON)
	default:
		a.answer(w, r, func(http.ResponseWriter, *http.Request, *batch) error {
			return fmt.Errorf("content type %.60q: want application/x-ndjson or application/json: %w", contentType, store.ErrInvalid)
		})
	}
}

// result is the answer to every request.
type result struct {
	Accepted int       `json:"accepted"`
	Rejected int       `json:"rejected"`
	Error    string    `json:"error,omitempty"`
	Lines    []refusal `json:"lines,omitempty"`
}

// refusal is one line that is not kept.
type refusal struct {
	Line   int    `json:"line"` // from 1; 0 when the engine refused it and did not say which
	Reason string `json:"reason"`
}

func (r refusal) String() string {
	if r.Line == 0 {
		return r.Reason
	}
	return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
}

// answer keeps the good lines, and then speaks of the others with a 400, after
// which clients do not send again. A request that ended early with another
// error says how many lines were kept before it.
func (a *API) answer(w http.ResponseWriter, r *http.Request, take func(http.ResponseWriter, *http.Request, *batch) error) {
	b := newBatch(a, r)
	err := a.gate.Enter(r.Context())
	if err == nil {
		defer a.gate.Leave()
		err = take(w, r, b)
	}
	res := result{Accepted: b.kept, Rejected: b.refused.N, Lines: b.refusals}
	b.refused.Tell(a.o.Rejected)
	switch {
	case err != nil && !b.turnedAway:
		a.o.Rejected(web.Reason(err), 1, err.Error())
	case err == nil && b.refused.N > 0:
		err = &store.PartialError{Rejected: b.refused.N, Reason: b.refused.Why}
	}
	status := web.Status(err)
	if err != nil {
		res.Error = err.Error()
		web.RetryAfter(w, status)
	}
	web.JSON(w, status, res)
}

func (a *API) takeLines(w http.ResponseWriter, r *http.Request, b *batch) error {
	in, err := web.Stream(w, r)
	if err != nil {
		return err
	}
	lines := web.NewLines(in, a.o.MaxLine)
	for {
		line, err := lines.Next()
		var over *web.LineTooLong
		switch {
		case err == io.EOF:
			return b.flush(r.Context())
		case errors.As(err, &over):
			b.refuse(web.TooLarge, refusal{lines.Number(), over.Error()}, 1)
		case err != nil:
			return errors.Join(err, b.flush(r.Context()))
		default:
			if err := b.add(r.Context(), lines.Number(), line); err != nil {
				return err
			}
		}
	}
}

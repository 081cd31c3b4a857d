package planweb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"tripod/planner"
	"tripod/ui"
	"tripod/ui/screens"
	"tripod/web/planapi"
)

// API is planner-api as the pages ask it; token is the user's session.
type API interface {
	SignUp(ctx context.Context, n planner.NewUser) (planner.Grant, error)
	Login(ctx context.Context, email, password string) (planner.Grant, error)
	Logout(ctx context.Context, token string) error
	Me(ctx context.Context, token string) (planner.User, error)
	Tasks(ctx context.Context, token string, f planner.Filter) (planner.Page, error)
	Create(ctx context.Context, token string, d planner.Draft) (planner.Task, error)
	Reopen(ctx context.Context, token, id string) error
	Complete(ctx context.Context, token, id string) error
	Delete(ctx context.Context, token, id string) error
	Streak(ctx context.Context, token string) (planner.Calendar, error)
	Faults(ctx context.Context) ([]planner.Fault, error)
	SetFault(ctx context.Context, name string, on bool) error
}

// Options of New; Assets and Headers are those of all screens.
type Options struct {
	Assets  func(files ...string) ui.Assets
	Headers func(http.Header)
	Guest   bool // offer an account with one click, and the faults
	Now     func() time.Time
	Log     *slog.Logger
}

// traceHeader is set by planner-web's server before a page is asked for.
const traceHeader = "X-Trace-Id"

// Pages are the planner's pages.
type Pages struct {
	api API
	o   Options
	mux *http.ServeMux
}

// New makes the pages; they answer below /planner/.
func New(api API, o Options) *Pages {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Pages{api: api, o: o, mux: http.NewServeMux()}
	p.mux.HandleFunc("GET /planner/{$}", p.day)
	p.mux.HandleFunc("POST /planner/signin", p.signIn)
	p.mux.HandleFunc("POST /planner/signup", p.signUp)
	p.mux.HandleFunc("POST /planner/signout", p.signOut)
	p.mux.HandleFunc("POST /planner/tasks", p.add)
	p.mux.HandleFunc("POST /planner/tasks/{id}/complete", p.change(p.api.Complete))
	p.mux.HandleFunc("POST /planner/tasks/{id}/reopen", p.change(p.api.Reopen))
	p.mux.HandleFunc("POST /planner/tasks/{id}/delete", p.change(p.api.Delete))
	if o.Guest {
		p.mux.HandleFunc("POST /planner/guest", p.guest)
		p.mux.HandleFunc("POST /planner/faults/{name}", p.fault)
	}
	return p
}

func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	p.mux.ServeHTTP(w, r)
}

func token(r *http.Request) string {
	c, err := r.Cookie(planapi.Cookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// view is the list that a request is about.
func view(r *http.Request) string {
	switch v := r.URL.Query().Get("view"); v {
	case "upcoming", "done":
		return v
	}
	return "today"
}

// seen is the address of the bar's fragment: what was done before this page,
// if it led here, and the page itself.
func seen(w http.ResponseWriter, r *http.Request) string {
	page := w.Header().Get(traceHeader)
	if page == "" {
		return ""
	}
	if did := r.URL.Query().Get("did"); did != "" {
		return "/xray?did=" + did + "&page=" + page
	}
	return "/xray?page=" + page
}

// back answers a form that did its work: the browser asks for the list again,
// and the list knows which trace to show.
func back(w http.ResponseWriter, r *http.Request) {
	to := "/planner/?did=" + w.Header().Get(traceHeader)
	if v := view(r); v != "today" {
		to += "&view=" + v
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *Pages) day(w http.ResponseWriter, r *http.Request) {
	m, err := p.model(r.Context(), token(r), view(r), r.URL.Query().Get("cursor"))
	if errors.Is(err, planner.ErrUnauthorized) {
		p.gate(w, r, http.StatusOK, screens.PlannerGate{})
		return
	}
	m.Seen = seen(w, r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusServiceUnavailable
	}
	p.render(w, r, status, screens.PlannerScreen(m))
}

func (p *Pages) gate(w http.ResponseWriter, r *http.Request, status int, g screens.PlannerGate) {
	g.Assets, g.Guest, g.Seen = p.assets(), p.o.Guest, seen(w, r)
	p.render(w, r, status, screens.PlannerGateScreen(g))
}

func (p *Pages) assets() ui.Assets { return p.o.Assets("planner.css") }

// render writes a page whole or not at all.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	var buf bytes.Buffer
	if err := c.Render(r.Context(), &buf); err != nil {
		p.o.Log.Error("planner page", "path", r.URL.Path, "err", err)
		http.Error(w, "this page could not be made", http.StatusInternalServerError)
		return
	}
	p.o.Headers(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(buf.Bytes())
}

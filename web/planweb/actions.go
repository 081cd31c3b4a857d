package planweb

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"tripod/planner"
	"tripod/ui/screens"
	"tripod/web/planapi"
)

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	email := r.PostFormValue("email")
	g, err := p.api.Login(r.Context(), email, r.PostFormValue("password"))
	if err != nil {
		p.gate(w, r, status(err), screens.PlannerGate{Email: email, LoginError: sentence(err)})
		return
	}
	p.enter(w, r, g)
}

func (p *Pages) signUp(w http.ResponseWriter, r *http.Request) {
	n := planner.NewUser{Email: r.PostFormValue("email"), Password: r.PostFormValue("password"), Name: r.PostFormValue("name")}
	g, err := p.api.SignUp(r.Context(), n)
	if err != nil {
		p.gate(w, r, status(err), screens.PlannerGate{Email: n.Email, Name: n.Name, SignupError: sentence(err)})
		return
	}
	p.enter(w, r, g)
}

// guestTasks are what a guest finds, as lines of the add field.
var guestTasks = []string{
	"Book the train today 15:00", "Evening run, 5 km 18:30 every weekday", "Read 20 pages 21:00 every day !low",
	"Plan the week tomorrow 10:00", "Pay the invoice tomorrow !high",
}

// guest makes an account with a few tasks, so that a visitor of the demo has
// something to complete.
func (p *Pages) guest(w http.ResponseWriter, r *http.Request) {
	id := strings.ToLower(rand.Text())
	g, err := p.api.SignUp(r.Context(), planner.NewUser{Email: "guest-" + id[:10] + "@example.com", Password: rand.Text(), Name: "Guest"})
	if err != nil {
		p.gate(w, r, status(err), screens.PlannerGate{SignupError: sentence(err)})
		return
	}
	for _, line := range guestTasks {
		// a guest with fewer tasks is better than none
		_, _ = p.api.Create(r.Context(), g.Token, p.draft(line, "today", g.User))
	}
	p.enter(w, r, g)
}

func (p *Pages) enter(w http.ResponseWriter, r *http.Request, g planner.Grant) {
	http.SetCookie(w, planapi.SessionCookie(r, g.Token, g.Expires))
	back(w, r)
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) {
	if err := p.api.Logout(r.Context(), token(r)); err != nil && !errors.Is(err, planner.ErrUnauthorized) {
		p.failed(w, r, err)
		return
	}
	http.SetCookie(w, planapi.SessionCookie(r, "", time.Time{}))
	back(w, r)
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request) {
	u, err := p.api.Me(r.Context(), token(r))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	line := r.PostFormValue("text")
	if _, err := p.api.Create(r.Context(), token(r), p.draft(line, view(r), u)); err != nil {
		p.keep(w, r, err, line)
		return
	}
	back(w, r)
}

// draft reads a line; one without a day lands in the list that is open.
func (p *Pages) draft(line, view string, u planner.User) planner.Draft {
	now := p.o.Now().In(u.Location())
	d := parseDraft(line, now)
	if d.Due.IsZero() {
		day := midnight(now)
		if view == "upcoming" {
			day = day.AddDate(0, 0, 1)
		}
		d.Due = at(day, endOfDay)
	}
	return planner.Draft{Title: d.Title, Priority: planner.Priority(d.Priority), Repeat: planner.Repeat(d.Repeat), Due: d.Due}
}

// keep shows the list again with what was typed and why it was not taken.
func (p *Pages) keep(w http.ResponseWriter, r *http.Request, why error, line string) {
	m, err := p.model(r.Context(), token(r), view(r), "")
	if errors.Is(err, planner.ErrUnauthorized) {
		p.gate(w, r, http.StatusUnauthorized, screens.PlannerGate{})
		return
	}
	m.Draft = screens.PlannerDraft{Text: line, Error: sentence(why)}
	m.Seen = seen(w, r)
	p.render(w, r, status(why), screens.PlannerScreen(m))
}

// change wraps an action on one task.
func (p *Pages) change(do func(ctx context.Context, token, id string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := do(r.Context(), token(r), r.PathValue("id"))
		if err != nil && !errors.Is(err, planner.ErrNotFound) { // gone already is what was wanted
			p.failed(w, r, err)
			return
		}
		back(w, r)
	}
}

func (p *Pages) fault(w http.ResponseWriter, r *http.Request) {
	if err := p.api.SetFault(r.Context(), r.PathValue("name"), r.PostFormValue("on") == "true"); err != nil {
		p.failed(w, r, err)
		return
	}
	back(w, r)
}

// failed shows the list, as far as it can be had, with what went wrong.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, why error) {
	m, err := p.model(r.Context(), token(r), view(r), "")
	if errors.Is(err, planner.ErrUnauthorized) || errors.Is(why, planner.ErrUnauthorized) {
		p.gate(w, r, http.StatusUnauthorized, screens.PlannerGate{})
		return
	}
	m.Problem, m.Seen = sentence(why), seen(w, r)
	p.render(w, r, status(why), screens.PlannerScreen(m))
}

func status(err error) int {
	switch {
	case errors.Is(err, planner.ErrUnauthorized):
		return http.StatusUnauthorized
	case errors.Is(err, planner.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, planner.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, planner.ErrNotFound):
		return http.StatusNotFound
	}
	return http.StatusServiceUnavailable
}

// sentence is an error for people who know nothing of how this works.
func sentence(err error) string {
	var field *planner.FieldError
	switch {
	case errors.As(err, &field):
		return strings.ToUpper(field.Field[:1]) + field.Field[1:] + ": " + strings.TrimSuffix(field.Reason, ".") + "."
	case errors.Is(err, planner.ErrUnauthorized):
		return "That e-mail and password do not belong together."
	case errors.Is(err, planner.ErrConflict):
		return "There is an account with this e-mail already."
	case errors.Is(err, planner.ErrInvalid):
		return "That was not understood."
	case errors.Is(err, context.DeadlineExceeded):
		return "Not saved: it took too long. Please try again."
	}
	return "Not saved: something is not working right now. Please try again in a moment."
}

package planapi

import (
	"net/http"
	"time"

	"tripod/planner"
	"tripod/web"
)

func (a *API) signUp(w http.ResponseWriter, r *http.Request) {
	var in SignUp
	if !a.mayTry(w, r) || !parsed(w, r, &in) {
		return
	}
	g, err := a.planner.SignUp(r.Context(), planner.NewUser(in))
	if err != nil {
		fail(w, r, taken(err))
		return
	}
	a.welcome(w, r, http.StatusCreated, g)
}

// taken names the field: the only conflict of a sign-up is its address.
func taken(err error) error {
	p := problemOf(err)
	if p.Status == http.StatusConflict {
		p.Field, p.Detail = "email", "email: has an account already"
	}
	return &p
}

func (a *API) login(w http.ResponseWriter, r *http.Request) {
	var in Login
	if !a.mayTry(w, r) || !parsed(w, r, &in) {
		return
	}
	g, err := a.planner.Login(r.Context(), in.Email, in.Password)
	if err != nil {
		fail(w, r, err)
		return
	}
	a.welcome(w, r, http.StatusOK, g)
}

// mayTry spends one of the client's attempts: passwords must not be guessed, nor
// accounts made, at speed.
func (a *API) mayTry(w http.ResponseWriter, r *http.Request) bool {
	wait, _ := a.limiter.Allow(r.Context(), ClientIP(r)) // without the server it counts by itself
	if wait > 0 {
		writeProblem(w, r, Problem{Status: http.StatusTooManyRequests, Title: "Too many attempts", Detail: "Wait a little and try again.", retryAfter: wait})
	}
	return wait == 0
}

func (a *API) welcome(w http.ResponseWriter, r *http.Request, status int, g planner.Grant) {
	http.SetCookie(w, SessionCookie(r, g.Token, g.Expires))
	web.JSON(w, status, grantOut(g))
}

func (a *API) logout(w http.ResponseWriter, r *http.Request, _ planner.User) {
	token, _ := tokenOf(r)
	if err := a.planner.Logout(r.Context(), token); err != nil {
		fail(w, r, err)
		return
	}
	gone(w, r)
}

func gone(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, SessionCookie(r, "", time.Time{}))
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) me(w http.ResponseWriter, _ *http.Request, u planner.User) {
	web.JSON(w, http.StatusOK, userOut(u))
}

func (a *API) updateMe(w http.ResponseWriter, r *http.Request, u planner.User) {
	var in Profile
	if !parsed(w, r, &in) {
		return
	}
	u, err := a.planner.UpdateUser(r.Context(), u, planner.Profile(in))
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, userOut(u))
}

func (a *API) closeAccount(w http.ResponseWriter, r *http.Request, u planner.User) {
	if err := a.planner.CloseAccount(r.Context(), u); err != nil {
		fail(w, r, err)
		return
	}
	gone(w, r)
}

// parsed reads the body, or answers why it cannot.
func parsed(w http.ResponseWriter, r *http.Request, v any) bool {
	err := read(w, r, v)
	if err != nil {
		fail(w, r, err)
	}
	return err == nil
}

package otlp

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tripod/store"
)

// preflightAge is how long a browser remembers, in seconds; more none does.
const preflightAge = "7200"

// CheckOrigin says what is wrong with an origin of Options.Origins.
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(strings.Replace(origin, "*", "1", 1)) // as a port, too
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		strings.Contains(strings.Replace(origin, "*", "", 1), "*") {
		return fmt.Errorf("%q: want an origin such as https://app.example.com or https://*.example.com: %w", origin, store.ErrInvalid)
	}
	return nil
}

// allows says whether pages of an origin may send.
func (a *API) allows(origin string) bool {
	origin = strings.ToLower(origin)
	for _, o := range a.o.Origins {
		before, behind, some := strings.Cut(strings.ToLower(o), "*")
		if o == "*" && origin != "" && origin != "null" || origin == before && !some ||
			some && o != "*" && len(origin) > len(before)+len(behind) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, behind) {
			return true
		}
	}
	return false
}

// FromPage says whether a request sends OTLP from a page whose origin is
// allowed, which the guard of the listener would refuse otherwise.
func (a *API) FromPage(r *http.Request) bool {
	return r.Method == http.MethodPost && a.paths[r.URL.Path] && a.allows(r.Header.Get("Origin"))
}

// handle adds a path on which a signal comes; pages of allowed origins may
// read the answer.
func (a *API) handle(mux *http.ServeMux, path, signal string, do export) {
	next := a.handler(signal, do)
	if len(a.o.Origins) == 0 {
		mux.HandleFunc("POST "+path, next)
		return
	}
	a.paths[path] = true
	mux.HandleFunc("OPTIONS "+path, a.preflight)
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		a.letRead(w, r)
		next(w, r)
	})
}

// letRead lets the page that asks read the answer. Credentials are none of
// ours, but what sends when a page is closed sends them.
func (a *API) letRead(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); a.allows(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

// preflight answers a browser that asks whether a page may send.
func (a *API) preflight(w http.ResponseWriter, r *http.Request) {
	a.letRead(w, r)
	if origin := r.Header.Get("Origin"); !a.allows(origin) {
		http.Error(w, fmt.Sprintf("pages of the origin %.100q may not send telemetry", origin), http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", http.MethodPost)
	h.Set("Access-Control-Max-Age", preflightAge)
	h.Add("Vary", "Access-Control-Request-Headers")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked) // no header gives a page any right
	}
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}

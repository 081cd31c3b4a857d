package planapi

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"tripod/planner"
)

// Cookie is the name of the session cookie.
const Cookie = "planner_session"

// open lets anybody in, except a page of another site.
func (a *API) open(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := a.cross.Check(r); err != nil {
			writeProblem(w, r, Problem{Status: http.StatusForbidden, Title: "Not from another site", Detail: err.Error()})
			return
		}
		h(w, r)
	}
}

// signedIn wants a bearer token, or a session cookie from a page of ours.
func (a *API) signedIn(h func(http.ResponseWriter, *http.Request, planner.User)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, fromCookie := tokenOf(r)
		if fromCookie {
			if err := a.cross.Check(r); err != nil {
				writeProblem(w, r, Problem{Status: http.StatusForbidden, Title: "Not from another site", Detail: err.Error()})
				return
			}
		}
		u, err := a.planner.Authenticate(r.Context(), token)
		if err != nil {
			fail(w, r, err)
			return
		}
		h(w, r, u)
	}
}

// tokenOf prefers the header: a client that sends one means it.
func tokenOf(r *http.Request) (token string, fromCookie bool) {
	if h := r.Header.Get("Authorization"); h != "" {
		kind, token, _ := strings.Cut(h, " ")
		if strings.EqualFold(kind, "Bearer") {
			return strings.TrimSpace(token), false
		}
		return "", false
	}
	if c, err := r.Cookie(Cookie); err == nil {
		return c.Value, true
	}
	return "", false
}

// SessionCookie carries a token, or takes it away when it is "".
func SessionCookie(r *http.Request, token string, expires time.Time) *http.Cookie {
	c := &http.Cookie{Name: Cookie, Value: token, Path: "/planner", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: isSecure(r), Expires: expires}
	if token == "" {
		c.MaxAge, c.Expires = -1, time.Time{}
	}
	return c
}

func isSecure(r *http.Request) bool {
	return r.TLS != nil || fromLoopback(r) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// ClientIP is who asks: the nearest hop that is not this machine, as the proxies
// on this machine tell it. From elsewhere the header is not believed.
func ClientIP(r *http.Request) string {
	peer := peerOf(r)
	if !peer.IsLoopback() {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if ip = ip.Unmap(); !ip.IsLoopback() {
			return ip.String()
		}
	}
	return peer.String()
}

func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func fromLoopback(r *http.Request) bool { return peerOf(r).IsLoopback() }

package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// GuardOptions says which requests the guard lets through besides those to
// loopback names.
type GuardOptions struct {
	Hosts   []string // further Host names or addresses, with or without a port, as configured
	Origins []string // "https://app.example.com": pages elsewhere that may post here
	// Allow names requests that pages of other origins may make; nil allows none.
	Allow func(*http.Request) bool
}

// Guard protects an appliance without login from pages of other sites in the
// same browser. A Host that is neither loopback nor configured gets 403 (DNS
// rebinding); so does a state-changing request of a page of another origin
// (CSRF), and one for a WebSocket, which such a page could read. Clients that
// are no browsers send neither Origin nor Sec-Fetch-Site and pass. The error
// names a trusted origin that is none.
func Guard(next http.Handler, o GuardOptions) (http.Handler, error) {
	cross := http.NewCrossOriginProtection()
	for _, origin := range o.Origins {
		if err := cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
	}
	known := make(map[string]bool, len(o.Hosts))
	for _, h := range o.Hosts {
		known[hostName(h)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostName(r.Host); !isLoopback(host) && !known[host] {
			refuse(w, fmt.Sprintf("host %.100q is not a name of this appliance; open it as localhost, or start it with --hosts %.100s", r.Host, host))
			return
		}
		if err := cross.Check(checked(r)); err != nil && (o.Allow == nil || !o.Allow(r)) {
			refuse(w, fmt.Sprintf("a page of another origin (%.100q) may neither change anything here nor open a stream", r.Header.Get("Origin")))
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}

// checked is a request as it is to be checked: browsers keep no WebSocket from
// pages of other origins, so asking for one is no safe GET.
func checked(r *http.Request) *http.Request {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return r
	}
	as := *r
	as.Method = http.MethodPost
	return &as
}

func refuse(w http.ResponseWriter, why string) {
	http.Error(w, why, http.StatusForbidden)
}

// hostName is a Host header without port, brackets, case and final dot.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// isLoopback holds for names that no DNS server can point elsewhere.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

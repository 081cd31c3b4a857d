package planapi

import (
	"context"
	"net/http"
)

// Caller is whom planner-web acts for.
type Caller struct {
	IP    string // as ClientIP finds it
	Proto string // http or https
}

type callerKey struct{}

func withCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(r *http.Request) Caller {
	c := Caller{IP: ClientIP(r), Proto: "http"}
	if isSecure(r) {
		c.Proto = "https"
	}
	return c
}

// mark tells planner-api, so that its limits count the person and not the page.
func (c Caller) mark(h http.Header) {
	if c.IP != "" {
		h.Set("X-Forwarded-For", c.IP)
		h.Set("X-Forwarded-Proto", c.Proto)
	}
}

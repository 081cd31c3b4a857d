package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	type header map[string]string
	for name, c := range map[string]struct {
		method, host string
		header       header
		want         int
	}{
		"page whose request is allowed":       {"POST", "localhost:7333", header{"Origin": "https://evil.example", "X-Allowed": "yes"}, 200},
		"rebound page with such a request":    {"POST", "evil.example", header{"Origin": "https://evil.example", "X-Allowed": "yes"}, 403},
		"loopback address":                    {"GET", "127.0.0.1:7333", nil, 200},
		"loopback address in IPv6":            {"GET", "[::1]:7333", nil, 200},
		"mapped loopback":                     {"GET", "[::ffff:127.0.0.1]:7333", nil, 200},
		"localhost in capitals with a dot":    {"GET", "LocalHost.:7333", nil, 200},
		"a name below localhost":              {"GET", "tripod.localhost", nil, 200},
		"configured name":                     {"GET", "tripod.example:7333", nil, 200},
		"configured name on another port":     {"GET", "tripod.example", nil, 200},
		"rebound name":                        {"GET", "evil.example:7333", nil, 403},
		"name that begins like loopback":      {"GET", "127.0.0.1.evil.example", nil, 403},
		"name that ends like localhost":       {"GET", "evillocalhost", nil, 403},
		"address that is not ours":            {"GET", "192.168.1.1:7333", nil, 403},
		"no host":                             {"GET", "", nil, 403},
		"machine client posts":                {"POST", "localhost:4318", nil, 200},
		"own page posts":                      {"POST", "localhost:7333", header{"Origin": "http://localhost:7333"}, 200},
		"own page posts, fetch metadata":      {"POST", "localhost:7333", header{"Origin": "http://localhost:7333", "Sec-Fetch-Site": "same-origin"}, 200},
		"page of another port posts":          {"POST", "localhost:7333", header{"Origin": "http://localhost:8080"}, 403},
		"same site, other origin":             {"POST", "localhost:7333", header{"Sec-Fetch-Site": "same-site"}, 403},
		"page of another site posts":          {"POST", "localhost:7333", header{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403},
		"sandboxed page posts":                {"POST", "localhost:7333", header{"Origin": "null"}, 403},
		"page of another site deletes":        {"DELETE", "localhost:7333", header{"Sec-Fetch-Site": "cross-site"}, 403},
		"page of another site reads a link":   {"GET", "localhost:7333", header{"Sec-Fetch-Site": "cross-site"}, 200},
		"page of another site opens a stream": {"GET", "localhost:7333", header{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Upgrade": "WebSocket"}, 403},
		"old browser opens a stream":          {"GET", "localhost:7333", header{"Origin": "https://evil.example", "Upgrade": "websocket"}, 403},
		"own page opens a stream":             {"GET", "localhost:7333", header{"Origin": "http://localhost:7333", "Upgrade": "websocket"}, 200},
		"machine client opens a stream":       {"GET", "localhost:7333", header{"Upgrade": "websocket"}, 200},
		"page of a trusted origin posts":      {"POST", "localhost:7333", header{"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}, 200},
		"rebound page posts to its own name":  {"POST", "evil.example", header{"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})
			h, err := Guard(ok, GuardOptions{Hosts: []string{"Tripod.example:7333"}, Origins: []string{"https://shop.example"},
				Allow: func(r *http.Request) bool { return r.Header.Get("X-Allowed") != "" }})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(c.method, "/x", nil)
			r.Host = c.host
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.want)
			}
		})
	}
}

func TestGuardRefusesABadOrigin(t *testing.T) {
	if _, err := Guard(nil, GuardOptions{Origins: []string{"shop.example"}}); err == nil || !strings.Contains(err.Error(), "shop.example") {
		t.Errorf("got %v, want an error that names the origin", err)
	}
}

package otlp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tripod/web"
)

func TestPagesOfAllowedOrigins(t *testing.T) {
	const app = "https://app.example.com"
	for name, c := range map[string]struct {
		origins        []string
		method, path   string
		origin         string
		status         int
		letRead, asked string
	}{
		"a preflight":                     {[]string{app}, "OPTIONS", "/v1/traces", app, 204, app, "content-type,x-page"},
		"then the request":                {[]string{app}, "POST", "/v1/traces", app, 200, app, ""},
		"in capitals":                     {[]string{"HTTPS://App.example.com"}, "POST", "/v1/logs", app, 200, app, ""},
		"logs at Loki's path":             {[]string{app}, "OPTIONS", "/otlp/v1/logs", app, 204, app, ""},
		"another origin's preflight":      {[]string{app}, "OPTIONS", "/v1/traces", "https://evil.example", 403, "", ""},
		"another origin's request":        {[]string{app}, "POST", "/v1/traces", "https://evil.example", 403, "", ""},
		"another port":                    {[]string{app}, "POST", "/v1/traces", app + ":8443", 403, "", ""},
		"another scheme":                  {[]string{app}, "POST", "/v1/traces", "http://app.example.com", 403, "", ""},
		"a name that ends alike":          {[]string{"https://*.example.com"}, "POST", "/v1/traces", "https://evilexample.com", 403, "", ""},
		"no name before the dot":          {[]string{"https://*.example.com"}, "POST", "/v1/traces", "https://.example.com", 403, "", ""},
		"a name below":                    {[]string{"http://localhost:*", "https://*.example.com"}, "POST", "/v1/metrics", app, 200, app, ""},
		"all":                             {[]string{"*"}, "POST", "/v1/traces", "https://any.example", 200, "https://any.example", ""},
		"all, but no page without origin": {[]string{"*"}, "POST", "/v1/traces", "null", 403, "", ""},
		"no page":                         {[]string{app}, "POST", "/v1/traces", "", 200, "", ""},
		"switched off, a preflight":       {nil, "OPTIONS", "/v1/traces", app, 405, "", ""},
		"switched off, a request":         {nil, "POST", "/v1/traces", app, 403, "", ""},
		"another path":                    {[]string{app}, "POST", "/api/v1/logs", app, 403, "", ""},
		"another method":                  {[]string{app}, "DELETE", "/v1/traces", app, 403, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			a := New(e.doors(), Options{Origins: c.origins})
			mux := http.NewServeMux()
			a.Register(mux)
			mux.HandleFunc("POST /api/v1/logs", func(http.ResponseWriter, *http.Request) {})
			guarded := must[http.Handler](t)(web.Guard(mux, web.GuardOptions{Allow: a.FromPage}))
			r := httptest.NewRequest(c.method, "http://127.0.0.1"+c.path, strings.NewReader("{}"))
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Access-Control-Request-Private-Network", "true")
			if c.asked != "" {
				r.Header.Set("Access-Control-Request-Headers", c.asked)
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != c.status || h.Get("Access-Control-Allow-Origin") != c.letRead || h.Get("Access-Control-Allow-Headers") != c.asked {
				t.Fatalf("got %d %s %v", w.Code, w.Body, h)
			}
			if preflight := c.status == http.StatusNoContent; preflight != (h.Get("Access-Control-Allow-Methods") == "POST") || preflight != (h.Get("Access-Control-Allow-Private-Network") == "true") {
				t.Errorf("got %v", h)
			}
			if c.letRead != "" && h.Get("Vary") != "Origin" {
				t.Errorf("a cache is not told of the origin: %v", h)
			}
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	for _, ok := range []string{"*", "https://app.example.com", "http://127.0.0.1:8080", "https://*.example.com", "http://localhost:*", "http://[::1]:3000"} {
		if err := CheckOrigin(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "app.example.com", "ftp://a.example", "https://a.example/", "https://a.example/path", "https://*.*.example", "https://", "https://u@a.example", "https://a.example?x"} {
		if err := CheckOrigin(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

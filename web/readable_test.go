package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tripod/web"
)

func TestReadable(t *testing.T) {
	long := strings.Repeat("text ", 1000)
	mux := http.NewServeMux()
	may := func(origin string) bool { return origin == "https://good.example.com" }
	hung := web.Around(mux, web.Readable(may))
	hung.Handle("GET /text", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }))
	hung.Handle("GET /nothing", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for name, c := range map[string]struct {
		path, accept, origin    string
		zipped                  bool
		status                  int
		allowed, vary, exposing string
	}{
		"plain":                  {path: "/text", status: 200, vary: "Accept-Encoding,Origin"},
		"zipped":                 {path: "/text", accept: "deflate, gzip;q=1.0", status: 200, zipped: true, vary: "Accept-Encoding,Origin"},
		"gzip refused":           {path: "/text", accept: "gzip;q=0, identity", status: 200, vary: "Accept-Encoding,Origin"},
		"nothing to zip":         {path: "/nothing", accept: "gzip", status: 204, vary: "Accept-Encoding,Origin"},
		"an origin that may":     {path: "/text", origin: "https://good.example.com", status: 200, allowed: "https://good.example.com", vary: "Accept-Encoding,Origin", exposing: "Date"},
		"an origin that may not": {path: "/text", origin: "https://bad.example.com", status: 200, vary: "Accept-Encoding,Origin"},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("GET", c.path, nil)
			req.Header.Set("Accept-Encoding", c.accept)
			req.Header.Set("Origin", c.origin)
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, req)
			body, h := io.Reader(w.Body), w.Header()
			if got := h.Get("Content-Encoding") == "gzip"; got != c.zipped {
				t.Fatalf("zipped %v, want %v", got, c.zipped)
			}
			if c.zipped {
				z, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = z
			}
			b, err := io.ReadAll(body)
			if err != nil || w.Code != c.status || c.status == 200 && string(b) != long {
				t.Errorf("%d with %d bytes, %v", w.Code, len(b), err)
			}
			if got := strings.Join(h.Values("Vary"), ","); got != c.vary {
				t.Errorf("vary %q, want %q", got, c.vary)
			}
			if got := h.Get("Access-Control-Allow-Origin"); got != c.allowed || h.Get("Access-Control-Expose-Headers") != c.exposing {
				t.Errorf("allowed %q, want %q; headers %v", got, c.allowed, h)
			}
		})
	}
}

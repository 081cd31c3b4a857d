package appliance

import (
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestExpositionIsNotCompressedForThisMachine(t *testing.T) {
	e := &exposition{parts: map[string]prometheus.Gatherer{"tripod": newRegistry("1", newEngineUsage(nil))}, only: []string{"tripod"}}
	for from, want := range map[string]string{"127.0.0.1:4000": "", "[::1]:4000": "", "[::ffff:127.0.0.1]:4000": "", "192.0.2.1:4000": "gzip", "@": "gzip"} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = from
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("from %s: encoding %q, want %q", from, got, want)
		}
	}
}

package promapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"tripod/store/metrics"
	"tripod/web/promapi"
)

// server is the API on a real store behind a real listener.
type server struct {
	*httptest.Server
	store *metrics.Store
	dir   string
}

func newServer(t testing.TB) *server {
	t.Helper()
	dir := t.TempDir()
	s, err := metrics.Open(dir, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	promapi.New(promapi.Doors{Engine: s, Samples: s, Families: s, Insight: s, Admin: s}, promapi.Options{}).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{srv, s, dir}
}

type number = json.Number

func (s *server) status(t testing.TB, method, target string) int {
	t.Helper()
	w := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Code
}

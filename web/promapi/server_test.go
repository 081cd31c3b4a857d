package promapi_test

import (
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
}

func newServer(t testing.TB) *server {
	t.Helper()
	s, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	promapi.New(promapi.Doors{Engine: s, Samples: s, Families: s}, promapi.Options{}).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{srv, s}
}

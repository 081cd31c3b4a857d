package pages

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

func TestStaticFiles(t *testing.T) {
	h := newPages(t, Options{})
	_, _, page := pageOf(t, h, "/")
	m := regexp.MustCompile(`/static/tokens\.css\?v=[0-9a-f]{16}`).FindString(page)
	if m == "" {
		t.Fatal("the page does not link tokens.css with its hash")
	}
	status, header, body := pageOf(t, h, m)
	if status != http.StatusOK || header.Get("Cache-Control") != "public, max-age=31536000, immutable" || header.Get("Content-Encoding") != "" {
		t.Errorf("got %d, %v", status, header)
	}
	if _, header, _ := pageOf(t, h, "/static/tokens.css"); header.Get("Cache-Control") != "no-cache" {
		t.Errorf("without a hash: got %q", header.Get("Cache-Control"))
	}
	if status, _, _ := pageOf(t, h, "/static/nothing.css"); status != http.StatusNotFound {
		t.Errorf("got %d, want 404", status)
	}

	r := httptest.NewRequest(http.MethodGet, m, nil)
	r.Header.Set("Accept-Encoding", "gzip, br")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	zr, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(zr); err != nil || string(plain) != body {
		t.Errorf("gzip holds something else (%v)", err)
	}
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same tag: got %d with %d bytes", w.Code, w.Body.Len())
	}
}

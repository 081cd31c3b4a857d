package assets

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestEveryFileHasAHashAndItsContent(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	f := s.Get("tokens.css")
	if f == nil || len(f.Hash) != 16 || !strings.HasPrefix(f.Type, "text/css") {
		t.Fatalf("tokens.css: got %+v", f)
	}
	zr, err := gzip.NewReader(bytes.NewReader(f.Gzip))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(zr)
	if err != nil || !bytes.Equal(got, f.Body) {
		t.Errorf("gzip holds %d bytes, want %d (%v)", len(got), len(f.Body), err)
	}
	if s.Get("../assets.go") != nil || s.Get(".gitignore") != nil {
		t.Error("a file that is no asset is served")
	}
}

func TestURLsLeaveOutWhatWasNotBuilt(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	got := s.URLs("tokens.css", "never.js")
	if len(got) != 1 || got[0] != "/static/tokens.css?v="+s.Get("tokens.css").Hash {
		t.Errorf("got %v", got)
	}
}

// The policy of the pages allows style attributes, but nothing from elsewhere.
func TestStylesheetsFetchNothing(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range s.files {
		if strings.HasSuffix(name, ".css") && (bytes.Contains(f.Body, []byte("url(")) || bytes.Contains(f.Body, []byte("@import"))) {
			t.Errorf("%s fetches something", name)
		}
	}
}

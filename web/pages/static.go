package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/web"
)

// static serves the embedded files. An address with the content's hash may be
// kept for ever; one without is asked for again and compared by its tag.
func (p *Pages) static(mux *http.ServeMux) {
	mux.HandleFunc("GET /static/{name}", func(w http.ResponseWriter, r *http.Request) {
		f := p.assets.Get(r.PathValue("name"))
		if f == nil {
			err := fmt.Errorf("%.80s: %w", r.PathValue("name"), store.ErrNotFound)
			http.Error(w, err.Error(), web.Status(err))
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.Type)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		h.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == f.Hash {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		body, tag := f.Body, `"`+f.Hash+`"`
		if f.Gzip != nil && acceptsGzip(r) {
			body, tag = f.Gzip, `"`+f.Hash+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("ETag", tag)
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // an error means that the reader left
	})
}

// acceptsGzip takes any mention without a zero weight; browsers send no more.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}

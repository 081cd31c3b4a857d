package web

import (
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Routes is where a room hangs its handlers; a *http.ServeMux is one.
type Routes interface {
	Handle(pattern string, h http.Handler)
}

// Around hangs every handler that it is given under r, wrapped.
func Around(r Routes, wrap func(http.Handler) http.Handler) Routes { return around{r, wrap} }

type around struct {
	r    Routes
	wrap func(http.Handler) http.Handler
}

func (a around) Handle(pattern string, h http.Handler) { a.r.Handle(pattern, a.wrap(h)) }

// Readable lets pages of other origins read an API's answers, as Prometheus
// does: of the origins that may; nil is none. Answers are gzipped for whoever
// takes them so.
func Readable(may func(origin string) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Add("Vary", "Accept-Encoding")
			if may != nil {
				h.Add("Vary", "Origin")
				if origin := r.Header.Get("Origin"); origin != "" && may(origin) {
					letRead(h, origin)
				}
			}
			if !takesGzip(r) {
				next.ServeHTTP(w, r)
				return
			}
			z := &gzipped{ResponseWriter: w}
			defer z.close()
			next.ServeHTTP(z, r)
		})
	}
}

func letRead(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin")
	h.Set("Access-Control-Expose-Headers", "Date")
}

// takesGzip leaves no room for q-values but 0: no client has asked for others.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0")
		}
	}
	return false
}

var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic("web: " + err.Error()) // the level is a constant
	}
	return z
}}

// gzipped compresses what has a body.
type gzipped struct {
	http.ResponseWriter
	z     *gzip.Writer
	begun bool
}

func (g *gzipped) WriteHeader(status int) {
	if h := g.Header(); !g.begun && status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		g.z = zippers.Get().(*gzip.Writer)
		g.z.Reset(g.ResponseWriter)
	}
	g.begun = true
	g.ResponseWriter.WriteHeader(status)
}

func (g *gzipped) Write(b []byte) (int, error) {
	if !g.begun {
		g.WriteHeader(http.StatusOK)
	}
	if g.z == nil {
		return g.ResponseWriter.Write(b)
	}
	return g.z.Write(b)
}

// Unwrap lets http.ResponseController find what is behind.
func (g *gzipped) Unwrap() http.ResponseWriter { return g.ResponseWriter }

func (g *gzipped) close() {
	if g.z != nil {
		g.z.Close() // fails only when the client has left
		zippers.Put(g.z)
	}
}

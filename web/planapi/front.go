package planapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"tripod/planner"
)

// Prefix is where planner-web lives on the main port.
const Prefix = "/planner"

// Front is planner-web: it hands the API's routes on to planner-api, and all
// else below Prefix to pages, which may be nil. Both know the caller: see Caller.
type Front struct {
	API       *url.URL
	Transport http.RoundTripper
	Pages     http.Handler
}

// Mux has one pattern for each route of the API, so that planner-web's requests
// are told apart like planner-api's.
func (f Front) Mux() *http.ServeMux {
	forward := f.proxy()
	mux := http.NewServeMux()
	for pattern := range (&API{}).routes() {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+Prefix+path, forward)
	}
	mux.Handle(Prefix+"/api/", forward)
	mux.Handle(Prefix+"/", f.pages())
	return mux
}

func (f Front) pages() http.Handler {
	if f.Pages == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			writeProblem(w, r, Problem{Status: http.StatusNotFound, Title: "There is nothing here"})
		})
	}
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := cross.Check(r); err != nil {
			writeProblem(w, r, Problem{Status: http.StatusForbidden, Title: "Not from another site", Detail: err.Error()})
			return
		}
		// WithContext makes a copy, and the router of pages writes its pattern there.
		inner := r.WithContext(withCaller(r.Context(), callerOf(r)))
		f.Pages.ServeHTTP(w, inner)
		if inner.Pattern != "" {
			r.Pattern = inner.Pattern
		}
	})
}

// proxy keeps the Host that the browser used, which the same-origin check needs,
// and adds itself to X-Forwarded-For.
func (f Front) proxy() http.Handler { return whole(f.forward()) }

// whole hands a request on when all of its body has been read within the
// bound: planner-api would refuse a larger one and hang up in the middle, which
// looks like a failure of planner-api.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			fail(w, r, fmt.Errorf("body: %w: %w", err, planner.ErrInvalid))
			return
		}
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
		next.ServeHTTP(w, r)
	})
}

func (f Front) forward() http.Handler {
	p := &httputil.ReverseProxy{
		Transport: f.Transport,
		Rewrite: func(pr *httputil.ProxyRequest) {
			c := callerOf(pr.In)
			pr.Out.URL.Scheme, pr.Out.URL.Host = f.API.Scheme, f.API.Host
			pr.Out.URL.Path = strings.TrimPrefix(pr.In.URL.Path, Prefix)
			pr.Out.URL.RawPath = strings.TrimPrefix(pr.In.URL.RawPath, Prefix)
			pr.Out.Host = pr.In.Host
			c.mark(pr.Out.Header)
		},
		ModifyResponse: func(resp *http.Response) error {
			// planner-web says these itself, once
			resp.Header.Del("X-Request-Id")
			resp.Header.Del("X-Trace-Id")
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				writeProblem(w, r, Problem{Status: 499, Title: "The client has gone"})
				return
			}
			writeProblem(w, r, Problem{Status: http.StatusBadGateway, Title: "planner-api does not answer"})
		},
	}
	return p
}

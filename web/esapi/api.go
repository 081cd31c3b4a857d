package esapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// Prefix is where the whole API is. Some of it is at the root as well; "/"
// there belongs to people.
const Prefix = "/insert/elasticsearch"

// Logs takes records; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Doors are where documents go.
type Doors struct{ Logs Logs }

// Options of an API; the zero value is ready.
type Options struct {
	Version     string           // told to shippers, some of which want 7 or 8; "8.17.0"
	MaxLine     int              // bytes of one document; 1 MiB
	MaxInFlight int              // requests in work at a time; 16, each of which holds a few MiB
	Now         func() time.Time // of documents without a time
	// Rejected counts documents that are refused for good, by the engine too, and
	// as one a request that cannot be read on; reasons are those of package web.
	Rejected func(reason string, n int, why string)
}

// API takes documents in bulk.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.Version == "" {
		o.Version = "8.17.0"
	}
	if o.MaxLine == 0 {
		o.MaxLine = 1 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(string, int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight)}
}

// Register adds the API under Prefix, and _bulk and what shippers ask first at
// the root. "/{index}/_bulk" is Before's.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+Prefix, a.hello)
	mux.HandleFunc("GET "+Prefix+"/{$}", a.hello)
	for _, prefix := range []string{Prefix, ""} {
		for _, method := range []string{"POST ", "PUT "} {
			mux.HandleFunc(method+prefix+"/_bulk", a.bulk)
		}
		mux.HandleFunc("GET "+prefix+"/_license", a.license)
		for _, name := range []string{"_xpack", "_cluster", "_nodes", "_ilm", "_index_template", "_component_template", "_template", "_data_stream", "_ingest", "_logstash"} {
			for _, method := range []string{"GET ", "PUT ", "POST "} {
				mux.HandleFunc(method+prefix+"/"+name, a.stub)
				mux.HandleFunc(method+prefix+"/"+name+"/", a.stub)
			}
		}
	}
	mux.HandleFunc(Prefix+"/", a.other)
}

// Before answers "/{index}/_bulk", at the root and under Prefix, whose pattern
// a mux with other prefixes cannot hold, and leaves all else to next.
func (a *API) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		index, ok := strings.CutSuffix(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, Prefix), "/"), "/_bulk")
		if !ok || index == "" || strings.Contains(index, "/") || index[0] == '_' || r.Method != http.MethodPost && r.Method != http.MethodPut {
			next.ServeHTTP(w, r)
			return
		}
		r.SetPathValue("index", index)
		r.Pattern = "/{index}/_bulk" // by which requests are counted
		a.bulk(w, r)
	})
}

// answer writes as Elasticsearch does; its clients refuse servers that do not
// say who they are.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	web.RetryAfter(w, status)
	web.JSON(w, status, v)
}

// fault is an error as Elasticsearch writes it.
type fault struct {
	Error struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
	Status int `json:"status"`
}

func answerError(w http.ResponseWriter, status int, kind, reason string) {
	var f fault
	f.Error.Type, f.Error.Reason, f.Status = kind, reason, status
	answer(w, status, f)
}

// hello says which product this is, and for whom it stands in.
func (a *API) hello(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"name":         "tripod",
		"cluster_name": "tripod",
		"cluster_uuid": "tripod",
		"version":      map[string]any{"number": a.o.Version, "build_flavor": "default", "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0"},
		"tagline":      "You Know, for Search",
	})
}

// license is what Logstash asks before anything else.
func (a *API) license(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"license": map[string]any{
		"uid": "tripod", "type": "basic", "mode": "basic", "status": "active", "expiry_date_in_millis": int64(4000000000000),
	}})
}

// stub agrees to everything that shippers set up before they send: templates,
// life cycles and pipelines have no meaning here.
func (a *API) stub(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		answer(w, http.StatusOK, struct{}{})
		return
	}
	answer(w, http.StatusOK, map[string]bool{"acknowledged": true})
}

func (a *API) other(w http.ResponseWriter, r *http.Request) {
	answerError(w, http.StatusNotFound, "resource_not_found_exception", "only _bulk is taken here")
}

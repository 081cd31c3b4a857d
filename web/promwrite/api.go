package promwrite

import (
	"net/http"
	"runtime"

	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"

	"tripod/web"
)

// Families keeps what senders say about their metrics.
type Families interface {
	SetMetadata(family string, md metadata.Metadata)
}

// Doors are what the API tells.
type Doors struct {
	Sink     storage.Appendable
	Families Families
}

// Options of an API; zero means default.
type Options struct {
	// Writers is how many requests are taken in at once, the others wait;
	// default twice the number of CPUs.
	Writers int
	// Took is told of each request: samples kept if err is nil or a
	// *store.PartialError, and samples refused for good.
	Took func(kept, refused int, err error)
}

// API is the handler.
type API struct {
	d    Doors
	o    Options
	refs *refs
	gate web.Gate
}

// New makes the handler.
func New(d Doors, o Options) *API {
	if o.Writers == 0 {
		o.Writers = 2 * runtime.GOMAXPROCS(0)
	}
	if o.Took == nil {
		o.Took = func(int, int, error) {}
	}
	return &API{d: d, o: o, refs: newRefs(), gate: web.NewGate(o.Writers)}
}

// Register hangs the handler under Prometheus's path.
func (a *API) Register(mux *http.ServeMux) { mux.HandleFunc("POST /api/v1/write", a.write) }

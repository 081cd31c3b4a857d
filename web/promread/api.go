package promread

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"tripod/web"
)

// Options of an API; zero means default.
type Options struct {
	// Samples is how many an answer to a remote read may hold that is not
	// streamed; default 5,000,000, 16 bytes each and as much again while it is
	// packed. Prometheus asks for streams.
	Samples int
	// FrameBytes is after how many bytes of chunks a frame of a streamed answer
	// ends; default 1 MiB.
	FrameBytes int
	// Readers is how many remote reads are answered at once, the others wait;
	// default twice the number of CPUs.
	Readers int
	// Lookback is how old a sample may be that is federated; default 5 min.
	Lookback time.Duration
	// Parser reads selectors; default one without experimental features.
	Parser parser.Parser
	Now    func() time.Time
}

// API is the handlers.
type API struct {
	samples storage.SampleAndChunkQueryable
	o       Options
	gate    web.Gate
}

// New makes the handlers on their one door.
func New(samples storage.SampleAndChunkQueryable, o Options) *API {
	if o.Samples == 0 {
		o.Samples = 5_000_000
	}
	if o.FrameBytes == 0 {
		o.FrameBytes = 1 << 20
	}
	if o.Readers == 0 {
		o.Readers = 2 * runtime.GOMAXPROCS(0)
	}
	if o.Lookback == 0 {
		o.Lookback = 5 * time.Minute
	}
	if o.Parser == nil {
		o.Parser = parser.NewParser(parser.Options{})
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{samples: samples, o: o, gate: web.NewGate(o.Readers)}
}

// Register hangs the handlers under Prometheus's paths.
func (a *API) Register(mux web.Routes) {
	mux.Handle("POST /api/v1/read", http.HandlerFunc(a.read))
	mux.Handle("GET /federate", web.Readable(nil)(http.HandlerFunc(a.federate)))
}

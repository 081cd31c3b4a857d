package pages

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/screens"
)

// Status asks how the appliance does.
type Status interface {
	Status(ctx context.Context) (Appliance, error)
	// SetLogLevel takes one of Appliance.LogLevels; store.ErrInvalid for any other.
	SetLogLevel(level string) error
}

// Appliance is the appliance as it is now.
type Appliance struct {
	Version    string
	Started    time.Time
	Config     string    // file, empty when there is none
	ConfigRead time.Time // zero when there is none
	Problems   []string  // sentences for people, worst first; none means healthy
	Dir        string    // data directory

	Memory      int64 // resident bytes, 0 when not known
	MemoryLimit int64 // bytes, 0 for none
	Goroutines  int
	BytesRate   float64 // bytes/s received, NaN when not known

	Logs, Metrics, Traces Pillar
	DiskFree              int64 // bytes of the data directory's file system, 0 when not known

	Receivers []Receiver
	Targets   []store.Target
	Notes     []string // sentences about what cannot be seen here, and is no problem

	LogLevel  string
	LogLevels []string // quietest last; none means that it cannot be changed

	HTTP, OTLPGRPC, OTLPHTTP string // addresses host:port, empty when shut
}

// Pillar is one engine.
type Pillar struct {
	store.Usage
	Rate      float64       // items/s over the last minute, NaN when not known
	Retention time.Duration // 0 for no bound by age
	MaxBytes  int64         // 0 for no bound by size
}

// Receiver is one door that takes data.
type Receiver struct {
	Protocol string // OTLP gRPC
	Addr     string // host:port and path, or what else names it
	Takes    string // logs, metrics, traces
	Shut     string // why it is shut, empty when it is open
	Off      bool   // shut on purpose
	Accepted int64  // items since start
	Rejected int64
	Error    string    // reason of the last rejection
	Rate     float64   // items/s over the last minute, NaN when not known
	Trend    []float64 // items/s over the last hour, oldest first; nil when not known
}

func (p *Pages) status(mux *http.ServeMux) {
	p.get(mux, "GET /status", p.statusPage)
	p.get(mux, "GET /status/targets", p.targetsPage)
	p.get(mux, "GET /status/cardinality", p.cardinalityPage)
	p.get(mux, "POST /status/log-level", p.setLogLevel)
}

func (p *Pages) statusPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(10 * time.Second)
	pg := p.page(r.Context(), st, "status", "Appliance", "status.css")
	a, err := p.appliance(r.Context())
	s := p.statusModel(st, a)
	if err != nil {
		s = screens.Status{Failed: p.reason(r.Context(), "status", err), Send: send(Appliance{}, r.Host)}
	} else {
		s.Send = send(a, r.Host)
		s.Series = p.cardinalityModel(r.Context(), st, shortCardinality)
	}
	s.Tabs = statusTabs(st)
	return p.show(w, r, pg, screens.StatusScreen(s))
}

func (p *Pages) appliance(ctx context.Context) (Appliance, error) {
	if p.o.Status == nil {
		return Appliance{}, errNoDoor
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return p.o.Status.Status(ctx)
}

func (p *Pages) setLogLevel(w http.ResponseWriter, r *http.Request) error {
	if p.o.Status == nil {
		return errNoDoor
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	level := r.PostFormValue("level")
	a, err := p.appliance(r.Context())
	if err != nil {
		return err
	}
	if !slices.Contains(a.LogLevels, level) {
		return fmt.Errorf("log level %.40q: want one of %v: %w", level, a.LogLevels, store.ErrInvalid)
	}
	if err := p.o.Status.SetLogLevel(level); err != nil {
		return err
	}
	http.Redirect(w, r, "/status#level", http.StatusSeeOther)
	return nil
}

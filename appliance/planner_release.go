package appliance

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"tripod/planner"
	"tripod/planner/observed"
	"tripod/planner/sqlite"
	"tripod/planner/traffic"
	"tripod/web/planapi"
)

// plannerRelease is planner-api as it is deployed now. A deploy starts the new
// release, gives it all new requests, and ends the old one when its own are done.
type plannerRelease struct {
	app *plannerApp

	mu      sync.Mutex
	current *plannerDeployed
	old     sync.WaitGroup // releases that are draining
}

type plannerDeployed struct {
	source  *observed.Source
	handler http.Handler
	busy    sync.WaitGroup
}

// ServeHTTP gives a request to the release that is current when it comes.
func (r *plannerRelease) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	d := r.current
	d.busy.Add(1)
	r.mu.Unlock()
	defer d.busy.Done()
	d.handler.ServeHTTP(w, req)
}

func (r *plannerRelease) source() *observed.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current.source
}

// deploy starts a version on a repository. Its telemetry is new from the ground:
// another service.version and another instance.
func (r *plannerRelease) deploy(version string, repo planner.Repository) {
	s := observed.NewSource(plannerAPIName, version, r.app.shared)
	mux := http.NewServeMux()
	o := planapi.Options{Limiter: r.app.cache}
	if r.app.faults != nil {
		o.Faults = r.app.faults
	}
	planapi.New(s.Service(r.app.service(s, repo)), o).Register(mux)
	next := &plannerDeployed{source: s, handler: s.Server(mux)}

	r.mu.Lock()
	old := r.current
	r.current = next
	r.mu.Unlock()
	if old == nil {
		return
	}
	s.Log().Info(context.Background(), "service started", slog.String("replaces", old.source.Version))
	r.old.Go(func() {
		old.busy.Wait()
		old.source.Log().Info(context.Background(), "service stopped", slog.String("replacedBy", version))
		ctx, cancel := context.WithTimeout(context.Background(), plannerDrain)
		defer cancel()
		old.source.Close(ctx) // what cannot be sent in that time is lost with the release
	})
}

func (r *plannerRelease) close(ctx context.Context) error {
	plannerWait(ctx, &r.old)
	if r.current == nil {
		return nil
	}
	plannerWait(ctx, &r.current.busy)
	return r.current.source.Close(ctx)
}

// newFaults says what each fault does here.
func (p *plannerApp) newFaults() *traffic.Faults {
	return traffic.NewFaults(traffic.FaultOptions{
		Now: p.o.Now,
		Starts: map[string]traffic.Start{
			traffic.SlowDB:        p.db.HoldWriteLock,
			traffic.PoolExhausted: p.db.ExhaustPool,
			traffic.CacheDown:     func() (func(), error) { return p.cache.Drop(), nil },
			traffic.BadDeploy: func() (func(), error) {
				p.api.deploy(plannerBad, sqlite.Next{DB: p.db})
				return func() { p.api.deploy(plannerGood, p.db) }, nil
			},
		},
		Changed: func(ctx context.Context, f planner.Fault) {
			attrs := []slog.Attr{slog.String("fault", f.Name), slog.Bool("on", f.On)}
			if f.On {
				attrs = append(attrs, slog.Time("until", f.Until))
			}
			p.api.source().Log().Warn(ctx, "fault switched", attrs...)
		},
	})
}

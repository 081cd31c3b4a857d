package pages

import (
	"context"
	"net/http"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	askTime       = 10 * time.Second // for one question of a page
	overviewBars  = 72
	sparkPoints   = 60
	errorPatterns = 8
	serviceRows   = 12
	alertRows     = 6
)

// Active asks for the alerts that are pending or firing.
type Active interface {
	Active(ctx context.Context) ([]ActiveAlert, error)
}

// ActiveAlert is one alert that is pending or firing.
type ActiveAlert struct {
	Alert   string // fingerprint
	Name    string
	Service string // may be empty
	Summary string // annotation, may be empty
	Value   string // as the rule's annotation gives it, or the bare number
	Firing  bool
	Since   time.Time // when it began to fire, or when its condition became true
	Fires   time.Time // of a pending one: when it fires if it stays; zero when not known
}

// overviewAnswers are what the doors said; each has its own error.
type overviewAnswers struct {
	volume    []store.LogBucket
	volumeErr error
	step      time.Duration

	errors    store.LogPatterns
	errorsErr error

	red     []store.RED
	redErr  error
	redStep time.Duration

	deps []store.Dependency // of late; none when they are not known

	active    []ActiveAlert
	activeErr error

	flags []chart.Mark

	appliance    Appliance
	applianceErr error
}

func (p *Pages) overview(mux *http.ServeMux) {
	p.get(mux, "GET /{$}", p.overviewPage)
}

func (p *Pages) overviewPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(10 * time.Second)
	a := p.askOverview(r.Context(), st)
	pg := p.page(r.Context(), st, "overview", "Overview", "overview.css", "status.css")
	return p.show(w, r, pg, screens.OverviewScreen(p.overviewModel(r, st, a)))
}

// askOverview asks every door at once; the slowest decides how long it takes.
func (p *Pages) askOverview(ctx context.Context, st State) *overviewAnswers {
	a := &overviewAnswers{step: st.Step(overviewBars), redStep: st.Step(sparkPoints)}
	var wg sync.WaitGroup
	ask := func(question func(context.Context)) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, askTime)
			defer cancel()
			question(ctx)
		})
	}
	scope := scopeLine(st.Services)
	ask(func(ctx context.Context) {
		a.volume, a.volumeErr = p.askVolume(ctx, store.LogQuery{Narrow: scope, Range: st.Range}, a.step)
	})
	ask(func(ctx context.Context) {
		a.errors, a.errorsErr = p.askPatterns(ctx, store.PatternQuery{
			LogQuery: store.LogQuery{Text: "level:>=error", Narrow: scope, Range: st.Range}, Step: a.redStep, Top: errorPatterns, Why: true,
		})
	})
	ask(func(ctx context.Context) { a.red, a.redErr = p.askRED(ctx, st, a.redStep) })
	if g := p.o.Graph; g != nil {
		ask(func(ctx context.Context) {
			if deps, err := g.Dependencies(ctx, ofLate(st.Range)); err == nil {
				a.deps = deps
			}
		})
	}
	ask(func(ctx context.Context) {
		a.flags = p.flags(ctx, &st, time.Unix(0, st.Range.From), time.Unix(0, st.Range.To), wideChart*2/3)
	})
	ask(func(ctx context.Context) { a.active, a.activeErr = p.askActive(ctx, st) })
	ask(func(ctx context.Context) { a.appliance, a.applianceErr = p.appliance(ctx) })
	wg.Wait()
	return a
}

func (p *Pages) askVolume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	if p.o.Logs == nil {
		return nil, errNoDoor
	}
	return p.o.Logs.Volume(ctx, q, step)
}

func (p *Pages) askPatterns(ctx context.Context, q store.PatternQuery) (store.LogPatterns, error) {
	if p.o.Patterns == nil {
		return store.LogPatterns{}, errNoDoor
	}
	return p.o.Patterns.Patterns(ctx, q)
}

func (p *Pages) askRED(ctx context.Context, st State, step time.Duration) ([]store.RED, error) {
	if p.o.Traces == nil {
		return nil, errNoDoor
	}
	red, err := p.o.Traces.RED(ctx, st.Range, step)
	if err != nil || len(st.Services) == 0 {
		return red, err
	}
	var out []store.RED
	for _, r := range red {
		if st.HasService(r.Service) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (p *Pages) askActive(ctx context.Context, st State) ([]ActiveAlert, error) {
	if p.o.Active == nil {
		return nil, errNoDoor
	}
	active, err := p.o.Active.Active(ctx)
	if err != nil || len(st.Services) == 0 {
		return active, err
	}
	var out []ActiveAlert
	for _, a := range active {
		if a.Service == "" || st.HasService(a.Service) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (p *Pages) overviewModel(r *http.Request, st State, a *overviewAnswers) screens.Overview {
	ctx := r.Context()
	o := screens.Overview{Strip: p.stripModel(ctx, st, a)}
	if a.never() {
		first := send(a.appliance, r.Host)
		o.First = &first
		return o
	}
	loads := loads(a.red, st)
	o.Verdict = verdict(st, a, loads)
	o.Volume = p.volumeModel(ctx, st, a)
	o.Services = p.servicesModel(ctx, st, a, loads)
	o.Alerts = p.alertingModel(ctx, st, a)
	o.Errors = p.errorsModel(st, a)
	if a.errorsErr != nil {
		o.Errors.Failed = p.reason(ctx, "errors", a.errorsErr)
	}
	return o
}

// never says that nothing was ever received; that is only known when the
// engines say so themselves.
func (a *overviewAnswers) never() bool {
	return a.applianceErr == nil && a.appliance.Logs.Items == 0 && a.appliance.Traces.Items == 0 &&
		a.volumeErr == nil && a.redErr == nil && len(a.red) == 0
}

package pages

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Graph asks how services and their operations hang together.
type Graph interface {
	Dependencies(ctx context.Context, r store.TimeRange) ([]store.Dependency, error)
	Latencies(ctx context.Context, service string, r store.TimeRange) ([]store.OperationLatency, error)
	Versions(ctx context.Context) ([]store.ServiceVersion, error)
}

// againsts are the times that services are compared with; the first is chosen
// by itself.
var againsts = [...]struct {
	name, text, before string
	by                 time.Duration
}{
	{"", "Against 1 h before", "1 h before", time.Hour},
	{"1d", "1 day", "1 day before", 24 * time.Hour},
	{"1w", "1 week", "1 week before", 7 * 24 * time.Hour},
}

type servicesAnswers struct {
	red    []store.RED
	redErr error
	step   time.Duration

	before    []store.RED
	beforeErr error
	kept      time.Duration // of the range before

	deps    []store.Dependency
	depsErr error
	late    []store.Dependency // of late; none when they are not known

	ops    []store.OperationLatency
	opsErr error

	versions []store.ServiceVersion
}

func (p *Pages) services(mux *http.ServeMux) {
	p.get(mux, "GET /services", p.servicesPage)
}

func (p *Pages) servicesPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(10 * time.Second)
	against := 0
	for i, a := range againsts {
		if a.name == st.Values.Get("against") {
			against = i
		}
	}
	a := p.askServices(r.Context(), st, againsts[against].by)
	pg := p.page(r.Context(), st, "services", "Services", "services.css")
	return p.show(w, r, pg, screens.ServicesScreen(p.servicesScreen(r.Context(), st, a, against)))
}

// askServices asks every door at once, and for all services: the scope decides
// what is shown of them.
func (p *Pages) askServices(ctx context.Context, st State, by time.Duration) *servicesAnswers {
	a := &servicesAnswers{step: st.Step(sparkPoints)}
	a.redErr, a.beforeErr, a.depsErr, a.opsErr = errNoDoor, errNoDoor, errNoDoor, errNoDoor
	var wg sync.WaitGroup
	ask := func(question func(context.Context)) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, askTime)
			defer cancel()
			question(ctx)
		})
	}
	if t := p.o.Traces; t != nil {
		ask(func(ctx context.Context) { a.red, a.redErr = t.RED(ctx, st.Range, a.step) })
		ask(func(ctx context.Context) {
			past := store.TimeRange{From: st.Range.From - int64(by), To: st.Range.To - int64(by)}
			a.kept = p.keptOf(past)
			a.before, a.beforeErr = t.RED(ctx, past, a.step)
		})
	}
	if g := p.o.Graph; g != nil {
		ask(func(ctx context.Context) { a.deps, a.depsErr = g.Dependencies(ctx, st.Range) })
		ask(func(ctx context.Context) {
			if late, err := g.Dependencies(ctx, ofLate(st.Range)); err == nil {
				a.late = late
			}
		})
		ask(func(ctx context.Context) { a.ops, a.opsErr = g.Latencies(ctx, "", st.Range) })
		ask(func(ctx context.Context) { a.versions, _ = g.Versions(ctx) }) // without them the column is empty
	}
	wg.Wait()
	return a
}

func (p *Pages) servicesScreen(ctx context.Context, st State, a *servicesAnswers, against int) screens.ServicesPage {
	all := loads(a.red, st)
	from := originOf(all, a.late)
	m := screens.ServicesPage{Say: servicesSay(a, all, from)}
	for _, v := range [...]struct{ name, text string }{{"", "Table and map"}, {"table", "Table"}, {"map", "Map"}} {
		m.Views = append(m.Views, ui.Tab{Text: v.text, Href: st.With("view", v.name), On: st.View == v.name})
	}
	for i, v := range againsts {
		m.Against = append(m.Against, ui.Tab{Text: v.text, Href: st.With("against", v.name), On: i == against})
	}
	if st.View != "map" {
		t := p.redTable(ctx, st, a, all, against)
		m.Table = &t
	}
	m.Detail = p.operationsOf(ctx, st, a)
	if st.View != "table" {
		m.Map = p.serviceMap(ctx, st, a, all)
	}
	m.Origin = originModel(st, from)
	return m
}

// origin is the one failing service that calls none that fails.
type origin struct {
	load     load
	calls    bool     // it calls others
	affected []string // failing services whose failures lead to it
}

// ofLate is the end of a range: who fails does so then.
func ofLate(r store.TimeRange) store.TimeRange {
	r.From = max(r.From, r.To-max((r.To-r.From)/10, int64(2*time.Minute)))
	return r
}

// originOf follows the failures by the calls of late; it is nil where they do
// not lead to one place.
func originOf(all []load, deps []store.Dependency) *origin {
	if len(deps) == 0 {
		return nil
	}
	failing := map[string]load{}
	for _, l := range all {
		if l.failing {
			failing[l.red.Service] = l
		}
	}
	calls := map[string]bool{}
	blames := map[string][]string{} // caller to callees whose calls fail
	for _, d := range deps {
		if d.Caller == "" {
			continue
		}
		calls[d.Caller] = true
		if share(d.Errors, d.Calls) >= failShare {
			blames[d.Caller] = append(blames[d.Caller], d.Callee)
		}
	}
	var found *origin
	for name, l := range failing {
		if slices.ContainsFunc(blames[name], func(to string) bool { return to != name }) {
			continue
		}
		if found != nil {
			return nil
		}
		found = &origin{load: l, calls: calls[name]}
	}
	if found == nil {
		return nil
	}
	for _, l := range all {
		if name := l.red.Service; l.failing && name != found.load.red.Service && leads(blames, name, found.load.red.Service) {
			found.affected = append(found.affected, name)
		}
	}
	return found
}

// leads says whether the failures of a service lead to another one.
func leads(blames map[string][]string, from, to string) bool {
	seen := map[string]bool{from: true}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		for _, callee := range blames[next[0]] {
			if callee == to {
				return true
			}
			if !seen[callee] {
				seen[callee] = true
				next = append(next, callee)
			}
		}
	}
	return false
}

func servicesSay(a *servicesAnswers, all []load, from *origin) string {
	if a.redErr != nil || len(all) == 0 {
		return "Services"
	}
	say := plural(len(all), "service")
	failing, few := 0, 0
	for _, l := range all {
		failing += boolInt(l.failing)
		few += boolInt(!l.failing && l.share >= failShare && l.red.Requests < failRequests)
	}
	switch {
	case failing == 0 && few > 0:
		return say + ", none failing for certain: " + plural(few, "service") + " had errors in too few requests to tell"
	case failing == 0:
		return say + ", none failing"
	case from != nil && len(from.affected) > 0:
		say += ", " + chart.Count(int64(failing-len(from.affected))) + " failing"
		return say + ", " + chart.Count(int64(len(from.affected))) + " affected by it"
	}
	return say + ", " + chart.Count(int64(failing)) + " failing"
}

func originModel(st State, from *origin) *screens.Origin {
	if from == nil {
		return nil
	}
	name := from.load.red.Service
	o := &screens.Origin{Service: name, Because: "It fails " + chart.Percent(from.load.share).String() + " of requests"}
	if from.calls {
		o.Because += ", while no service that it calls fails more than 1 % of its calls"
	}
	switch n := len(from.affected); {
	case n == 1:
		o.Because += "; " + from.affected[0] + " forwards its failures"
	case n > 1:
		o.Because += "; " + chart.Count(int64(n)) + " services forward its failures"
	}
	o.Because += "."
	carry := st.Carry().In(name)
	o.Actions = []ui.Button{
		{Text: "Errors in logs", Icon: "logs", Href: carry.Href("/logs", "q", "level:>=error")},
		{Text: "Failed traces", Icon: "traces", Href: carry.Href("/traces", "result", "errors")},
	}
	return o
}

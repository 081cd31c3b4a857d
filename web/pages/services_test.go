package pages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/ui/layers"
)

// shopDoors are three services of which one is why two fail, an hour after they
// did not.
type shopDoors struct {
	Traces
	red    []store.RED
	before []store.RED
	deps   []store.Dependency
	ops    []store.OperationLatency
	err    error
}

func (d *shopDoors) RED(_ context.Context, r store.TimeRange, _ time.Duration) ([]store.RED, error) {
	if r.To < halfPastTwo.UnixNano() {
		return d.before, d.err
	}
	return d.red, d.err
}

func (d *shopDoors) Dependencies(context.Context, store.TimeRange) ([]store.Dependency, error) {
	return d.deps, d.err
}

func (d *shopDoors) Latencies(context.Context, string, store.TimeRange) ([]store.OperationLatency, error) {
	return d.ops, d.err
}

func (d *shopDoors) Versions(context.Context) ([]store.ServiceVersion, error) {
	at := func(minutes int) time.Time { return halfPastTwo.Add(time.Duration(minutes) * time.Minute) }
	return []store.ServiceVersion{
		{Service: "planner-api", Version: "1.17.4", First: at(-900), Last: at(-30)},
		{Service: "planner-api", Version: "1.18.0", First: at(-30), Last: at(0)},
		{Service: "planner-web", Version: "1.9.2", First: at(-30), Last: at(0)},
	}, d.err
}

func (d *shopDoors) Services(context.Context) ([]string, error) { return nil, nil }

func (d *shopDoors) options() Options { return Options{Traces: d, Graph: d} }

func shop() *shopDoors {
	ms := time.Millisecond
	op := func(service, name string, kind store.SpanKind, spans int64, p95 time.Duration) store.OperationLatency {
		return store.OperationLatency{
			Service: service, Operation: store.Operation{Name: name, Kind: kind}, Spans: spans, Errors: spans / 20,
			Latency: store.Latency{P50: p95 / 3, P95: p95, P99: 2 * p95}, First: halfPastTwo.Add(-2 * time.Hour), Last: halfPastTwo,
		}
	}
	slow := red("planner-api", points(100, 34, 0.05, 640*ms))
	slow.P50, slow.P99 = 90*ms, time.Second
	return &shopDoors{
		red:    []store.RED{red("planner-web", points(60, 34, 0.03, 700*ms)), slow, red("mailer", points(20, 60, 0, 5*ms))},
		before: []store.RED{red("planner-web", points(60, 60, 0, 20*ms)), red("planner-api", points(40, 60, 0, 71*ms))},
		deps: []store.Dependency{
			{Callee: "planner-web", Calls: 3600, Errors: 100, Latency: store.Latency{P50: 20 * ms, P95: 700 * ms, P99: 800 * ms}},
			{Caller: "planner-web", Callee: "planner-api", Calls: 6000, Errors: 120, Latency: store.Latency{P50: 90 * ms, P95: 640 * ms, P99: time.Second}},
			{Caller: "planner-api", Callee: "planner (sqlite)", Kind: store.DependencyDatabase, Calls: 9000, Latency: store.Latency{P50: ms, P95: 2 * ms, P99: 3 * ms}},
			{Caller: "planner-api", Callee: "mailer", Kind: store.DependencyQueue, Calls: 1200, Latency: store.Latency{P50: ms, P95: 5 * ms, P99: 6 * ms}},
		},
		ops: []store.OperationLatency{
			op("planner-api", "GET <tasks>", store.SpanServer, 5000, 640*ms), op("planner-api", "POST /tasks", store.SpanServer, 900, 900*ms),
			op("planner-api", "SELECT", store.SpanClient, 9000, 3*time.Second), op("planner-api", "GET /rare", store.SpanServer, 2, 4*time.Second),
		},
	}
}

func TestServicesSayWhereFailuresComeFrom(t *testing.T) {
	status, _, page := pageOf(t, newPages(t, shop().options()), "/services")
	if status != http.StatusOK {
		t.Fatalf("got %d: %s", status, page)
	}
	wants(t, page,
		"3 services, 1 failing, 1 affected by it",
		"<b>Likely origin: planner-api.</b>", "It fails 5.0 % of requests, while no service that it calls fails more than 1 % of its calls; planner-web forwards its failures.",
		`title="planner-api to mailer: 0.3 calls a second, 0 % errors, p95 5 ms"`, "<b>queue</b>", "planner (sqlite)",
		"planner-web to planner-api: 1.7 calls a second, 2.0 % errors, p95 640 ms",
		"POST /tasks: p95 900 ms", "!GET /rare", // two spans say little
		"!Operations of",
	)
}

func TestServicesAreComparedWithBefore(t *testing.T) {
	_, _, page := pageOf(t, newPages(t, shop().options()), "/services")
	wants(t, page,
		"1.18.0", `title="since 2026-03-12 14:02:00`, ">30 min<", "1.9.2",
		"0.7 a second 1 h before", "×2.5", "0 % 1 h before", "+5.0 pt", "71 ms 1 h before", "×9",
		"no requests 1 h before", // of the mailer
	)
	d := shop()
	d.before = nil
	_, _, page = pageOf(t, newPages(t, d.options()), "/services?against=1w")
	wants(t, page, "There is nothing to compare with: no requests 1 week before.")
}

func TestServicesViews(t *testing.T) {
	for target, texts := range map[string][]string{
		"/services?view=table":         {`id="services"`, `!id="map"`},
		"/services?view=map":           {`!id="services"`, `id="map"`},
		"/services?sel=planner-api":    {"Operations of planner-api", "GET &lt;tasks&gt;", "9,000", "all spans kept of 12:32 to 14:32", `aria-current="true"`},
		"/services?sel=gone":           {"!Operations of", `id="map"`},
		"/services?edges=p95":          {">640 ms", "2 ms"},
		"/services?path=failing":       {"planner-web to planner-api", "!planner-api to mailer", "btn on"},
		"/services?service=mailer":     {"svc-mailer", "!svc-planner-web", "planner-api to mailer", "!planner-web to planner-api"},
		"/services?sel=mailer":         {`class="nd `, " off"},
		"/services?against=1d":         {"1 day before"},
		"/services?view=map&sel=x%3Cy": {"!x<y"},
	} {
		t.Run(target, func(t *testing.T) {
			status, _, page := pageOf(t, newPages(t, shop().options()), target)
			if status != http.StatusOK {
				t.Errorf("got %d", status)
			}
			wants(t, page, texts...)
		})
	}
}

// TestRatesAreOverTheTimeThatIsKept: those of services, of their calls, and of
// databases, which have no spans of their own.
func TestRatesAreOverTheTimeThatIsKept(t *testing.T) {
	d := shop()
	o := d.options()
	o.Oldest = func() time.Time { return halfPastTwo.Add(-30 * time.Minute) }
	_, _, page := pageOf(t, newPages(t, o), "/services?from=now-1h")
	wants(t, page, "planner-api to planner (sqlite): 5", "planner-web to planner-api: 3.3 calls a second", "<span>3.3/s</span>")
}

func TestServicesSayWhatTooFewRequestsHide(t *testing.T) {
	d := shop()
	few := red("rare", twoBad())
	few.Requests, few.Errors = 2, 2
	d.red = []store.RED{few}
	_, _, page := pageOf(t, newPages(t, d.options()), "/services")
	wants(t, page, "1 service, none failing for certain: 1 service had errors in too few requests to tell")
}

func twoBad() []store.REDPoint {
	return []store.REDPoint{{Start: halfPastTwo.Add(-time.Minute).UnixNano(), Requests: 2, Errors: 2}}
}

func TestServicesWithoutAnswers(t *testing.T) {
	d := shop()
	d.err = errors.New("broken")
	_, _, page := pageOf(t, newPages(t, d.options()), "/services?sel=planner-api")
	wants(t, page, "Services are not known", "Dependencies are not known", "Operations are not known", "!Likely origin")
	_, _, page = pageOf(t, newPages(t, Options{}), "/services")
	wants(t, page, "Services are not known", "This part of the appliance is not running.")
	_, _, page = pageOf(t, newPages(t, (&shopDoors{}).options()), "/services")
	wants(t, page, "No requests in this time range", "No calls between services in this time range")
}

func TestOrigin(t *testing.T) {
	fail := func(names ...string) (out []load) {
		for _, n := range names {
			out = append(out, load{red: store.RED{Service: n}, failing: true, share: 0.1})
		}
		return out
	}
	dep := func(from, to string, bad int64) store.Dependency {
		return store.Dependency{Caller: from, Callee: to, Calls: 100, Errors: bad}
	}
	for name, c := range map[string]struct {
		all      []load
		deps     []store.Dependency
		origin   string
		affected string
	}{
		"none fails":         {nil, []store.Dependency{dep("a", "b", 0)}, "", ""},
		"the last of three":  {fail("a", "b", "c"), []store.Dependency{dep("a", "b", 9), dep("b", "c", 9)}, "c", "a b"},
		"two places":         {fail("a", "b", "c"), []store.Dependency{dep("a", "b", 9), dep("a", "c", 9)}, "", ""},
		"a circle":           {fail("a", "b"), []store.Dependency{dep("a", "b", 9), dep("b", "a", 9)}, "", ""},
		"to itself":          {fail("a"), []store.Dependency{dep("a", "a", 9)}, "a", ""},
		"a healthy one asks": {fail("a"), []store.Dependency{dep("b", "a", 9), dep("", "a", 9)}, "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := originOf(c.all, c.deps)
			if c.origin == "" {
				if got != nil {
					t.Fatalf("got %+v", got)
				}
				return
			}
			if got == nil || got.load.red.Service != c.origin || strings.Join(got.affected, " ") != c.affected {
				t.Errorf("got %+v, want %s, %s", got, c.origin, c.affected)
			}
		})
	}
}

// TestMapOfManyServices looks whether nothing lies on anything else.
func TestMapOfManyServices(t *testing.T) {
	d := &shopDoors{}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 50 {
		d.red = append(d.red, red(fmt.Sprint("service-", i), points(int64(1+i), 60, 0, time.Millisecond)))
		for range 2 {
			d.deps = append(d.deps, store.Dependency{Caller: fmt.Sprint("service-", i/2), Callee: fmt.Sprint("service-", min(49, i+r.IntN(5))), Calls: 60})
		}
	}
	p, err := New(Options{Traces: d, Graph: d})
	if err != nil {
		t.Fatal(err)
	}
	st := State{Now: halfPastTwo, Range: store.Between(halfPastTwo.Add(-time.Hour), halfPastTwo), Kept: time.Hour}
	m := p.serviceMap(t.Context(), st, &servicesAnswers{red: d.red, deps: d.deps, step: time.Minute}, loads(d.red, st))
	if len(m.Nodes) != 50 || len(m.Edges) < 50 {
		t.Fatalf("%d nodes, %d edges", len(m.Nodes), len(m.Edges))
	}
	labels := 0
	for _, e := range m.Edges {
		labels += boolInt(!e.Label.Crowded)
	}
	if labels < len(m.Edges)/2 {
		t.Errorf("%d of %d edges say something", labels, len(m.Edges))
	}
	for _, wide := range []float64{1, 1.2, 2} {
		wide *= float64(m.Width)
		s := &sheet{t: t, wide: wide, high: float64(m.Height)}
		for _, n := range m.Nodes {
			s.put(n.Name, n.X, n.Y, nodeWidth, nodeHeight)
		}
		for _, e := range m.Edges {
			if !e.Label.Crowded {
				s.put(e.Title, e.Label.X, e.Label.Y, e.Label.Width, labelHeight)
			}
		}
	}
}

func TestCurve(t *testing.T) {
	p := &paper{columns: 3, least: leastMapWidth, widest: widestMap, width: nodeWidth, row: rowHeight, top: mapMargin}
	c := p.curve([]layers.Point{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 0.5}})
	for share, want := range map[float64][2]float64{0: {p.x(0) + 3.7, p.y(0)}, 0.5: {50, p.y(1)}, 1: {p.x(2) - 3.7, p.y(0.5)}} {
		if x, y := c.point(share); math.Abs(x-want[0]) > 1e-9 || y != want[1] {
			t.Errorf("at %v: got %v, %v, want %v", share, x, y, want)
		}
	}
	if c.back || !p.curve([]layers.Point{{X: 2}, {X: 1}}).back {
		t.Error("the direction is wrong")
	}
	if got := c.svg(); !strings.HasPrefix(got, "M") || strings.Count(got, "C") != 2 {
		t.Errorf("got %s", got)
	}
}

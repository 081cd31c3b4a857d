package pages

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// points makes 60 minutes of requests that fail with a share from a minute on.
func points(perMinute int64, failFrom int, bad float64, p95 time.Duration) []store.REDPoint {
	out := make([]store.REDPoint, 60)
	for i := range out {
		out[i] = store.REDPoint{Start: halfPastTwo.Add(time.Duration(i-60) * time.Minute).UnixNano(), Requests: perMinute, P95: p95}
		if i >= failFrom {
			out[i].Errors = int64(float64(perMinute) * bad)
		}
	}
	return out
}

func red(service string, pts []store.REDPoint) store.RED {
	r := store.RED{Service: service, Points: pts, P95: pts[0].P95}
	for _, p := range pts {
		r.Requests, r.Errors = r.Requests+p.Requests, r.Errors+p.Errors
	}
	return r
}

func incident() *overviewDoors {
	records := []store.Record{}
	for i := range 40 {
		records = append(records, store.Record{
			Time: halfPastTwo.Add(-time.Duration(i+2) * time.Second).UnixNano(), Level: store.LevelError, Service: "planner-api",
			Body: store.String(fmt.Sprintf("db pool: timed out after %dms waiting for <b>user</b> %d", 100+i, i)),
		})
	}
	return &overviewDoors{
		records: records,
		volume:  []store.LogBucket{{Start: halfPastTwo.Add(-time.Minute).UnixNano(), Counts: [7]int64{3: 1200, 4: 30, 5: 40}}},
		red: []store.RED{
			red("planner-web", points(60, 60, 0, 20*time.Millisecond)),
			red("planner-api", points(100, 34, 0.05, 71*time.Millisecond)),
		},
		active: []ActiveAlert{{Name: "HighErrorRate", Service: "planner-api", Summary: "planner-api fails 5 %", Value: "5 %", Firing: true, Since: halfPastTwo.Add(-20 * time.Minute)}},
		state: &Appliance{
			Started: halfPastTwo.Add(-3 * time.Hour), Memory: 112e6,
			Logs: Pillar{Usage: store.Usage{Items: 1270, Bytes: 96e3}, Rate: 21, Retention: 720 * time.Hour},
		},
	}
}

func TestOverviewSaysWhatFailsSinceWhen(t *testing.T) {
	status, header, page := pageOf(t, newPages(t, incident().options()), "/")
	if status != http.StatusOK {
		t.Fatalf("got %d: %s", status, page)
	}
	wants(t, page,
		"planner-api fails 5.0 % of requests since 14:06",
		"Before that it was 0 %. 1 other service is healthy.",
		"1,270 lines", "error 40",
		"HighErrorRate", "1 firing", "planner-api fails 5 %; firing 20 min",
		"40 lines read as 1", "<i>‹dur›</i>", "!<b>user</b>",
		"21 lines/s", "Appliance healthy", "112 MB memory, up 3 h",
	)
	if strings.Index(page, `id="svc-planner-api"`) > strings.Index(page, `id="svc-planner-web"`) {
		t.Error("the worst service does not come first")
	}
	if got := header.Get("Content-Security-Policy"); got != Policy() {
		t.Errorf("policy: got %q", got)
	}
}

func TestOverviewNamesTheOtherServiceThatFails(t *testing.T) {
	d := incident()
	d.red[0] = red("planner-web", points(100, 34, 0.03, 71*time.Millisecond))
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "planner-api fails 5.0 %", "planner-web fails as well.")
}

func TestOverviewLeadsWithTheOrigin(t *testing.T) {
	d := incident()
	d.red[0] = red("planner-web", points(100, 34, 0.07, 71*time.Millisecond)) // worse than what it calls
	o := d.options()
	o.Graph = &shopDoors{deps: []store.Dependency{{Caller: "planner-web", Callee: "planner-api", Calls: 100, Errors: 7}}}
	_, _, page := pageOf(t, newPages(t, o), "/")
	wants(t, page, "planner-api fails 5.0 % of requests since 14:06", "planner-web forwards its failures.", "!fails as well")
}

func TestOverviewIsCalmWhenNothingIsWrong(t *testing.T) {
	d := incident()
	d.records, d.active = []store.Record{}, []ActiveAlert{}
	d.red = d.red[:1]
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "planner-web answers normally", "No alert is firing or pending", "Nothing is firing or pending", "No errors in this time range", "!verdict warn", "!verdict err")
}

func TestOverviewNamesAnAlertWhenNoServiceFails(t *testing.T) {
	d := incident()
	d.red = d.red[:1]
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "HighErrorRate is firing for planner-api since 14:12", `class="verdict warn"`)
}

func TestOneFailedDoorLeavesTheOthers(t *testing.T) {
	cases := map[string]struct {
		breakIt func(*overviewDoors)
		says    []string
	}{
		"volume": {func(d *overviewDoors) { d.volume = nil }, []string{"Log volume is not known", "planner-api fails", "HighErrorRate"}},
		"errors": {func(d *overviewDoors) { d.records = nil }, []string{"Errors are not known", "planner-api fails", "1,270 lines"}},
		"red":    {func(d *overviewDoors) { d.red = nil }, []string{"Services are not known", "!answer normally", "!class=\"verdict", "1,270 lines"}},
		"alerts": {func(d *overviewDoors) { d.active = nil }, []string{"Alerts are not known", "planner-api fails"}},
		"status": {func(d *overviewDoors) { d.state = nil }, []string{"Storage is not known", "planner-api fails"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := incident()
			c.breakIt(d)
			status, _, page := pageOf(t, newPages(t, d.options()), "/")
			if status != http.StatusOK {
				t.Errorf("got %d", status)
			}
			wants(t, page, c.says...)
		})
	}
}

func TestOverviewWithoutDoors(t *testing.T) {
	status, _, page := pageOf(t, newPages(t, Options{}), "/")
	if status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	wants(t, page, "This part of the appliance is not running.", "!answer normally")
}

func TestTheFirstMinuteShowsHowToSend(t *testing.T) {
	d := &overviewDoors{records: []store.Record{}, volume: []store.LogBucket{}, red: []store.RED{}, active: []ActiveAlert{}, state: &Appliance{Started: halfPastTwo, HTTP: "127.0.0.1:7333", OTLPGRPC: "127.0.0.1:4317"}}
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "Tripod is listening. Send it something.", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", "!No errors in")
}

func TestAnEmptyRangeOffersTheOneThatHasData(t *testing.T) {
	d := incident()
	d.volume = []store.LogBucket{{Start: halfPastTwo.UnixNano()}}
	d.state.Logs.Newest = halfPastTwo.Add(-48 * time.Hour).UnixNano()
	_, _, page := pageOf(t, newPages(t, d.options()), "/?from=now-5m")
	wants(t, page, "No lines in this time range", "Newest line: Tue 14:32")
}

func TestTheScopeLimitsEveryQuestion(t *testing.T) {
	d := incident()
	var asked []store.LogQuery
	d.asked = &asked
	_, _, page := pageOf(t, newPages(t, d.options()), "/?service=planner-web&from=now-6h")
	wants(t, page, `id="svc-planner-web"`, `!id="svc-planner-api"`, "!HighErrorRate", "planner-web answers normally",
		"/logs?from=now-6h&amp;service=planner-web")
	if len(asked) != 2 || asked[0].Narrow != "service:planner-web" || asked[1].Narrow != "service:planner-web" {
		t.Errorf("asked %+v", asked)
	}
}

func TestTheReasonOfAnErrorIsPartOfItsPattern(t *testing.T) {
	d := incident()
	d.records = []store.Record{{
		Time: halfPastTwo.Add(-time.Second).UnixNano(), Level: store.LevelError, Service: "planner-api", Body: store.String("request failed"),
		Attrs: store.Attrs{{Key: "err.message", Value: store.String("no column note_3 in tasks")}},
	}}
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "request failed: no column note_", "q=level%3A%3E%3Derror+msg.pattern%3A%22request+failed%22")
}

func TestOnset(t *testing.T) {
	pt := func(req, errs int64) store.REDPoint { return store.REDPoint{Requests: req, Errors: errs} }
	cases := map[string]struct {
		points []store.REDPoint
		want   int
	}{
		"never":                    {[]store.REDPoint{pt(9, 0), pt(9, 0)}, 2},
		"always":                   {[]store.REDPoint{pt(9, 1), pt(9, 1)}, 0},
		"from the middle":          {[]store.REDPoint{pt(9, 0), pt(9, 0), pt(9, 1), pt(9, 1)}, 2},
		"with one good point":      {[]store.REDPoint{pt(9, 0), pt(9, 0), pt(9, 1), pt(9, 0), pt(9, 1)}, 2},
		"and over again":           {[]store.REDPoint{pt(9, 1), pt(9, 1), pt(9, 0), pt(9, 0)}, 4},
		"through a quiet time":     {[]store.REDPoint{pt(9, 0), pt(9, 0), pt(9, 1), pt(0, 0), pt(0, 0), pt(9, 1)}, 2},
		"without a single request": {[]store.REDPoint{pt(0, 0), pt(0, 0)}, 2},
	}
	for name, c := range cases {
		if got := onset(c.points); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestFewErrorsAreNoVerdict(t *testing.T) {
	r := red("quiet", points(0, 0, 0, 0))
	r.Points[59].Requests, r.Points[59].Errors = 2, 2
	r.Requests, r.Errors = 2, 2
	if l := judge(r, store.Between(halfPastTwo.Add(-time.Hour), halfPastTwo)); l.failing {
		t.Errorf("two requests made a verdict: %+v", l)
	}
}

func TestSlowIsComparedWithUsual(t *testing.T) {
	pts := points(100, 60, 0, 71*time.Millisecond)
	for i := 52; i < 60; i++ {
		pts[i].P95 = 1410 * time.Millisecond
	}
	d := incident()
	d.active = []ActiveAlert{}
	d.red = []store.RED{red("planner-api", pts)}
	_, _, page := pageOf(t, newPages(t, d.options()), "/")
	wants(t, page, "planner-api answers slowly: p95 1.41 s, usually 71 ms")
}

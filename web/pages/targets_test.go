package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func scraped(pool, host, err string) store.Target {
	return store.Target{
		Pool: pool, URL: "http://" + host + "/metrics", Up: err == "", Error: err, Scraped: halfPastTwo.UnixNano(), Took: time.Millisecond, Samples: 7,
		Labels: map[string]string{"job": pool, "instance": host, "env": "prod"}, Discovered: map[string]string{"__address__": host, "__meta_filepath": "t.json"},
	}
}

func TestTargetsAreFoundByStateAndText(t *testing.T) {
	a := appliance()
	a.Targets = []store.Target{
		scraped("node", "a:9100", ""), scraped("node", "b:9100", "dial tcp: connection refused"), scraped("api", "c:8080", ""),
		{Pool: "api", URL: "http://d:8080/metrics"},
	}
	h := newPages(t, Options{Status: &overviewDoors{state: a}})
	for query, want := range map[string]string{
		"":                         "b d c a",
		"?state=down":              "b",
		"?state=up":                "c a",
		"?state=waiting":           "d",
		"?q=NODE":                  "b a",
		"?q=refused":               "b",
		"?q=api+env%3Dprod":        "c",
		"?state=up&q=node":         "a",
		"?q=nothing+has+such+name": "",
	} {
		status, _, page := pageOf(t, h, "/status/targets"+query)
		var got []string
		for at := 0; ; {
			i := strings.Index(page[at:], `title="http://`)
			if i < 0 {
				break
			}
			at += i + len(`title="http://`)
			got = append(got, page[at:at+1])
		}
		if status != http.StatusOK || strings.Join(got, " ") != want {
			t.Errorf("%q: %d, %q, want %q", query, status, got, want)
		}
		if (want == "") != strings.Contains(page, "No target matches") {
			t.Errorf("%q: the empty state is wrong", query)
		}
	}
	_, _, page := pageOf(t, h, "/status/targets")
	wants(t, page, "All 4", "Down 1", "Up 2", "Waiting 1", "env=prod")
	if strings.Contains(page, "Scrape your own programs") {
		t.Error("tells how to scrape, and something is scraped")
	}
}

func TestTargetThatIsOpen(t *testing.T) {
	a := appliance()
	bad := scraped("node", "b:9100", `Get "http://b:9100/metrics": dial tcp: connection refused`)
	a.Targets = []store.Target{bad}
	_, _, page := pageOf(t, newPages(t, Options{Status: &overviewDoors{state: a}}), "/status/targets?sel="+url.QueryEscape(targetName(bad)))
	wants(t, page, "Nothing listens at b:9100", "__meta_filepath", "t.json", "As it was discovered", "/graph?", "job%3D%22node%22", "connection refused")
}

func TestAdvice(t *testing.T) {
	for msg, want := range map[string]string{
		"dial tcp: lookup x: no such host":                                        "cannot be resolved",
		"unexpected status code returned when scraping \"x\": 401; expecting 200": "basic_auth",
		"unexpected status code returned when scraping \"x\": 404; expecting 200": "metrics_path",
		"net/http: request canceled (Client.Timeout exceeded)":                    "scrape_timeout",
		"x509: certificate signed by unknown authority":                           "ca_file",
		"the response from x exceeds sample_limit=2":                              "sample_limit",
		"something new": "curl 'http://b/metrics'",
	} {
		if got := strings.Join(advice(scraped("x", "b", msg)), " "); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", msg, got, want)
		}
	}
}

func TestTargetsOfWhomNothingIsTheUsers(t *testing.T) {
	a := appliance()
	a.Targets = []store.Target{scraped("tripod", "a:1", ""), scraped("host", "vm", "")}
	a.Notes = []string{"Control groups cannot be seen."}
	_, _, page := pageOf(t, newPages(t, Options{Status: &overviewDoors{state: a}}), "/status/targets")
	wants(t, page, "Scrape your own programs", "job_name: my-app", "Control groups cannot be seen.")
}

// A thousand targets are listed up to a bound, and the one that is open always.
func TestManyTargetsAreBounded(t *testing.T) {
	a := appliance()
	a.Targets = nil
	for i := range 1000 {
		a.Targets = append(a.Targets, scraped("node", fmt.Sprintf("n%03d:9100", i), ""))
	}
	h := newPages(t, Options{Status: &overviewDoors{state: a}})
	_, _, page := pageOf(t, h, "/status/targets?sel="+url.QueryEscape("node http://n999:9100/metrics"))
	wants(t, page, "All 1,000", "699 further targets not shown", "n000:9100", "n999:9100")
	_, _, page = pageOf(t, h, "/status")
	wants(t, page, "988 further targets", "1000 up")
}

type cardinalityDoor struct {
	c    store.Cardinality
	slow []store.SlowQuery
	err  error
}

func (d cardinalityDoor) Cardinality(context.Context, int) (store.Cardinality, error) {
	return d.c, d.err
}
func (d cardinalityDoor) SlowQueries() []store.SlowQuery { return d.slow }

func TestCardinalityPage(t *testing.T) {
	d := cardinalityDoor{
		c: store.Cardinality{
			Series: 12318, Max: 200_000, New: 400, Since: halfPastTwo.Add(-time.Hour), Names: 3, Refused: 5,
			Metrics: []store.MetricSeries{
				{Name: "http_requests_total", Series: 1284, New: 300, Samples: 9000, Bytes: 12_000, Label: "user_id", Values: 192},
				{Name: "odd.name", Series: 12, Samples: 12},
			},
			Labels: []store.LabelSeries{{Name: "user_id", Values: 192}, {Name: "http.route", Values: 4}},
			Pairs:  []store.PairSeries{{Name: "job", Value: `a"b`, Series: 900}},
		},
		slow: []store.SlowQuery{{Text: "sum(rate(x[5m]))", At: halfPastTwo.Add(-time.Minute), Took: 1200 * time.Millisecond, Samples: 4_000_000, Range: time.Hour, Failed: "it was <stopped>"}},
	}
	h := newPages(t, Options{Cardinality: d, Status: &overviewDoors{state: appliance()}})
	_, _, page := pageOf(t, h, "/status/cardinality")
	wants(t, page,
		"12,318", "of 200,000 that --max-series allows", "New in 1 h", `t-warn b">300`, "192 values", "12", "KB", "%7B%22odd.name%22%7D",
		"%22http.route%22", `job%3D%22a%5C%22b%22`, "sum(rate(x[5m]))", "1.2", "4,000,000", "1 min ago", "it was &lt;stopped&gt;", "samples of series that were too many")
	_, _, page = pageOf(t, h, "/status")
	wants(t, page, "12,318 series of 200,000", "http_requests_total", "300 new", "/status/cardinality")
	_, _, page = pageOf(t, newPages(t, Options{}), "/status/cardinality")
	wants(t, page, "The series cannot be counted")
}

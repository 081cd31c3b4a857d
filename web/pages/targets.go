package pages

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// maxTargetRows bounds the list; a search finds the others.
const maxTargetRows = 300

// churnFrom is from how many new series an hour on a target or a metric is
// marked, if that is a tenth of its series as well.
const churnFrom = 50

// ownPools are the jobs of the appliance itself.
var ownPools = []string{"tripod", "planner", "host"}

func (p *Pages) targetsPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(10 * time.Second)
	pg := p.page(r.Context(), st, "status", "Appliance", "status.css")
	pg.Crumbs = []ui.Crumb{{Text: "Appliance", Href: st.Carry().Href("/status")}, {Text: "Targets"}}
	a, err := p.appliance(r.Context())
	s := p.targetsModel(st, a, p.targetSeries(r.Context(), st.Now))
	if err != nil {
		s.Failed = p.reason(r.Context(), "targets", err)
	}
	return p.show(w, r, pg, screens.TargetsScreen(s))
}

// statusTabs are the appliance's screens.
func statusTabs(st State) []ui.Tab {
	tabs := []ui.Tab{{Text: "Overview", Href: "/status"}, {Text: "Targets", Href: "/status/targets"}, {Text: "Cardinality", Href: "/status/cardinality"}}
	for i := range tabs {
		tabs[i].On = tabs[i].Href == st.Path
		tabs[i].Href = st.Carry().Href(tabs[i].Href)
	}
	return tabs
}

// seriesOfTarget is what promscrape's own series tell of one.
type seriesOfTarget struct {
	series, new float64
	known       bool
}

func targetKey(labels map[string]string) string { return labels["job"] + "\xff" + labels["instance"] }

// targetSeries asks for the series of every target and the new ones of the last
// hour; nothing when they cannot be known.
func (p *Pages) targetSeries(ctx context.Context, now time.Time) map[string]seriesOfTarget {
	out := map[string]seriesOfTarget{}
	if p.o.Metrics == nil {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	ask := func(expr string, set func(*seriesOfTarget, float64)) {
		m, _, _, err := p.o.Metrics.Measured(ctx, expr, now, now, time.Second)
		if err != nil {
			return
		}
		for _, s := range m {
			if len(s.Floats) == 0 {
				continue
			}
			key := s.Metric.Get("job") + "\xff" + s.Metric.Get("instance")
			x := out[key]
			x.known = true
			set(&x, s.Floats[0].F)
			out[key] = x
		}
	}
	ask(`max by (job, instance) (scrape_samples_post_metric_relabeling or scrape_samples_scraped{job="host"})`, func(s *seriesOfTarget, v float64) { s.series = v })
	ask(`max by (job, instance) (sum_over_time(scrape_series_added[1h]))`, func(s *seriesOfTarget, v float64) { s.new = v })
	return out
}

// targetName names the open row: several jobs may scrape one URL.
func targetName(t store.Target) string { return t.Pool + " " + t.URL }

// urgency is the order of states.
var urgency = map[string]int{"down": 0, "waiting": 1, "up": 2}

// worstFirst sorts down before up, then by job and URL.
func worstFirst(targets []store.Target) []store.Target {
	out := slices.Clone(targets)
	slices.SortStableFunc(out, func(x, y store.Target) int {
		return cmp.Or(cmp.Compare(urgency[targetState(x)], urgency[targetState(y)]), cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.URL, y.URL))
	})
	return out
}

func targetState(t store.Target) string {
	switch {
	case t.Scraped == 0:
		return "waiting"
	case t.Up:
		return "up"
	}
	return "down"
}

// mentions says whether a target has the words of a search, in any case.
func mentions(t store.Target, find string) bool {
	text := strings.ToLower(t.URL + " " + t.Pool + " " + t.Error + " " + targetLabels(t))
	for word := range strings.FieldsSeq(strings.ToLower(find)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// targetLabels are those of a target that no column shows.
func targetLabels(t store.Target) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
		if value := t.Labels[name]; name != "job" && !(name == "instance" && strings.Contains(t.URL, value)) {
			out = append(out, name+"="+value)
		}
	}
	return strings.Join(out, " ")
}

func (p *Pages) targetsModel(st State, a Appliance, series map[string]seriesOfTarget) screens.Targets {
	s := screens.Targets{
		Tabs: statusTabs(st), Find: st.Query, Path: st.Path, Notes: a.Notes, Keep: st.Hidden("q", "sel"),
	}
	state := st.Values.Get("state")
	counts := map[string]int{}
	own := true
	for _, t := range worstFirst(a.Targets) {
		own = own && slices.Contains(ownPools, t.Pool)
		if !mentions(t, st.Query) {
			continue
		}
		counts[targetState(t)]++
		if state != "" && state != targetState(t) {
			continue
		}
		if len(s.Rows) < maxTargetRows || targetName(t) == st.Sel {
			s.Rows = append(s.Rows, p.fullTargetRow(st, t, series[targetKey(t.Labels)]))
		}
	}
	shown := counts[state]
	if state == "" {
		shown = counts["up"] + counts["down"] + counts["waiting"]
	}
	if rest := shown - len(s.Rows); rest > 0 {
		s.More = plural(rest, "further target") + " not shown; the search finds them."
	}
	s.States = targetStates(st, state, counts)
	if state != "" || st.Query != "" {
		s.Clear = st.Without("state", "q", "sel")
	}
	if own {
		s.Add = &screens.Snippet{Code: scrapeSnippet, Note: "Discovery by files, DNS, Docker, Kubernetes, Consul and others works as in Prometheus; read the file again with kill -HUP, or POST /-/reload."}
	}
	return s
}

const scrapeSnippet = `# tripod.yaml
scrape_configs:
  - job_name: my-app
    scrape_interval: 15s
    static_configs:
      - targets: ['127.0.0.1:3000']`

func targetStates(st State, on string, counts map[string]int) []ui.Tab {
	all := counts["up"] + counts["down"] + counts["waiting"]
	tabs := []ui.Tab{{Text: fmt.Sprintf("All %s", chart.Count(int64(all))), Href: st.Without("state", "sel"), On: on == ""}}
	for _, state := range []string{"down", "up", "waiting"} {
		if n := counts[state]; n > 0 || state != "waiting" || on == state {
			word := strings.ToUpper(state[:1]) + state[1:]
			tabs = append(tabs, ui.Tab{Text: word + " " + chart.Count(int64(n)), Href: st.With("state", state, "sel", ""), On: on == state})
		}
	}
	return tabs
}

func (p *Pages) fullTargetRow(st State, t store.Target, series seriesOfTarget) screens.TargetRow {
	row := p.targetRow(t, st.Now)
	row.ID = "t-" + url.QueryEscape(targetName(t))
	row.Labels = cmp.Or(targetLabels(t), chart.Dash)
	row.Series, row.New = chart.Dash, chart.Dash
	if series.known {
		row.Series, row.New = chart.Count(int64(series.series)), chart.Count(int64(series.new))
		row.Churns = series.new >= churnFrom && series.new > 2*series.series // those there are were new once
	}
	row.Href = st.With("sel", targetName(t))
	if st.Sel == targetName(t) {
		row.Href = st.Without("sel")
		row.Detail = &screens.TargetDetail{
			URL: t.URL, Error: t.Error, Labels: params(t.Labels), Discovered: params(t.Discovered),
			Series: st.Carry().Href("/graph", "q", fmt.Sprintf("{job=%q, instance=%q}", t.Labels["job"], t.Labels["instance"])), Close: st.Without("sel"),
		}
		if t.Error != "" {
			row.Detail.Advice = advice(t)
		}
	}
	return row
}

func params(labels map[string]string) []ui.Param {
	var out []ui.Param
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, ui.Param{Name: name, Value: labels[name]})
	}
	return out
}

// advices are what to look at, by what an error says.
var advices = []struct{ says, do string }{
	{"connection refused", "Nothing listens at {host}: is the program running, and on this address and port?"},
	{"no such host", "The name in {host} cannot be resolved on this machine."},
	{"no route to host", "This machine cannot reach {host}: look at the network and at firewalls."},
	{"network is unreachable", "This machine cannot reach {host}: look at the network and at firewalls."},
	{"Client.Timeout", "It does not answer in time: open {url} by hand, and set scrape_timeout (at most the scrape_interval) if it is slow by nature."},
	{"deadline exceeded", "It does not answer in time: open {url} by hand, and set scrape_timeout (at most the scrape_interval) if it is slow by nature."},
	{"status code returned when scraping", "It answers, but not with metrics; the error has its status code."},
	{"401", "It wants to know who asks: set basic_auth or authorization in the job."},
	{"403", "It refuses the caller: look at basic_auth or authorization in the job."},
	{"404", "It has no such page: set metrics_path in the job."},
	{"certificate", "Its certificate is not trusted here: set tls_config with ca_file in the job."},
	{"first record does not look like a TLS", "It speaks plain HTTP: set scheme: http in the job."},
	{"HTTP request to an HTTPS", "It speaks HTTPS: set scheme: https in the job."},
	{"exceeds -promscrape.maxScrapeSize", "Its answer is too large: set body_size_limit in the job, or ask it for less with params."},
	{"sample_limit", "It tells more samples than sample_limit of its job allows; what tells so many is on Cardinality."},
	{"label_limit", "It has series with more labels than label_limit of its job allows."},
	{"target_limit", "Its job finds more targets than its target_limit allows: none of them is kept until there are fewer."},
	{"length_limit", "A label is longer than its job allows; metric_relabel_configs can shorten or drop it."},
	{"cannot parse", "What it answers is no text of metrics."},
}

func advice(t store.Target) []string {
	host := t.URL
	if u, err := url.Parse(t.URL); err == nil && u.Host != "" {
		host = u.Host
	}
	var out []string
	for _, a := range advices {
		if strings.Contains(t.Error, a.says) {
			do := strings.NewReplacer("{host}", host, "{url}", t.URL).Replace(a.do)
			if !slices.Contains(out, do) {
				out = append(out, do)
			}
		}
	}
	if len(out) == 0 {
		out = []string{fmt.Sprintf("Try it from this machine: curl '%s'", t.URL)}
	}
	return out
}

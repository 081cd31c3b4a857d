package promapi

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
)

type target struct {
	Discovered map[string]string `json:"discoveredLabels"`
	Labels     map[string]string `json:"labels"`
	Pool       string            `json:"scrapePool"`
	URL        string            `json:"scrapeUrl"`
	GlobalURL  string            `json:"globalUrl"`
	Error      string            `json:"lastError"`
	Scraped    time.Time         `json:"lastScrape"`
	Took       float64           `json:"lastScrapeDuration"` // seconds
	Health     string            `json:"health"`
	Interval   string            `json:"scrapeInterval"`
	Timeout    string            `json:"scrapeTimeout"`
}

type droppedTarget struct {
	Discovered map[string]string `json:"discoveredLabels"`
	Pool       string            `json:"scrapePool"`
}

// targets takes its parameters from the query alone, and counts the dropped
// ones of all pools, both as Prometheus does.
func (a *API) targets(r *http.Request) (answer, error) {
	out := struct {
		Active  []target        `json:"activeTargets"`
		Dropped []droppedTarget `json:"droppedTargets"`
		Counts  map[string]int  `json:"droppedTargetCounts"`
	}{[]target{}, []droppedTarget{}, nil}
	q := r.URL.Query()
	state, pool := strings.ToLower(q.Get("state")), q.Get("scrapePool")
	any := state == "" || state == "any"
	if any || state == "active" {
		for _, t := range a.active() {
			if pool == "" || pool == t.Pool {
				out.Active = append(out.Active, newTarget(t))
			}
		}
	}
	if any || state == "dropped" {
		out.Counts = map[string]int{}
		for _, p := range a.pools() {
			out.Counts[p] = 0
		}
		for _, t := range a.dropped() {
			out.Counts[t.Pool]++
			if pool == "" || pool == t.Pool {
				out.Dropped = append(out.Dropped, droppedTarget{t.Discovered, t.Pool})
			}
		}
	}
	return answer{data: value(out)}, nil
}

func (a *API) active() []store.Target {
	if a.d.Scraper == nil {
		return nil
	}
	return byPool(a.d.Scraper.Targets())
}

func (a *API) dropped() []store.Target {
	if a.d.Scraper == nil {
		return nil
	}
	return byPool(a.d.Scraper.Dropped())
}

func (a *API) pools() []string {
	if a.d.Scraper == nil {
		return []string{}
	}
	return slices.Sorted(slices.Values(a.d.Scraper.Pools()))
}

func byPool(list []store.Target) []store.Target {
	slices.SortStableFunc(list, func(x, y store.Target) int {
		return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.URL, y.URL))
	})
	return list
}

func newTarget(t store.Target) target {
	out := target{
		Discovered: filled(t.Discovered), Labels: filled(t.Labels), Pool: t.Pool, URL: t.URL, GlobalURL: t.URL,
		Error: t.Error, Took: t.Took.Seconds(), Health: "down",
		Interval: t.Discovered["__scrape_interval__"], Timeout: t.Discovered["__scrape_timeout__"],
	}
	switch {
	case t.Scraped == 0:
		out.Health = "unknown"
	case t.Up:
		out.Health = "up"
	}
	if t.Scraped != 0 {
		out.Scraped = time.Unix(0, t.Scraped).UTC()
	}
	return out
}

// filled is never null in JSON.
func filled(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (a *API) scrapePools(*http.Request) (answer, error) {
	return answer{data: value(map[string][]string{"scrapePools": append([]string{}, a.pools()...)})}, nil
}

type targetFamily struct {
	Target map[string]string `json:"target"`
	Family string            `json:"metric,omitempty"`
	Type   model.MetricType  `json:"type"`
	Help   string            `json:"help"`
	Unit   string            `json:"unit"`
}

// targetMetadata tells of each target the metadata of the metrics that it has
// sent lately. Metadata is kept by metric and not by target, so that two
// targets that say different things of one metric are told the newer.
func (a *API) targetMetadata(r *http.Request) (answer, error) {
	limit, err := number("limit", r, -1)
	if err != nil {
		return answer{}, err
	}
	var ms []*labels.Matcher
	if s := r.FormValue("match_target"); s != "" {
		if err := store.BoundQuery(s); err != nil {
			return answer{}, badParam("match_target", err)
		}
		if ms, err = a.parser.ParseMetricSelector(s); err != nil {
			return answer{}, badParam("match_target", err)
		}
	}
	out := []targetFamily{}
	for _, t := range a.active() {
		if limit >= 0 && len(out) >= limit {
			break
		}
		if !fits(t.Labels, ms) {
			continue
		}
		found, err := a.ofTarget(r, t, r.FormValue("metric"))
		if err != nil {
			return answer{}, executing(err)
		}
		out = append(out, found...)
	}
	return answer{data: value(out)}, nil
}

func fits(of map[string]string, ms []*labels.Matcher) bool {
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(of[m.Name]) })
}

// recent is how far back a target's metrics are looked for.
const recent = 5 * time.Minute

func (a *API) ofTarget(r *http.Request, t store.Target, metric string) ([]targetFamily, error) {
	known := a.d.Families.Metadata(metric)
	if len(known) == 0 {
		return nil, nil
	}
	sent, err := a.metricsOf(r, t)
	if err != nil {
		return nil, err
	}
	var out []targetFamily
	for _, family := range slices.Sorted(maps.Keys(known)) {
		if !sent[family] && !slices.ContainsFunc([]string{"_bucket", "_sum", "_count", "_total"}, func(part string) bool { return sent[family+part] }) {
			continue
		}
		md := known[family]
		f := targetFamily{Target: filled(t.Labels), Family: family, Type: md.Type, Help: md.Help, Unit: md.Unit}
		if metric != "" {
			f.Family = "" // it was in the question
		}
		out = append(out, f)
	}
	return out, nil
}

func (a *API) metricsOf(r *http.Request, t store.Target) (map[string]bool, error) {
	now := a.o.Now()
	q, err := a.d.Samples.Querier(now.Add(-recent).UnixMilli(), now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var ms []*labels.Matcher
	for name, v := range t.Labels {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, name, v))
	}
	names, _, err := q.LabelValues(r.Context(), labels.MetricName, nil, ms...)
	sent := map[string]bool{}
	for _, name := range names {
		sent[strings.Clone(name)] = true
	}
	return sent, err
}

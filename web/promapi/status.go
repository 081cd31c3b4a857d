package promapi

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/metadata"

	"tripod/store"
)

// metadata answers with one entry a metric: the newest word of its senders.
// limit_per_metric is read for its errors alone, and 0 means none there too.
func (a *API) metadata(r *http.Request) (answer, error) {
	limit := -1
	for name, n := range map[string]*int{"limit": &limit, "limit_per_metric": new(int)} {
		s := r.FormValue(name)
		if s == "" {
			continue
		}
		var err error
		if *n, err = strconv.Atoi(s); err != nil {
			return answer{}, badData(errors.New(name + " must be a number"))
		}
	}
	all := a.d.Families.Metadata(r.FormValue("metric"))
	out := map[string][]metadata.Metadata{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if limit >= 0 && len(out) >= limit {
			break
		}
		out[name] = []metadata.Metadata{all[name]}
	}
	return answer{data: value(out)}, nil
}

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

func (a *API) targets(r *http.Request) (answer, error) {
	out := struct {
		Active  []target       `json:"activeTargets"`
		Dropped []target       `json:"droppedTargets"`
		Counts  map[string]int `json:"droppedTargetCounts"`
	}{[]target{}, []target{}, map[string]int{}}
	state, pool := strings.ToLower(r.FormValue("state")), r.FormValue("scrapePool")
	if a.d.Targets != nil && (state == "" || state == "any" || state == "active") {
		for _, t := range a.d.Targets() {
			if pool == "" || pool == t.Pool {
				out.Active = append(out.Active, newTarget(t))
			}
		}
	}
	slices.SortStableFunc(out.Active, func(x, y target) int {
		return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.URL, y.URL))
	})
	return answer{data: value(out)}, nil
}

func newTarget(t store.Target) target {
	out := target{
		Discovered: t.Discovered, Labels: t.Labels, Pool: t.Pool, URL: t.URL, GlobalURL: t.URL,
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

// buildInfo has no "features": one that is not empty makes Grafana take the
// server for Mimir.
func (a *API) buildInfo(*http.Request) (answer, error) {
	return answer{data: value(map[string]string{
		"version": a.o.Version, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	})}, nil
}

func (a *API) healthy(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, "Tripod is healthy.\n")
}

func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	if a.d.Ready != nil {
		if err := a.d.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	io.WriteString(w, "Tripod is ready.\n")
}

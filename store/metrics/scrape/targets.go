package scrape

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"

	"tripod/store"
)

// Targets are all targets as they were at their last scrape, by job and URL.
// promscrape gives them out as Prometheus's JSON only.
func (m *Manager) Targets() []store.Target {
	var b bytes.Buffer
	promscrape.WriteAPIV1Targets(&b, "active", "")
	out, err := readTargets(b.Bytes(), func(ls map[string]string) string { return m.faults.get(targetKey(ls["job"], ls["instance"])) })
	if err != nil {
		m.failed(err)
	}
	return out
}

// readTargets reads promscrape's list; fault is what else is wrong with the
// target that has these labels.
func readTargets(b []byte, fault func(labels map[string]string) string) ([]store.Target, error) {
	var doc struct {
		Data struct {
			Active []struct {
				Discovered map[string]string `json:"discoveredLabels"`
				Labels     map[string]string `json:"labels"`
				Pool       string            `json:"scrapePool"`
				URL        string            `json:"scrapeUrl"`
				Error      string            `json:"lastError"`
				Scraped    time.Time         `json:"lastScrape"`
				Took       float64           `json:"lastScrapeDuration"` // seconds
				Samples    int               `json:"lastSamplesScraped"`
				Health     string            `json:"health"`
			} `json:"activeTargets"`
		} `json:"data"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("promscrape's list of targets: %w", err)
	}
	out := make([]store.Target, 0, len(doc.Data.Active))
	for _, t := range doc.Data.Active {
		x := store.Target{
			Pool: jobOf(t.Pool), URL: t.URL, Up: t.Health == "up", Error: t.Error, Samples: t.Samples,
			Took: time.Duration(t.Took * float64(time.Second)), Labels: t.Labels, Discovered: t.Discovered,
		}
		original(t.Discovered)
		if f := fault(t.Labels); f != "" && x.Up {
			x.Up, x.Error = false, f
		}
		if t.Scraped.Unix() > 0 { // one that was never scraped says 1970
			x.Scraped = t.Scraped.UnixNano()
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(x, y store.Target) int {
		return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.URL, y.URL))
	})
	return out, nil
}

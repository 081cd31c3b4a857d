package scrape

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"
	"gopkg.in/yaml.v3"

	"tripod/store"
)

// Dropped are the targets that relabelling dropped, at most the 1,000 newest,
// by job; of each only the pool and what was discovered are known.
func (m *Manager) Dropped() []store.Target {
	var b bytes.Buffer
	promscrape.WriteAPIV1Targets(&b, "dropped", "")
	out, err := readDropped(b.Bytes())
	if err != nil {
		m.failed(err)
	}
	return out
}

func readDropped(b []byte) ([]store.Target, error) {
	var doc struct {
		Data struct {
			Dropped []struct {
				Discovered map[string]string `json:"discoveredLabels"`
			} `json:"droppedTargets"`
		} `json:"data"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("promscrape's list of dropped targets: %w", err)
	}
	out := make([]store.Target, 0, len(doc.Data.Dropped))
	for _, t := range doc.Data.Dropped {
		original(t.Discovered)
		out = append(out, store.Target{Pool: t.Discovered["job"], Discovered: t.Discovered})
	}
	slices.SortStableFunc(out, func(x, y store.Target) int { return cmp.Compare(x.Pool, y.Pool) })
	return out, nil
}

// Pools are the names of the jobs of the configuration that runs, in its order.
func (m *Manager) Pools() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var doc struct {
		Jobs []struct {
			Name string `yaml:"job_name"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(m.given, &doc); err != nil {
		return nil // it was read before; what was good then is good now
	}
	out := make([]string, 0, len(doc.Jobs))
	for _, j := range doc.Jobs {
		out = append(out, j.Name)
	}
	return out
}

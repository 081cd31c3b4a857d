package scrape

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"
	"gopkg.in/yaml.v3"

	"tripod/store"
)

// crowds are the jobs with more targets than their target_limit, which
// promscrape does not know. As in Prometheus nothing of such a job is kept.
type crowds struct {
	mu     sync.Mutex
	limits map[string]int   // by job; only those that have one
	over   map[string]error // by targetKey
}

// countEvery is how late a job may be found to have too many targets.
const countEvery = 5 * time.Second

// targetLimits reads a configuration that was checked.
func targetLimits(config []byte) map[string]int {
	var doc struct {
		Global struct {
			Limit int `yaml:"target_limit"`
		}
		Jobs []struct {
			Name  string `yaml:"job_name"`
			Limit *int   `yaml:"target_limit"`
		} `yaml:"scrape_configs"`
	}
	if yaml.Unmarshal(config, &doc) != nil {
		return nil
	}
	out := map[string]int{}
	for _, j := range doc.Jobs {
		limit := doc.Global.Limit
		if j.Limit != nil {
			limit = *j.Limit
		}
		if limit > 0 {
			out[j.Name] = limit
		}
	}
	return out
}

func (c *crowds) set(limits map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = limits
	if len(limits) == 0 {
		c.over = nil
	}
}

// of is why nothing is kept of a target, nil when it is.
func (c *crowds) of(target string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over[target]
}

func (c *crowds) some() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.limits) > 0
}

// count takes all targets there are.
func (c *crowds) count(targets []store.Target) {
	n := map[string]int{}
	for _, t := range targets {
		n[t.Pool]++
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = map[string]error{}
	for _, t := range targets {
		if limit := c.limits[t.Pool]; limit > 0 && n[t.Pool] > limit {
			c.over[targetKey(t.Labels["job"], t.Labels["instance"])] = fmt.Errorf("job %s has %d targets, target_limit is %d", t.Pool, n[t.Pool], limit)
		}
	}
}

// watchCrowds counts the targets now and then, until ctx ends.
func (m *Manager) watchCrowds(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		if m.crowds.some() {
			var b bytes.Buffer
			promscrape.WriteAPIV1Targets(&b, "active", "")
			targets, err := readTargets(b.Bytes(), func(map[string]string) string { return "" })
			if err != nil {
				m.failed(err)
			}
			m.crowds.count(targets)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

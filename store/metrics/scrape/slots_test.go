package scrape

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// shared is a configuration as it runs: of each job that promscrape sees its
// offset and its targets.
type sharedJob struct {
	Name   string `yaml:"job_name"`
	Offset string `yaml:"scrape_offset"`
	Every  string `yaml:"scrape_interval"`
	Static []struct {
		Targets []string
		Labels  map[string]string
	} `yaml:"static_configs"`
	HTTP []any `yaml:"http_sd_configs"`
}

func runs(t *testing.T, config string) []sharedJob {
	t.Helper()
	if err := setFlags(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scrape.yaml")
	if _, err := writeConfig(path, []byte(config), "", nil); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Jobs []sharedJob `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(written, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Jobs
}

// moments are the offsets of the targets of a job.
func moments(jobs []sharedJob, name string) map[string]string {
	out := map[string]string{}
	for _, j := range jobs {
		for _, g := range j.Static {
			for _, target := range g.Targets {
				if jobOf(j.Name) == name && g.Labels["job"] == name {
					out[target] = j.Offset
				}
			}
		}
	}
	return out
}

func fleetOf(n int) string {
	var b strings.Builder
	b.WriteString("scrape_configs:\n- job_name: fleet\n  scrape_interval: 15s\n  static_configs:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {targets: ['10.0.0.%d:80'], labels: {n: '%d'}}\n", i%250, i)
	}
	return b.String()
}

func TestSlotsAreSharedEvenly(t *testing.T) {
	for _, c := range []struct{ targets, slots, most int }{{1, 1, 1}, {20, 3, 12}, {90, 3, 45}, {100, 6, 28}, {250, 12, 40}} {
		in := map[string]int{}
		for _, at := range moments(runs(t, fleetOf(c.targets)), "fleet") {
			in[at]++
		}
		if most := slices.Max(slices.Collect(maps.Values(in))); len(in) != c.slots || most > c.most {
			t.Errorf("%d targets are in %v", c.targets, in)
		}
	}
}

// TestSlotsLast: who adds a target moves no other one.
func TestSlotsLast(t *testing.T) {
	before, after := moments(runs(t, fleetOf(50)), "fleet"), moments(runs(t, fleetOf(60)), "fleet")
	for target, at := range before {
		if after[target] != at {
			t.Errorf("%s was scraped at %s and is at %s", target, at, after[target])
		}
	}
	if len(before) != 50 || len(after) != 60 {
		t.Errorf("%d and %d targets, want 50 and 60", len(before), len(after))
	}
	kept := 0
	for target, at := range moments(runs(t, fleetOf(192)), "fleet") { // of twice as many slots
		if before[target] == "" {
			continue
		}
		if kept++; jobOffset(before[target]) != jobOffset(at) {
			t.Errorf("%s was scraped at %s and is at %s, in the half of another slot", target, before[target], at)
		}
	}
	if kept != 50 {
		t.Errorf("%d of 50 targets are there when there are more", kept)
	}
}

// jobOffset is the third of the interval that an offset is in.
func jobOffset(at string) int {
	var s float64
	fmt.Sscanf(at, "%fs", &s)
	return int(s / 5)
}

func TestSlotsLeaveAlone(t *testing.T) {
	for what, c := range map[string]struct{ config, want string }{
		"a job that is only discovered":     {"- {job_name: a, http_sd_configs: [{url: 'http://127.0.0.1:1/'}]}", "[{a   [] [map[url:http://127.0.0.1:1/]]}]"},
		"a job with its own offset":         {"- {job_name: a, scrape_offset: 1s, static_configs: [{targets: [x, y]}]}", "[{a 1s  [{[x y] map[]}] []}]"},
		"an interval that is no duration":   {"- {job_name: a, scrape_interval: 1.5m, static_configs: [{targets: [x]}]}", "[{a  1.5m [{[x] map[]}] []}]"},
		"an anchor":                         {"- {job_name: a, static_configs: [{targets: &t [x]}, {targets: *t}]}", "[{a   [{[x] map[]} {[x] map[]}] []}]"},
		"no jobs":                           {" []", "[]"},
		"the discovered half of a job":      {"- {job_name: a, scrape_interval: 5s, http_sd_configs: [{url: 'http://127.0.0.1:1/'}], static_configs: [{targets: [x]}]}", "[{a  5s [] [map[url:http://127.0.0.1:1/]]} {a\x1f0 2.5s 5s [{[x] map[job:a]}] []}]"},
		"a label job that the user has set": {"- {job_name: a, scrape_interval: 5s, static_configs: [{targets: [x], labels: {job: b}}]}", "[{a\x1f0 2.5s 5s [{[x] map[job:b]}] []}]"},
	} {
		if got := fmt.Sprint(runs(t, "scrape_configs:\n"+c.config)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

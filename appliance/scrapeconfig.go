package appliance

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"tripod/store/metrics/scrape"
)

// scrapeConfig is Prometheus's configuration of our own two pages, followed by
// the user's jobs as they wrote them. Ours come over the loopback, where gzip
// would be more than half of what a scrape costs.
func (a *Appliance) scrapeConfig(users string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "global:\n  scrape_interval: %s\nscrape_configs:\n", a.o.ScrapeInterval)
	fmt.Fprintf(&b, "- job_name: tripod\n  disable_compression: true\n  metrics_path: /metrics\n  params:\n    \"collect[]\": [tripod]\n  static_configs:\n  - targets: [%q]\n", a.ownTarget())
	fmt.Fprintf(&b, "- job_name: planner\n  disable_compression: true\n  metrics_path: /planner/metrics\n  static_configs:\n  - targets: [%q]\n", a.ownTarget())
	b.WriteString(users)
	return b.Bytes()
}

// readJobs takes the list of scrape_configs, each job checked by itself so
// that a fault names the line of the user's file. It gives the list in block
// style, which can stand behind our own jobs, and what in it has no effect.
func readJobs(list *yaml.Node, path string) (_ string, notes []string, _ error) {
	if list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
		return "", nil, nil
	}
	if list.Kind != yaml.SequenceNode {
		return "", nil, fmt.Errorf("%s:%d: scrape_configs: want a list of jobs", path, list.Line)
	}
	if len(list.Content) == 0 {
		return "", nil, nil
	}
	var faults []error
	taken := map[string]bool{}
	for _, own := range ownJobs {
		taken[own] = true
	}
	for _, job := range list.Content {
		name := jobName(job)
		where := fmt.Sprintf("%s:%d: scrape_configs: job %q", path, job.Line, name)
		if taken[name] {
			faults = append(faults, fmt.Errorf("%s: there is a job of this name already", where))
		}
		taken[name] = true
		ignored, err := checkJob(job, filepath.Dir(path))
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", where, err))
		}
		for _, field := range ignored {
			notes = append(notes, fmt.Sprintf("%s:%d: scrape_configs: job %q: %s", path, lineOf(job, field), name, withoutEffect(field)))
		}
	}
	blockStyle(list)
	text, err := yaml.Marshal(list)
	return string(text), notes, errors.Join(append(faults, err)...)
}

// lineOf is that of the first key of this name in a job or below.
func lineOf(n *yaml.Node, key string) int {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i].Line
			}
		}
	}
	for _, in := range n.Content {
		if line := lineOf(in, key); line > 0 {
			return line
		}
	}
	return 0
}

func withoutEffect(field string) string {
	if kind, ok := strings.CutSuffix(field, "_sd_configs"); ok {
		return fmt.Sprintf("%s finds no targets here: the kinds that do are %s; not %s", field, strings.Join(scrape.Kinds(), ", "), kind)
	}
	return field + " has no effect here"
}

func jobName(job *yaml.Node) string {
	if job.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(job.Content); i += 2 {
			if job.Content[i].Value == "job_name" {
				return job.Content[i+1].Value
			}
		}
	}
	return ""
}

// generated are the parts of the scraper's words that speak of a text which
// the user did not write, or of flags that this program does not have.
var generated = regexp.MustCompile(`line \d+: |; pass -\S+.*$|^scrape configuration: `)

// checkJob names the fields of a job that the scraper does not know.
func checkJob(job *yaml.Node, base string) (ignored []string, _ error) {
	text, err := yaml.Marshal(map[string][]*yaml.Node{"scrape_configs": {job}})
	if err != nil {
		return nil, err
	}
	ignored, err = scrape.Check(text, base)
	if err != nil {
		return nil, errors.New(generated.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), ""))
	}
	return ignored, nil
}

func blockStyle(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode {
		n.Style &^= yaml.FlowStyle
	}
	for _, in := range n.Content {
		blockStyle(in)
	}
}

// scrapeLog takes the scraper's own words; its chatter at start and stop is
// of no use to anyone.
func (a *Appliance) scrapeLog(level, msg string) {
	switch strings.ToLower(level) {
	case "warn":
		a.log.Warn(msg, "part", "scrape")
	case "error", "fatal", "panic":
		a.log.Error(msg, "part", "scrape")
	default:
		a.log.Debug(msg, "part", "scrape")
	}
}

package scrape

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/auth"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"gopkg.in/yaml.v3"
)

// noSampleLimit is a bound that no scrape reaches. A job with a sample_limit is
// handed over in one piece, which a scrape needs to be refused as a whole.
const noSampleLimit = math.MaxInt32

// adapt writes in promscrape's words what Prometheus has others for. Bounds on
// the length of labels promscrape does not know: they travel as the tenant of
// the targets, which nothing else here uses, and come back with every scrape.
func adapt(doc *yaml.Node) error {
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	global := field(root, "global")
	jobs := field(root, "scrape_configs")
	if jobs == nil {
		return nil
	}
	for _, job := range jobs.Content {
		rename(job, "vultr_sd_configs", "vultr_configs")
		if err := adaptBody(job, global); err != nil {
			return err
		}
		name, err := bound(job, global, "label_name_length_limit")
		if err != nil {
			return err
		}
		value, err := bound(job, global, "label_value_length_limit")
		if err != nil {
			return err
		}
		if name > 0 || value > 0 {
			guardLengths(job, name, value)
		}
		if _, err := bound(job, global, "target_limit"); err != nil { // targetLimits reads it
			return err
		}
	}
	for _, key := range []string{"label_name_length_limit", "label_value_length_limit", "body_size_limit", "target_limit"} {
		remove(global, key)
	}
	return nil
}

// field is the value of a key, nil when there is none.
func field(n *yaml.Node, key string) *yaml.Node {
	if n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

func remove(n *yaml.Node, key string) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return
		}
	}
}

func rename(n *yaml.Node, from, to string) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == from {
				n.Content[i].Value = to
			}
		}
	}
}

// put sets a key of a mapping.
func put(n *yaml.Node, key, value string) {
	remove(n, key)
	n.Content = append(n.Content, scalar(key), scalar(value))
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// bound takes a number out of a job; where the job has none, the global one counts.
func bound(job, global *yaml.Node, key string) (int, error) {
	n := field(job, key)
	if n == nil {
		n = field(global, key)
	}
	if n == nil {
		return 0, nil
	}
	v, err := strconv.ParseUint(n.Value, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("line %d: %s %q: want a number from 0", n.Line, key, n.Value)
	}
	remove(job, key)
	return int(v), nil
}

// adaptBody: body_size_limit is max_scrape_size here, where MB are a million.
func adaptBody(job, global *yaml.Node) error {
	n := field(job, "body_size_limit")
	if n == nil {
		n = field(global, "body_size_limit")
	}
	if n == nil {
		return nil
	}
	size, err := binaryBytes(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: body_size_limit %q: %w", n.Line, n.Value, err)
	}
	remove(job, "body_size_limit")
	if size > 0 {
		put(job, "max_scrape_size", strconv.FormatInt(size, 10))
	}
	return nil
}

// binaryBytes reads sizes as Prometheus does: MB and MiB are 2^20 bytes.
func binaryBytes(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTPEiB")
	n, err := strconv.ParseFloat(digits, 64)
	unit := strings.TrimSuffix(strings.TrimSuffix(s[len(digits):], "B"), "i")
	power := strings.Index("KMGTPE", unit)
	if err != nil || n < 0 || len(unit) > 1 || power < 0 {
		return 0, fmt.Errorf("want a size such as 10MB")
	}
	if unit != "" {
		n *= math.Pow(1024, float64(power+1))
	}
	if n >= math.MaxInt64 {
		return 0, fmt.Errorf("want a size such as 10MB")
	}
	return int64(n), nil
}

func guardLengths(job *yaml.Node, name, value int) {
	rule := &yaml.Node{Kind: yaml.MappingNode}
	put(rule, "target_label", "__tenant_id__")
	put(rule, "replacement", fmt.Sprintf("%d:%d", name, value))
	rules := field(job, "relabel_configs")
	if rules == nil || rules.Kind != yaml.SequenceNode {
		rules = &yaml.Node{Kind: yaml.SequenceNode}
		job.Content = append(job.Content, scalar("relabel_configs"), rules)
	}
	rules.Content = append(rules.Content, rule)
	if n := field(job, "sample_limit"); n == nil || n.Value == "0" {
		put(job, "sample_limit", strconv.Itoa(noSampleLimit))
	}
}

// tooLong names the first label of a scrape that is longer than its job allows.
func tooLong(at *auth.Token, series []prompb.TimeSeries) error {
	if at == nil || at.AccountID == 0 && at.ProjectID == 0 {
		return nil
	}
	name, val := int(at.AccountID), int(at.ProjectID)
	for i := range series {
		if s := series[i].Samples; len(s) > 0 && value.IsStaleNaN(s[0].Value) {
			return nil // the end of what was kept before
		}
		for _, l := range series[i].Labels {
			switch {
			case name > 0 && len(l.Name) > name:
				return fmt.Errorf("the label name %.60q has %d bytes, label_name_length_limit is %d", l.Name, len(l.Name), name)
			case val > 0 && len(l.Value) > val:
				return fmt.Errorf("the value %.60q of label %s has %d bytes, label_value_length_limit is %d", l.Value, strings.Clone(l.Name), len(l.Value), val)
			}
		}
	}
	return nil
}

// faults are what is wrong with targets beside what promscrape says, and how
// often scrapes were refused for a limit.
type faults struct {
	mu      sync.Mutex
	of      map[string]string // by job and instance
	skipped map[string]int64  // by reason
}

func targetKey(job, instance string) string { return job + "\xff" + instance }

func (f *faults) set(key string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.of, key)
		return
	}
	if f.of == nil {
		f.of = map[string]string{}
	}
	f.of[strings.Clone(key)] = err.Error()
}

func (f *faults) get(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[key]
}

func (f *faults) skip(reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.skipped == nil {
		f.skipped = map[string]int64{}
	}
	f.skipped[reason]++
}

// Skipped are the scrapes of which nothing was kept because of a limit, since
// start: sample_limit, label_limit, label_length, target_limit.
func (m *Manager) Skipped() map[string]int64 {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	out := map[string]int64{"sample_limit": 0, "label_limit": 0, "label_length": 0, "target_limit": 0}
	for reason, n := range m.faults.skipped {
		out[reason] = n
	}
	return out
}

// automatic are the series that promscrape adds behind those of a scrape.
type automatic struct {
	at            int // index of the first; len(series) when there are none
	up            *prompb.TimeSeries
	job, instance string
	values        map[string]float64
}

// maxAutomatic is how many it adds at most.
const maxAutomatic = 12

func automaticOf(series []prompb.TimeSeries) automatic {
	a := automatic{at: len(series), values: map[string]float64{}}
	for i := len(series) - 1; i >= 0 && i >= len(series)-maxAutomatic; i-- {
		name := ""
		for _, l := range series[i].Labels {
			if l.Name == labels.MetricName || l.Name == "" {
				name = l.Value
			}
		}
		if name != "up" && !strings.HasPrefix(name, "scrape_") || len(series[i].Samples) == 0 {
			break
		}
		a.at = i
		a.values[name] = series[i].Samples[0].Value
		if name == "up" {
			a.up = &series[i]
		}
	}
	if a.up != nil {
		for _, l := range a.up.Labels {
			switch l.Name {
			case "job":
				a.job = l.Value
			case "instance":
				a.instance = l.Value
			}
		}
	}
	return a
}

// limit takes out what a scrape may not bring: all of it but what promscrape
// tells about the scrape, as Prometheus does. broken says that promscrape took
// the scrape for a good one, so that nobody has ended the series of the target.
func (m *Manager) limit(at *auth.Token, series []prompb.TimeSeries) (rest []prompb.TimeSeries, broken bool) {
	if len(series) == 0 {
		return series, false
	}
	a := automaticOf(series)
	if a.up == nil || value.IsStaleNaN(a.up.Samples[0].Value) {
		return series, false
	}
	m.countLimited(a.values)
	target := targetKey(a.job, a.instance)
	reason, err := "target_limit", m.crowds.of(target)
	if err == nil {
		reason, err = "label_length", tooLong(at, series[:a.at])
	}
	m.faults.set(target, err)
	if err == nil {
		return series, false
	}
	m.faults.skip(reason)
	a.up.Samples[0].Value = 0
	return series[a.at:], true
}

// countLimited counts what promscrape has refused; v are its automatic series.
func (m *Manager) countLimited(v map[string]float64) {
	if v["up"] != 0 || v["scrape_samples_scraped"] == 0 {
		return
	}
	switch limit := v["scrape_samples_limit"]; {
	case limit > 0 && v["scrape_samples_post_metric_relabeling"] > limit:
		m.faults.skip("sample_limit")
	case v["scrape_labels_limit"] > 0 && v["scrape_samples_post_metric_relabeling"] == 0:
		m.faults.skip("label_limit")
	}
}

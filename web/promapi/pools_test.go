package promapi_test

import (
	"net/url"
	"strings"
	"testing"
)

const pooled = `
scrape_configs:
- job_name: steps
  relabel_configs:
  - {source_labels: [__address__], regex: '(.*):\d+', target_label: host}
  - {source_labels: [host], action: hashmod, modulus: 4, target_label: shard}
  - {regex: 'tmp_.*', action: labeldrop}
  - {source_labels: [env], regex: prod, action: keep}
  - {target_label: last, replacement: here}
- job_name: plain
  metrics_path: /m
`

// TestPoolsAsPrometheus asks both APIs of the same configuration.
func TestPoolsAsPrometheus(t *testing.T) {
	w := newWorld(t)
	w.process.Config = pooled
	for _, labels := range []string{
		`{"__address__":"a:80","env":"prod","tmp_x":"1"}`, `{"__address__":"b","env":"test"}`, `{}`, `{"a"`, `[]`, ``, `{"a":1}`,
	} {
		for _, pool := range []string{"steps", "plain", "absent", ""} {
			w.compare(t, "GET", "/api/v1/targets/relabel_steps?"+url.Values{"scrapePool": {pool}, "labels": {labels}}.Encode())
		}
	}
	for _, pool := range []string{"absent", ""} {
		w.compare(t, "GET", "/api/v1/scrape_pools/config?scrapePool="+pool)
	}
	got := get(t, w.ours, "GET", "/api/v1/scrape_pools/config?scrapePool=plain")
	if want := "job_name: plain\nmetrics_path: /m\n"; got.status != 200 || !strings.Contains(text(got.body), strings.ReplaceAll(want, "\n", `\n`)) {
		t.Errorf("the job is %d %s, want %q", got.status, text(got.body), want)
	}
}

// TestRulesOfOthersHaveNoSteps: what only our scraper knows is named.
func TestRulesOfOthersHaveNoSteps(t *testing.T) {
	w := newWorld(t)
	for rule, want := range map[string]string{
		"{if: '{a=\"b\"}', action: drop}":    "rule 1 of relabel_configs is none of Prometheus's: field if",
		"{regex: [a, b], action: labeldrop}": "rule 1 of relabel_configs is none of Prometheus's",
		"{action: keep_metrics, regex: a}":   "keep_metrics",
	} {
		w.process.Config = "scrape_configs:\n- job_name: x\n  relabel_configs: [" + rule + "]\n"
		got := get(t, w.ours, "GET", "/api/v1/targets/relabel_steps?scrapePool=x&labels=%7B%7D")
		if got.status != 400 || !strings.Contains(text(got.body), want) {
			t.Errorf("%s: %d %s, want %q", rule, got.status, text(got.body), want)
		}
	}
}

package selfmade

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/dashboard"
)

// everything is all metrics that any dashboard looks for.
func everything() Have {
	h := Have{Metrics: map[string]bool{}, Services: []string{"planner-api", `it's "odd" / 5 %`}}
	for _, n := range strings.Fields(`traces_spanmetrics_calls_total traces_service_graph_request_total http_server_request_duration_seconds_bucket
		planner_tasks_created_total node_cpu_seconds_total container_cpu_usage_seconds_total go_goroutines nodejs_eventloop_lag_seconds
		jvm_memory_used_bytes tripod_store_accepted_total`) {
		h.Metrics[n] = true
	}
	return h
}

func TestAllAreValid(t *testing.T) {
	all := All(everything())
	if len(all) != 10 {
		t.Errorf("got %d dashboards, want 10", len(all))
	}
	ids := map[string]bool{}
	for _, d := range all {
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", d.Title, err)
		}
		if ids[d.ID] || strings.ContainsAny(d.ID, `/ "%?`) {
			t.Errorf("%q is no ID of its own", d.ID)
		}
		ids[d.ID] = true
	}
}

// Every PromQL of every dashboard can be read, once names are values.
func TestQueriesCanBeRead(t *testing.T) {
	scope := dashboard.Scope{Step: 15e9, Rate: 60e9, Vars: map[string]dashboard.Chosen{
		"instance": {Values: []string{"a:1", "b:2"}, Many: true}, "service": {Values: []string{"x"}, Many: true, AllAs: ".+"},
	}}
	for _, d := range All(everything()) {
		for p := range d.Panels {
			for _, q := range p.Queries {
				if q.Language != dashboard.PromQL {
					continue
				}
				text := scope.Query(q.Language, q.Text)
				text = strings.ReplaceAll(text, "[0s]", "[1h]") // the scope has no range
				if _, err := parser.NewParser(parser.Options{}).ParseExpr(text); err != nil {
					t.Errorf("%s, %s: %v\n%s", d.Title, p.Title, err, text)
				}
			}
		}
	}
}

func TestNothingMakesNothing(t *testing.T) {
	if got := All(Have{}); len(got) != 0 {
		t.Errorf("got %d dashboards of nothing", len(got))
	}
}

package alerting

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// TestBuiltinRules holds when the condition of each built-in rule is met, over
// a day of samples a minute; two series a rule: what is to be told, and what is
// near it.
func TestBuiltinRules(t *testing.T) {
	set, err := readRules(parser.NewParser(parser.Options{}), nil, true, discard())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ load, want string }{
		"HighErrorRate": {`
			http_server_requests_total{service_name="bad",http_response_status_code="500"} 0+6x1440
			http_server_requests_total{service_name="bad",http_response_status_code="200"} 0+94x1440
			http_server_requests_total{service_name="good",http_response_status_code="500"} 0+5x1440
			http_server_requests_total{service_name="good",http_response_status_code="200"} 0+95x1440
		`, `{service_name="bad"}`},
		"HighSpanErrorRate": {`
			traces_spanmetrics_calls_total{service="bad",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 0+10x1440
			traces_spanmetrics_calls_total{service="bad",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"} 0+50x1440
			traces_spanmetrics_calls_total{service="good",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 0+2x1440
			traces_spanmetrics_calls_total{service="good",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"} 0+58x1440
			traces_spanmetrics_calls_total{service="mended",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 0+10x1400 14000x40
			traces_spanmetrics_calls_total{service="mended",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"} 0+50x1440
			traces_spanmetrics_calls_total{service="client",span_kind="SPAN_KIND_CLIENT",status_code="STATUS_CODE_ERROR"} 0+10x1440
			traces_spanmetrics_calls_total{service="counts",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 0+10x1440
			http_server_requests_total{service_name="counts",http_response_status_code="500"} 0+10x1440
		`, `{service="bad", service_name="bad"}`},
		"ErrorBudgetBurns": {`
			http_server_requests_total{service_name="bad",http_response_status_code="500"} 0+2x1440
			http_server_requests_total{service_name="bad",http_response_status_code="200"} 0+98x1440
			http_server_requests_total{service_name="good",http_response_status_code="500"} 0+1x1440
			http_server_requests_total{service_name="good",http_response_status_code="200"} 0+99x1440
			http_server_requests_total{service_name="seldom",http_response_status_code="500"} 0+0.1x1440
			http_server_requests_total{service_name="seldom",http_response_status_code="200"} 0+0.1x1440
			http_server_requests_total{service_name="mended",http_response_status_code="500"} 0+10x1200 12000x240
			http_server_requests_total{service_name="mended",http_response_status_code="200"} 0+90x1440
		`, `{service_name="bad"}`},
		"SlowRequests": {`
			traces_spanmetrics_latency_bucket{service="slow",span_kind="SPAN_KIND_SERVER",le="1"} 0+90x1440
			traces_spanmetrics_latency_bucket{service="slow",span_kind="SPAN_KIND_SERVER",le="2"} 0+100x1440
			traces_spanmetrics_latency_bucket{service="slow",span_kind="SPAN_KIND_SERVER",le="+Inf"} 0+100x1440
			traces_spanmetrics_latency_count{service="slow",span_kind="SPAN_KIND_SERVER"} 0+100x1440
			traces_spanmetrics_latency_bucket{service="fast",span_kind="SPAN_KIND_SERVER",le="1"} 0+96x1440
			traces_spanmetrics_latency_bucket{service="fast",span_kind="SPAN_KIND_SERVER",le="2"} 0+100x1440
			traces_spanmetrics_latency_bucket{service="fast",span_kind="SPAN_KIND_SERVER",le="+Inf"} 0+100x1440
			traces_spanmetrics_latency_count{service="fast",span_kind="SPAN_KIND_SERVER"} 0+100x1440
			traces_spanmetrics_latency_bucket{service="one",span_kind="SPAN_KIND_SERVER",le="1"} 0+0x1440
			traces_spanmetrics_latency_bucket{service="one",span_kind="SPAN_KIND_SERVER",le="2"} 0+1x1440
			traces_spanmetrics_latency_bucket{service="one",span_kind="SPAN_KIND_SERVER",le="+Inf"} 0+1x1440
			traces_spanmetrics_latency_count{service="one",span_kind="SPAN_KIND_SERVER"} 0+1x1440
		`, `{service="slow"}`},
		"PlannerJobsWait":      {"planner_queue_depth{queue=\"a\"} 101x1440\nplanner_queue_depth{queue=\"b\"} 100x1440", `{queue="a"}`},
		"PlannerDatabaseWaits": {"planner_db_pool_waiting{service_name=\"a\"} 1x1440\nplanner_db_pool_waiting{service_name=\"b\"} 0x1440", `{service_name="a"}`},
		"PlannerCacheFails":    {"planner_cache_failures_total{service_name=\"a\"} 0+7x1440\nplanner_cache_failures_total{service_name=\"b\"} 0+5x1440", `{service_name="a"}`},
		"HostCPUBusy": {`
			node_cpu_seconds_total{instance="a",cpu="0",mode="idle"} 0+2x1440
			node_cpu_seconds_total{instance="a",cpu="1",mode="idle"} 0+2x1440
			node_cpu_seconds_total{instance="b",cpu="0",mode="idle"} 0+6x1440
			node_cpu_seconds_total{instance="b",cpu="1",mode="idle"} 0+2x1440
		`, `{instance="a"}`},
		"HostMemoryLow": {`
			node_memory_MemAvailable_bytes{instance="a"} 7x1440
			node_memory_MemTotal_bytes{instance="a"} 100x1440
			node_memory_MemAvailable_bytes{instance="b"} 9x1440
			node_memory_MemTotal_bytes{instance="b"} 100x1440
		`, `{instance="a"}`},
		"HostOutOfMemory": {"node_vmstat_oom_kill{instance=\"a\"} 0x1435 1x5\nnode_vmstat_oom_kill{instance=\"b\"} 0x1400 1x40", `{instance="a"}`},
		"HostDiskFull": {disk("full", "ext4", 4, 0) + disk("some", "ext4", 6, 0) + disk("memory", "tmpfs", 0, 0) + disk("cd", "ext4", 0, 1),
			`{device="/dev/full", fstype="ext4", instance="a", mountpoint="full"}`},
		"HostDiskFills": {`
			node_filesystem_size_bytes{mountpoint="a"} 1000000x1440
			node_filesystem_avail_bytes{mountpoint="a"} 500000-300x1440
			node_filesystem_readonly{mountpoint="a"} 0x1440
			node_filesystem_size_bytes{mountpoint="large"} 9000000x1440
			node_filesystem_avail_bytes{mountpoint="large"} 5000000-300x1440
			node_filesystem_readonly{mountpoint="large"} 0x1440
			node_filesystem_size_bytes{mountpoint="slow"} 1000000x1440
			node_filesystem_avail_bytes{mountpoint="slow"} 250000-10x1440
			node_filesystem_readonly{mountpoint="slow"} 0x1440
		`, `{mountpoint="a"}`},
		"HostInodesLow": {`
			node_filesystem_files_free{mountpoint="a"} 4x1440
			node_filesystem_files{mountpoint="a"} 100x1440
			node_filesystem_readonly{mountpoint="a"} 0x1440
			node_filesystem_files_free{mountpoint="b"} 6x1440
			node_filesystem_files{mountpoint="b"} 100x1440
			node_filesystem_readonly{mountpoint="b"} 0x1440
			node_filesystem_files_free{mountpoint="none"} 0x1440
			node_filesystem_files{mountpoint="none"} 0x1440
			node_filesystem_readonly{mountpoint="none"} 0x1440
		`, `{mountpoint="a"}`},
		"TargetDown":        {"up{job=\"a\"} 0x1440\nup{job=\"b\"} 1x1440", `{__name__="up", job="a"}`},
		"TripodRefusesData": {"tripod_store_rejected_total{pillar=\"logs\"} 0+1x1440\ntripod_store_rejected_total{pillar=\"traces\"} 5x1440", `{pillar="logs"}`},
		"TripodCannotNotify": {"alertmanager_notification_requests_failed_total{integration=\"slack\"} 0+1x1440\nalertmanager_notification_requests_failed_total{integration=\"email\"} 3x1440",
			`{integration="slack"}`},
	}
	seen := 0
	for _, g := range set.groups[Builtin].Groups {
		for _, rule := range g.Rules {
			c, ok := cases[rule.Alert]
			if seen++; !ok {
				t.Errorf("%s is not tried here", rule.Alert)
				continue
			}
			t.Run(rule.Alert, func(t *testing.T) {
				if got := instant(t, c.load, rule.Expr, 24*time.Hour); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				if rule.Annotations["summary"] == "" || rule.Annotations["value"] == "" || rule.Labels["severity"] != "page" && rule.Labels["severity"] != "ticket" {
					t.Errorf("annotations %v, labels %v", rule.Annotations, rule.Labels)
				}
			})
		}
	}
	if seen != len(cases) {
		t.Errorf("%d rules, %d cases", seen, len(cases))
	}
}

// disk is a file system of which so many hundredths are free.
func disk(mount, kind string, free, readonly int) string {
	labels := `{instance="a",device="/dev/` + mount + `",fstype="` + kind + `",mountpoint="` + mount + `"} `
	return "node_filesystem_avail_bytes" + labels + string(rune('0'+free)) + "x1440\nnode_filesystem_size_bytes" + labels + "100x1440\nnode_filesystem_readonly" + labels + string(rune('0'+readonly)) + "x1440\n"
}

// instant gives the labels of what an expression finds over samples a minute.
func instant(t *testing.T, load, expr string, after time.Duration) string {
	t.Helper()
	lines := []string{"load 1m"}
	for line := range strings.Lines(load) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, "  "+line)
		}
	}
	db := promqltest.LoadedStorage(t, strings.Join(lines, "\n"))
	t.Cleanup(func() { db.Close() })
	engine := promqltest.NewTestEngine(t, false, 0, 1e6)
	q, err := engine.NewInstantQuery(context.Background(), db, nil, expr, time.Unix(0, 0).Add(after))
	if err != nil {
		t.Fatal(err)
	}
	res := q.Exec(t.Context())
	if res.Err != nil || len(res.Warnings) > 0 {
		t.Fatal(res.Err, res.Warnings)
	}
	var found []string
	for _, s := range res.Value.(promql.Vector) {
		found = append(found, s.Metric.String())
	}
	return strings.Join(found, " ")
}

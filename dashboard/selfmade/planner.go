package selfmade

import "tripod/dashboard"

// planner is the application that runs here: what people do with it, and RED.
func planner(h *Have) *dashboard.Dashboard {
	if !h.any("planner_tasks_created_total", "planner_signups_total") {
		return nil
	}
	const (
		took = "http_server_request_duration_seconds"
		mine = `{job="planner"}`
		sel  = took + `_count{job="planner"}`
	)
	growth := func(name string) string { return "sum(increase(" + name + mine + "[$__range]))" }
	perMin := func(name string) string { return "sum(rate(" + name + mine + "[$__rate_interval])) * 60" }
	g := new(grid)
	g.put(4, 3, whole(stat("Sign-ups", "in this range", "", growth("planner_signups_total"))))
	g.put(4, 3, whole(stat("Tasks created", "in this range", "", growth("planner_tasks_created_total"))))
	g.put(4, 3, whole(stat("Tasks completed", "in this range", "", growth("planner_tasks_completed_total"))))
	g.put(4, 3, stat("Requests", "", "/s", "sum(rate("+sel+"[$__rate_interval]))"))
	g.put(4, 3, stat("Failing", "of requests", "%", "(sum(rate(http_server_request_errors_total"+mine+"[$__rate_interval])) / sum(rate("+sel+"[$__rate_interval]))) or vector(0)", from(0.01, "warn"), from(0.05, "err")))
	g.put(10, 6, lines("Requests", "per second, by service", "/s", prom("sum by (service_name) (rate("+sel+"[$__rate_interval]))", "{{service_name}}")))
	g.put(10, 6, bars("Tasks", "per minute", "", prom(perMin("planner_tasks_completed_total"), "completed"), prom(perMin("planner_tasks_created_total"), "created")))
	g.put(12, 7, heat("Latency of planner-api", "requests per bucket", "s", "sum by (le) (increase("+took+`_bucket{job="planner", service_name="planner-api"}[$__interval]))`))
	g.put(8, 7, top("Busiest routes", "requests per second", "/s", prom("topk(8, sum by (http_route) (rate("+sel+"[$__rate_interval])))", "{{http_route}}")))
	over := func(expr string) string {
		return "sum by (http_request_method, http_route, service_name) (" + expr + ")"
	}
	within := func(p, window string) string {
		return "histogram_quantile(" + p + ", sum by (le, http_request_method, http_route, service_name) (rate(" + took + `_bucket{job="planner"}[` + window + "])))"
	}
	q := func(p string) string { return within(p, "$__range") }
	g.put(20, 8, table("Endpoints", "slowest first", "-p95",
		map[string]string{"http_request_method": "Method", "http_route": "Route", "service_name": "Service", "Value #A": "Requests", "Value #B": "Errors", "Value #C": "p50", "Value #D": "p95", "Value #E": "p99", "Trend #F": "p95 over time"},
		[]dashboard.Override{unitOf("Requests", "/s"), share("Errors"), unitOf("p50", "s"), unitOf("p95", "s"), unitOf("p99", "s"), unitOf("p95 over time", "s")},
		prom(over("rate("+sel+"[$__range])"), ""),
		prom("("+over("rate(http_server_request_errors_total"+mine+"[$__range])")+" or "+over("rate("+sel+"[$__range])")+" * 0) / "+over("rate("+sel+"[$__range])"), ""),
		prom(q("0.5"), ""), prom(q("0.95"), ""), prom(q("0.99"), ""), trend(within("0.95", "$__rate_interval"))))
	g.row("Behind it")
	g.put(7, 6, lines("Queues", "jobs that wait", "", prom("sum by (queue) (planner_queue_depth"+mine+")", "{{queue}}")))
	g.put(6, 6, lines("Jobs", "per second, by outcome", "/s", prom("sum by (queue, outcome) (rate(planner_jobs_total"+mine+"[$__rate_interval]))", "{{queue}} {{outcome}}")))
	g.put(7, 6, lines("Database connections", "of the pool", "", prom("planner_db_pool_in_use"+mine, "in use"), prom("planner_db_pool_waiting"+mine, "waiting"), prom("planner_db_pool_max"+mine, "most")))
	g.put(10, 6, bars("Streaks and reminders", "per minute", "", prom(perMin("planner_streaks_updated_total"), "streaks updated"), prom(perMin("planner_reminders_sent_total"), "reminders sent")))
	g.put(10, 6, lines("Cache failures", "per second", "/s", prom("sum(rate(planner_cache_failures_total"+mine+"[$__rate_interval]))", "not answered")))
	g.row("Lines")
	g.put(20, 8, dashboard.Panel{Title: "Warnings and errors", Kind: dashboard.Logs, Queries: []dashboard.Query{{Letter: "A", Language: dashboard.LogQL, Text: `{service_name=~"planner-.+|streak-worker|reminder-worker"} | level=~"warn|error|fatal"`}}})
	return &dashboard.Dashboard{Title: "Planner", Description: "What people do with the planner, and how well it answers.", Tags: []string{"planner"}, Rows: g.rows}
}

// whole shows a count without a part behind the point.
func whole(p dashboard.Panel) dashboard.Panel {
	zero := 0
	p.Decimals = &zero
	return p
}

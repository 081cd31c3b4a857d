package selfmade

import "tripod/dashboard"

// appliance is Tripod looking at itself.
func appliance(h *Have) *dashboard.Dashboard {
	if !h.any("tripod_store_accepted_total") {
		return nil
	}
	const me = `{job="tripod"}`
	g := new(grid)
	g.put(4, 3, stat("Log lines", "taken", "/s", `sum(rate(tripod_store_accepted_total{pillar="logs"}[$__rate_interval]))`))
	g.put(4, 3, stat("Spans", "taken", "/s", `sum(rate(tripod_store_accepted_total{pillar="traces"}[$__rate_interval]))`))
	g.put(4, 3, stat("Samples", "taken", "/s", `sum(rate(tripod_store_accepted_total{pillar="metrics"}[$__rate_interval]))`))
	g.put(4, 3, stat("Memory", "resident", "B", "sum(process_resident_memory_bytes"+me+")"))
	g.put(4, 3, stat("On disk", "", "B", "sum(tripod_store_bytes)"))
	g.put(10, 6, lines("Taken in", "per second, by pillar", "/s", prom("sum by (pillar) (rate(tripod_store_accepted_total[$__rate_interval]))", "{{pillar}}")))
	g.put(10, 6, lines("Refused", "per second, by input and reason", "/s", prom("sum by (input, reason) (rate(tripod_input_rejected_total[$__rate_interval])) > 0", "{{input}} {{reason}}"), prom("sum by (pillar) (rate(tripod_store_rejected_total[$__rate_interval])) > 0", "{{pillar}} engine")))
	g.put(10, 6, stack("Disk", "by pillar", "B", prom("sum by (pillar) (tripod_store_bytes)", "{{pillar}}")))
	g.put(10, 6, lines("CPU", "cores", "", prom("sum(rate(process_cpu_seconds_total"+me+"[$__rate_interval]))", "in use")))
	g.put(10, 6, lines("Answers", "per second, by route", "/s", prom("topk(8, sum by (route) (rate(tripod_http_request_duration_seconds_count[$__rate_interval])))", "{{route}}")))
	g.put(10, 6, lines("p95 of answers", "by route", "s", prom("topk(8, histogram_quantile(0.95, sum by (le, route) (rate(tripod_http_request_duration_seconds_bucket[$__rate_interval]))))", "{{route}}")))
	g.put(10, 6, lines("Memory", "", "B", prom("process_resident_memory_bytes"+me, "resident"), prom("go_memstats_heap_inuse_bytes"+me, "heap"), prom("go_memstats_next_gc_bytes"+me, "next GC at")))
	g.put(10, 6, lines("Scrapes", "seconds, by target", "s", prom("topk(8, scrape_duration_seconds)", "{{job}} {{instance}}")))
	return &dashboard.Dashboard{Title: "This appliance", Description: "What Tripod takes in, keeps and answers, and what that costs.", Tags: []string{"tripod"}, Rows: g.rows}
}

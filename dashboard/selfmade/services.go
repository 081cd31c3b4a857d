package selfmade

import (
	"net/url"
	"strconv"

	"tripod/dashboard"
)

const (
	calls   = "traces_spanmetrics_calls_total"
	latency = "traces_spanmetrics_latency"
	served  = `span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"`
	failed  = `status_code="STATUS_CODE_ERROR"`
)

// service is what one service's spans say: requests, errors, durations, by
// operation, and its lines.
func service(h *Have, name string) *dashboard.Dashboard {
	if !h.any(calls) {
		return nil
	}
	mine := "service=" + strconv.Quote(name)
	sel := func(metric, more string) string {
		if more != "" {
			more = ", " + more
		}
		return metric + "{" + mine + ", " + served + more + "}"
	}
	rate := func(metric, more string) string { return "rate(" + sel(metric, more) + "[$__rate_interval])" }
	quantile := func(q, by string) string {
		return "histogram_quantile(" + q + ", sum by (" + by + ") (" + rate(latency+"_bucket", "") + "))"
	}
	failing := "sum(" + rate(calls, failed) + ") / sum(" + rate(calls, "") + ")"
	g := new(grid)
	g.put(4, 3, stat("Requests", "", "/s", "sum("+rate(calls, "")+")"))
	g.put(4, 3, stat("Failing", "of requests", "%", "("+failing+") or vector(0)", from(0.01, "warn"), from(0.05, "err")))
	g.put(4, 3, stat("p50", "half are faster", "s", quantile("0.5", "le")))
	g.put(4, 3, stat("p95", "19 of 20 are faster", "s", quantile("0.95", "le")))
	g.put(4, 3, stat("p99", "99 of 100 are faster", "s", quantile("0.99", "le")))
	g.put(10, 6, lines("Requests", "per second, by operation", "/s", prom("topk(8, sum by (span_name) ("+rate(calls, "")+"))", "{{span_name}}")))
	g.put(10, 6, lines("Failing", "share of requests, by operation", "%", prom("topk(8, (sum by (span_name) ("+rate(calls, failed)+") or sum by (span_name) ("+rate(calls, "")+") * 0) / sum by (span_name) ("+rate(calls, "")+"))", "{{span_name}}")))
	of := "/traces?service=" + url.QueryEscape(name)
	g.put(12, 7, leading(heat("Latency", "requests per bucket", "s", "sum by (le) (increase("+sel(latency+"_bucket", "")+"[$__interval]))"), of+"&min={{lower}}s&max={{upper}}s"))
	g.put(8, 7, lines("Latency", "seconds, quantiles", "s", prom(quantile("0.5", "le"), "p50"), prom(quantile("0.95", "le"), "p95"), prom(quantile("0.99", "le"), "p99")))
	over := func(expr string) string { return "sum by (span_name) (" + expr + ")" }
	g.put(20, 8, leading(table("Operations", "slowest first", "-p95", map[string]string{"span_name": "Operation", "Value #A": "Requests", "Value #B": "Errors", "Value #C": "p50", "Value #D": "p95", "Value #E": "p99", "Trend #F": "p95 over time"},
		[]dashboard.Override{unitOf("Requests", "/s"), share("Errors"), unitOf("p50", "s"), unitOf("p95", "s"), unitOf("p99", "s"), unitOf("p95 over time", "s")},
		prom(over("rate("+sel(calls, "")+"[$__range])"), ""),
		prom("("+over("rate("+sel(calls, failed)+"[$__range])")+" or "+over("rate("+sel(calls, "")+"[$__range])")+" * 0) / "+over("rate("+sel(calls, "")+"[$__range])"), ""),
		prom(overRange("0.5", sel(latency+"_bucket", "")), ""), prom(overRange("0.95", sel(latency+"_bucket", "")), ""), prom(overRange("0.99", sel(latency+"_bucket", "")), ""),
		trend(quantile("0.95", "le, span_name"))), of+"&operation={{Operation}}"))
	if h.any("traces_service_graph_request_total") {
		g.row("Calls to others")
		g.put(10, 6, lines("Calls", "per second, by whom it calls", "/s", prom("sum by (server) (rate(traces_service_graph_request_total{client="+strconv.Quote(name)+"}[$__rate_interval]))", "{{server}}")))
		g.put(10, 6, lines("Failing calls", "share of calls", "%", prom("sum by (server) (rate(traces_service_graph_request_failed_total{client="+strconv.Quote(name)+"}[$__rate_interval])) / sum by (server) (rate(traces_service_graph_request_total{client="+strconv.Quote(name)+"}[$__rate_interval]))", "{{server}}")))
	}
	g.row("Lines and traces")
	g.put(10, 8, dashboard.Panel{Title: "Warnings and errors", Kind: dashboard.Logs, Queries: []dashboard.Query{{Letter: "A", Language: dashboard.LogQL, Text: "{service_name=" + strconv.Quote(name) + `} | level=~"warn|error|fatal"`}}})
	g.put(10, 8, dashboard.Panel{Title: "Traces with errors", Kind: dashboard.Traces, Queries: []dashboard.Query{{Letter: "A", Language: dashboard.TraceQL, Text: "{resource.service.name=" + strconv.Quote(name) + " && status=error}"}}})
	return &dashboard.Dashboard{Title: name, Description: "Requests, errors and durations of " + name + ", from its spans.", Tags: []string{"service"}, Rows: g.rows}
}

func overRange(q, sel string) string {
	return "histogram_quantile(" + q + ", sum by (le, span_name) (rate(" + sel + "[$__range])))"
}

// share shows a column as per cent, and colours it.
func share(name string) dashboard.Override {
	o := unitOf(name, "%")
	o.Thresholds = []dashboard.Threshold{from(0.01, "warn"), from(0.05, "err")}
	return o
}

// httpServers is RED of everything that serves HTTP and says so in metrics.
func httpServers(h *Have) *dashboard.Dashboard {
	const took = "http_server_request_duration_seconds"
	if !h.any(took+"_bucket", took) {
		return nil
	}
	const sel = `{service_name=~"$service"}`
	rate := func(suffix, more string) string {
		return "rate(" + took + suffix + sel[:len(sel)-1] + more + "}[$__rate_interval])"
	}
	const fails = `, http_response_status_code=~"5.."`
	g := new(grid)
	g.put(4, 3, stat("Requests", "", "/s", "sum("+rate("_count", "")+")"))
	g.put(4, 3, stat("Failing", "answered with 5xx", "%", "(sum("+rate("_count", fails)+") / sum("+rate("_count", "")+")) or vector(0)", from(0.01, "warn"), from(0.05, "err")))
	g.put(4, 3, stat("p50", "", "s", "histogram_quantile(0.5, sum by (le) ("+rate("_bucket", "")+"))"))
	g.put(4, 3, stat("p95", "", "s", "histogram_quantile(0.95, sum by (le) ("+rate("_bucket", "")+"))"))
	g.put(4, 3, stat("p99", "", "s", "histogram_quantile(0.99, sum by (le) ("+rate("_bucket", "")+"))"))
	g.put(10, 6, lines("Requests", "per second, by service", "/s", prom("sum by (service_name) ("+rate("_count", "")+")", "{{service_name}}")))
	g.put(10, 6, lines("p95", "by service", "s", prom("histogram_quantile(0.95, sum by (le, service_name) ("+rate("_bucket", "")+"))", "{{service_name}}")))
	g.put(10, 6, stack("Answers", "per second, by status", "/s", prom("sum by (http_response_status_code) ("+rate("_count", "")+")", "{{http_response_status_code}}")))
	g.put(10, 6, top("Routes", "requests per second", "/s", prom("topk(8, sum by (http_route) ("+rate("_count", "")+"))", "{{http_route}}")))
	g.put(20, 7, heat("Latency", "requests per bucket", "s", "sum by (le) (increase("+took+"_bucket"+sel+"[$__interval]))"))
	return &dashboard.Dashboard{
		Title: "HTTP servers", Description: "Requests, errors and durations of all services that measure HTTP.", Tags: []string{"http"}, Rows: g.rows,
		Variables: []dashboard.Variable{{Name: "service", Kind: dashboard.VarQuery, Query: "label_values(" + took + "_count, service_name)", Multi: true, All: true, AllText: ".+", Default: []string{dashboard.AllValue}}},
	}
}

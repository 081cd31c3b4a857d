package selfmade

import "tripod/dashboard"

// goRuntime is of every program that exports Go's own metrics.
func goRuntime(h *Have) *dashboard.Dashboard {
	if !h.any("go_goroutines") {
		return nil
	}
	const in = `{instance=~"$instance"}`
	const who = "{{job}} {{instance}}"
	g := new(grid)
	g.put(5, 3, whole(stat("Goroutines", "", "", "sum(go_goroutines"+in+")")))
	g.put(5, 3, stat("Heap in use", "", "B", "sum(go_memstats_heap_inuse_bytes"+in+")"))
	g.put(5, 3, stat("CPU", "cores", "", "sum(rate(process_cpu_seconds_total"+in+"[$__rate_interval]))"))
	g.put(5, 3, stat("Longest GC pause", "of late", "s", `max(go_gc_duration_seconds{quantile="1", instance=~"$instance"})`))
	g.put(10, 6, lines("Goroutines", "", "", prom("go_goroutines"+in, who)))
	g.put(10, 6, lines("Memory", "of the process, and of its heap", "B", prom("process_resident_memory_bytes"+in, who+" resident"), prom("go_memstats_heap_inuse_bytes"+in, who+" heap"), prom("go_memstats_next_gc_bytes"+in, who+" next GC at")))
	g.put(10, 6, lines("CPU", "cores", "", prom("rate(process_cpu_seconds_total"+in+"[$__rate_interval])", who)))
	g.put(10, 6, lines("Allocated", "bytes per second", "B/s", prom("rate(go_memstats_alloc_bytes_total"+in+"[$__rate_interval])", who)))
	g.put(10, 6, lines("GC", "runs per second", "/s", prom("rate(go_gc_duration_seconds_count"+in+"[$__rate_interval])", who)))
	g.put(10, 6, lines("Open files", "", "", prom("process_open_fds"+in, who)))
	return &dashboard.Dashboard{Title: "Go programs", Description: "Goroutines, memory and garbage collection of Go programs.", Tags: []string{"go", "runtime"}, Rows: g.rows, Variables: []dashboard.Variable{instance("go_goroutines")}}
}

// nodeRuntime speaks the names of prom-client.
func nodeRuntime(h *Have) *dashboard.Dashboard {
	if !h.any("nodejs_eventloop_lag_seconds", "nodejs_heap_size_used_bytes") {
		return nil
	}
	const in = `{instance=~"$instance"}`
	const who = "{{job}} {{instance}}"
	g := new(grid)
	g.put(5, 3, stat("Event loop lag", "p99, worst", "s", "max(nodejs_eventloop_lag_p99_seconds"+in+")", from(0.05, "warn"), from(0.2, "err")))
	g.put(5, 3, stat("Heap used", "", "B", "sum(nodejs_heap_size_used_bytes"+in+")"))
	g.put(5, 3, stat("CPU", "cores", "", "sum(rate(process_cpu_seconds_total"+in+"[$__rate_interval]) and on (instance) nodejs_heap_size_used_bytes)"))
	g.put(5, 3, whole(stat("Active handles", "", "", "sum(nodejs_active_handles_total"+in+")")))
	g.put(10, 6, lines("Event loop lag", "seconds", "s", prom("nodejs_eventloop_lag_seconds"+in, who+" now"), prom("nodejs_eventloop_lag_p99_seconds"+in, who+" p99")))
	g.put(10, 6, lines("Heap", "", "B", prom("nodejs_heap_size_used_bytes"+in, who+" used"), prom("nodejs_heap_size_total_bytes"+in, who+" total")))
	g.put(10, 6, stack("Heap spaces", "used", "B", prom("sum by (space) (nodejs_heap_space_size_used_bytes"+in+")", "{{space}}")))
	g.put(10, 6, stack("GC", "share of time, by kind", "%", prom("sum by (kind) (rate(nodejs_gc_duration_seconds_sum"+in+"[$__rate_interval]))", "{{kind}}")))
	g.put(10, 6, lines("Handles and requests", "", "", prom("nodejs_active_handles_total"+in, who+" handles"), prom("nodejs_active_requests_total"+in, who+" requests")))
	g.put(10, 6, lines("External memory", "", "B", prom("nodejs_external_memory_bytes"+in, who)))
	return &dashboard.Dashboard{Title: "Node.js programs", Description: "Event loop, heap and garbage collection of Node.js programs.", Tags: []string{"node", "runtime"}, Rows: g.rows, Variables: []dashboard.Variable{instance("nodejs_heap_size_used_bytes")}}
}

// jvmRuntime speaks the names of the JVM client and of Micrometer, whichever is there.
func jvmRuntime(h *Have) *dashboard.Dashboard {
	memory, threads, pause := "jvm_memory_used_bytes", "jvm_threads_current", "jvm_gc_collection_seconds"
	switch {
	case h.any("jvm_memory_bytes_used"):
		memory = "jvm_memory_bytes_used"
	case !h.any(memory):
		return nil
	}
	if h.any("jvm_threads_live_threads") {
		threads = "jvm_threads_live_threads"
	}
	if h.any("jvm_gc_pause_seconds_sum", "jvm_gc_pause_seconds_count") {
		pause = "jvm_gc_pause_seconds"
	}
	const in = `{instance=~"$instance"}`
	const who = "{{job}} {{instance}}"
	g := new(grid)
	g.put(7, 3, stat("Heap used", "", "B", "sum("+memory+`{area="heap", instance=~"$instance"})`))
	g.put(7, 3, whole(stat("Threads", "", "", "sum("+threads+in+")")))
	g.put(6, 3, stat("In garbage collection", "share of time", "%", "sum(rate("+pause+"_sum"+in+"[$__rate_interval]))", from(0.05, "warn"), from(0.2, "err")))
	g.put(10, 6, stack("Memory", "used, by area", "B", prom("sum by (area) ("+memory+in+")", "{{area}}")))
	g.put(10, 6, lines("Threads", "", "", prom(threads+in, who)))
	g.put(10, 6, lines("GC", "share of time", "%", prom("rate("+pause+"_sum"+in+"[$__rate_interval])", who+" {{gc}}{{action}}")))
	g.put(10, 6, lines("GC", "runs per second", "/s", prom("rate("+pause+"_count"+in+"[$__rate_interval])", who+" {{gc}}{{action}}")))
	g.put(20, 6, lines("CPU", "cores", "", prom("rate(process_cpu_seconds_total"+in+"[$__rate_interval]) and on (instance) "+threads, who)))
	return &dashboard.Dashboard{Title: "JVM programs", Description: "Heap, threads and garbage collection of Java programs.", Tags: []string{"jvm", "runtime"}, Rows: g.rows, Variables: []dashboard.Variable{instance(memory)}}
}

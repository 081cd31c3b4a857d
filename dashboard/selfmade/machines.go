package selfmade

import "tripod/dashboard"

// instance chooses among what exports a metric.
func instance(metric string) dashboard.Variable {
	return dashboard.Variable{Name: "instance", Kind: dashboard.VarQuery, Query: "label_values(" + metric + ", instance)", Multi: true, All: true, AllText: ".*", Default: []string{dashboard.AllValue}}
}

// host speaks the names of node_exporter.
func host(h *Have) *dashboard.Dashboard {
	if !h.any("node_cpu_seconds_total", "node_memory_MemTotal_bytes") {
		return nil
	}
	const in = `instance=~"$instance"`
	busy := `1 - avg(rate(node_cpu_seconds_total{mode="idle", ` + in + `}[$__rate_interval]))`
	disk := `{device!~"(loop|ram|dm-|zram).*", ` + in + `}`
	net := `{device!~"lo|veth.*|docker.*|br-.*", ` + in + `}`
	fs := `{fstype!~"tmpfs|overlay|squashfs|ramfs|iso9660|devtmpfs", ` + in + `}`
	used := `1 - sum(node_memory_MemAvailable_bytes{` + in + `}) / sum(node_memory_MemTotal_bytes{` + in + `})`
	full := `1 - node_filesystem_avail_bytes` + fs + ` / node_filesystem_size_bytes` + fs
	g := new(grid)
	g.put(4, 3, stat("CPU busy", "of all cores", "%", busy, from(0.8, "warn"), from(0.95, "err")))
	g.put(4, 3, stat("Memory used", "without caches", "%", used, from(0.85, "warn"), from(0.95, "err")))
	g.put(4, 3, stat("Fullest disk", "", "%", "max("+full+")", from(0.8, "warn"), from(0.92, "err")))
	g.put(4, 3, stat("Load", "of one minute", "", `sum(node_load1{`+in+`})`))
	g.put(4, 3, stat("Up since", "", "s", `min(time() - node_boot_time_seconds{`+in+`})`))
	g.put(10, 6, stack("CPU", "share of time, by what", "%", prom(`sum by (mode) (rate(node_cpu_seconds_total{mode!="idle", `+in+`}[$__rate_interval])) / scalar(count(count by (cpu, instance) (node_cpu_seconds_total{`+in+`})))`, "{{mode}}")))
	g.put(10, 6, stack("Memory", "", "B",
		prom(`sum(node_memory_MemTotal_bytes{`+in+`} - node_memory_MemAvailable_bytes{`+in+`})`, "used"), prom(`sum(node_memory_MemAvailable_bytes{`+in+`})`, "available")))
	g.put(10, 6, lines("Disk", "bytes per second", "B/s", prom(`sum by (device) (rate(node_disk_read_bytes_total`+disk+`[$__rate_interval]))`, "{{device}} read"), prom(`- sum by (device) (rate(node_disk_written_bytes_total`+disk+`[$__rate_interval]))`, "{{device}} written")))
	g.put(10, 6, lines("Network", "bytes per second", "B/s", prom(`sum by (device) (rate(node_network_receive_bytes_total`+net+`[$__rate_interval]))`, "{{device}} in"), prom(`- sum by (device) (rate(node_network_transmit_bytes_total`+net+`[$__rate_interval]))`, "{{device}} out")))
	g.put(10, 6, dashboard.Panel{Title: "Filesystems", Hint: "share that is full", Kind: dashboard.BarGauge, Unit: "%", Sort: "-Value", Limit: 8, Thresholds: []dashboard.Threshold{from(0.8, "warn"), from(0.92, "err")},
		Queries: []dashboard.Query{{Letter: "A", Language: dashboard.PromQL, Instant: true, Text: "max by (mountpoint) (" + full + ")", Legend: "{{mountpoint}}"}}})
	g.put(10, 6, lines("Pressure", "share of time that something waits", "%",
		prom(`rate(node_pressure_cpu_waiting_seconds_total{`+in+`}[$__rate_interval])`, "CPU"), prom(`rate(node_pressure_memory_waiting_seconds_total{`+in+`}[$__rate_interval])`, "memory"), prom(`rate(node_pressure_io_waiting_seconds_total{`+in+`}[$__rate_interval])`, "disk")))
	g.row("Details")
	g.put(7, 6, lines("Disk busy", "share of time", "%", prom(`rate(node_disk_io_time_seconds_total`+disk+`[$__rate_interval])`, "{{device}}")))
	g.put(7, 6, lines("Load", "processes that want to run", "", prom(`node_load1{`+in+`}`, "1 min"), prom(`node_load5{`+in+`}`, "5 min"), prom(`node_load15{`+in+`}`, "15 min")))
	g.put(6, 6, lines("Open files", "", "", prom(`node_filefd_allocated{`+in+`}`, "open")))
	return &dashboard.Dashboard{Title: "Hosts", Description: "CPU, memory, disks and network of machines, by the names of node_exporter.", Tags: []string{"host"}, Rows: g.rows, Variables: []dashboard.Variable{instance("node_cpu_seconds_total")}}
}

// containers speaks the names of cAdvisor; its name label may be missing, then
// the id says which container it is.
func containers(h *Have) *dashboard.Dashboard {
	if !h.any("container_cpu_usage_seconds_total", "container_memory_working_set_bytes") {
		return nil
	}
	const by = "name, id"
	const sel = `{id!="/"}`
	each := func(title, hint, unit, expr string) dashboard.Panel {
		return lines(title, hint, unit, prom("topk(10, sum by ("+by+") ("+expr+"))", "{{name}} {{id}}"))
	}
	g := new(grid)
	g.put(5, 3, whole(stat("Containers", "", "", "count(count by ("+by+") (container_memory_working_set_bytes"+sel+"))")))
	g.put(5, 3, stat("CPU", "cores in use", "", "sum(rate(container_cpu_usage_seconds_total"+sel+"[$__rate_interval]))"))
	g.put(5, 3, stat("Memory", "working set", "B", "sum(container_memory_working_set_bytes"+sel+")"))
	g.put(5, 3, stat("Throttled", "share of periods", "%", "sum(rate(container_cpu_cfs_throttled_periods_total"+sel+"[$__rate_interval])) / sum(rate(container_cpu_cfs_periods_total"+sel+"[$__rate_interval]))", from(0.1, "warn")))
	g.put(10, 7, each("CPU", "cores, the ten busiest", "", "rate(container_cpu_usage_seconds_total"+sel+"[$__rate_interval])"))
	g.put(10, 7, each("Memory", "working set, the ten largest", "B", "container_memory_working_set_bytes"+sel))
	g.put(10, 7, each("Received", "bytes per second", "B/s", "rate(container_network_receive_bytes_total"+sel+"[$__rate_interval])"))
	g.put(10, 7, each("Sent", "bytes per second", "B/s", "rate(container_network_transmit_bytes_total"+sel+"[$__rate_interval])"))
	g.put(20, 8, table("Containers", "largest first", "-Memory", map[string]string{"name": "Name", "id": "Group", "Value #A": "CPU", "Value #B": "Memory"}, []dashboard.Override{unitOf("Memory", "B")},
		prom("sum by ("+by+") (rate(container_cpu_usage_seconds_total"+sel+"[$__rate_interval]))", ""), prom("sum by ("+by+") (container_memory_working_set_bytes"+sel+")", "")))
	return &dashboard.Dashboard{Title: "Containers", Description: "CPU, memory and network of containers, by the names of cAdvisor.", Tags: []string{"containers"}, Rows: g.rows}
}

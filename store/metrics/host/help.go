package host

import "strings"

// About says of a metric whether it only grows, and what it is.
func About(name string) (counter bool, help string) {
	counter = strings.HasSuffix(name, "_total") || strings.HasPrefix(name, "node_vmstat_")
	if h, ok := helps[name]; ok {
		return counter, h
	}
	for _, p := range helpPrefixes {
		if field, ok := strings.CutPrefix(name, p.prefix); ok {
			return counter, p.help + strings.TrimSuffix(field, "_total") + "."
		}
	}
	return counter, ""
}

// helpPrefixes are of families whose names the kernel makes.
var helpPrefixes = []struct{ prefix, help string }{
	{"node_memory_", "Memory, from /proc/meminfo: "},
	{"node_vmstat_", "Paging, from /proc/vmstat: "},
	{"node_disk_", "Block devices, from /proc/diskstats: "},
	{"node_network_", "Network interfaces: "},
	{"node_netstat_", "Network protocols, from /proc/net/netstat and snmp: "},
	{"node_sockstat_", "Sockets, from /proc/net/sockstat: "},
	{"node_nf_conntrack_", "Connections that the kernel tracks: "},
	{"node_timex_", "How right the kernel's clock is, as adjtimex tells: "},
	{"node_pressure_", "Seconds in which tasks waited (PSI): "},
	{"container_pressure_", "Seconds in which tasks waited (PSI): "},
}

var helps = map[string]string{
	"node_cpu_seconds_total":                        "Seconds the CPUs spent in each mode.",
	"node_cpu_guest_seconds_total":                  "Seconds the CPUs spent in guests (VMs) for each mode.",
	"node_context_switches_total":                   "Context switches.",
	"node_boot_time_seconds":                        "When the machine started, in Unix seconds.",
	"node_forks_total":                              "Forks.",
	"node_intr_total":                               "Interrupts serviced.",
	"node_procs_running":                            "Tasks that run or could run.",
	"node_procs_blocked":                            "Tasks that wait for a disk.",
	"node_load1":                                    "Tasks that run or wait, mean over 1 minute.",
	"node_load5":                                    "Tasks that run or wait, mean over 5 minutes.",
	"node_load15":                                   "Tasks that run or wait, mean over 15 minutes.",
	"node_memory_MemAvailable_bytes":                "Memory that a new program could have without swapping.",
	"node_memory_MemTotal_bytes":                    "Memory that the kernel can use.",
	"node_filesystem_size_bytes":                    "Size of the file system.",
	"node_filesystem_free_bytes":                    "Free bytes of the file system.",
	"node_filesystem_avail_bytes":                   "Free bytes of the file system for those who are not root.",
	"node_filesystem_files":                         "Inodes of the file system.",
	"node_filesystem_files_free":                    "Free inodes of the file system.",
	"node_filesystem_readonly":                      "1 when the file system can only be read.",
	"node_filesystem_device_error":                  "1 when the file system could not be asked.",
	"node_filefd_allocated":                         "File handles in use.",
	"node_filefd_maximum":                           "File handles that may be in use.",
	"node_uname_info":                               "The kernel, as uname tells it; always 1.",
	"node_os_info":                                  "The distribution, as os-release tells it; always 1.",
	"node_time_seconds":                             "The machine's clock, in Unix seconds.",
	"node_time_zone_offset_seconds":                 "The machine's time zone.",
	"node_scrape_collector_duration_seconds":        "How long reading this part took.",
	"node_scrape_collector_success":                 "1 when this machine tells this part.",
	"container_cpu_usage_seconds_total":             "CPU seconds used.",
	"container_cpu_user_seconds_total":              "CPU seconds used outside of the kernel.",
	"container_cpu_system_seconds_total":            "CPU seconds used in the kernel.",
	"container_cpu_cfs_periods_total":               "Periods over which the CPU limit is kept.",
	"container_cpu_cfs_throttled_periods_total":     "Periods in which the CPU limit was reached.",
	"container_cpu_cfs_throttled_seconds_total":     "Seconds held back by the CPU limit.",
	"container_memory_usage_bytes":                  "Memory used, with all file cache.",
	"container_memory_working_set_bytes":            "Memory used, less the file cache that is given away first.",
	"container_memory_rss":                          "Memory that is no file's.",
	"container_memory_cache":                        "Memory that caches files.",
	"container_memory_mapped_file":                  "Memory of mapped files.",
	"container_memory_swap":                         "Swap used, in bytes.",
	"container_memory_max_usage_bytes":              "The most memory that was ever used.",
	"container_memory_failures_total":               "Page faults.",
	"container_oom_events_total":                    "Processes killed for lack of memory.",
	"container_spec_memory_limit_bytes":             "Memory limit; 0 for none.",
	"container_spec_memory_swap_limit_bytes":        "Swap limit; 0 for none.",
	"container_spec_memory_reservation_limit_bytes": "Memory that is kept for it.",
	"container_spec_cpu_quota":                      "CPU limit: microseconds in each period.",
	"container_spec_cpu_period":                     "Period of the CPU limit, in microseconds.",
	"container_spec_cpu_shares":                     "Share of CPU time beside others.",
	"container_threads":                             "Threads.",
	"container_threads_max":                         "Threads allowed; 0 for no bound.",
	"container_processes":                           "Processes.",
	"container_last_seen":                           "When it was last seen, in Unix seconds.",
	"container_fs_reads_bytes_total":                "Bytes read from disks.",
	"container_fs_writes_bytes_total":               "Bytes written to disks.",
	"container_fs_reads_total":                      "Reads from disks.",
	"container_fs_writes_total":                     "Writes to disks.",
}

package host

import (
	"math"
	"strings"
)

// group tells the files of one control group (Documentation/admin-guide/cgroup-v2.rst).
type group struct {
	files *files
	dir   string
	emit  Emit
	ls    []string
}

func (g *group) tell(name string, v float64, more ...string) {
	g.emit(name, v, append(g.ls[:len(g.ls):len(g.ls)], more...)...)
}

// fields are those of a file with a name and a number in each line.
func (g *group) fields(name string) map[string]float64 {
	b, ok := g.files.read(g.dir + "/" + name)
	if !ok {
		return nil
	}
	return readFields(b)
}

func readFields(b []byte) map[string]float64 {
	out := map[string]float64{}
	for line := range lines(b) {
		key, value, _ := strings.Cut(line, " ")
		if v, ok := number(value); ok && len(out) < maxItems {
			out[key] = v
		}
	}
	return out
}

// tellCgroup tells all of a container, and of services and slices what they use.
func (r *Reader) tellCgroup(c cgroup, emit Emit) {
	g := &group{files: &r.files, dir: tree + c.id, emit: emit, ls: []string{"id", c.id}}
	if c.container != "" {
		g.ls = append(g.ls, r.cg.names.of(c)...)
	}
	g.cpu()
	g.memory(c.id == "/")
	if c.container == "" {
		return
	}
	g.tell("container_last_seen", float64(r.o.Now().Unix()))
	g.limits()
	g.tasks()
	g.disks(r.cg.devices)
	for _, of := range [...]string{"cpu", "memory", "io"} {
		if b, ok := g.files.read(g.dir + "/" + of + ".pressure"); ok {
			some, full := readPressure(b)
			if some >= 0 {
				g.tell("container_pressure_"+of+"_waiting_seconds_total", some)
			}
			if full >= 0 {
				g.tell("container_pressure_"+of+"_stalled_seconds_total", full)
			}
		}
	}
}

func (g *group) cpu() {
	s := g.fields("cpu.stat")
	for key, name := range map[string]string{"user_usec": "container_cpu_user_seconds_total", "system_usec": "container_cpu_system_seconds_total", "throttled_usec": "container_cpu_cfs_throttled_seconds_total"} {
		if v, ok := s[key]; ok {
			g.tell(name, v/1e6)
		}
	}
	if v, ok := s["usage_usec"]; ok {
		g.tell("container_cpu_usage_seconds_total", v/1e6, "cpu", "total")
	}
	for key, name := range map[string]string{"nr_periods": "container_cpu_cfs_periods_total", "nr_throttled": "container_cpu_cfs_throttled_periods_total"} {
		if v, ok := s[key]; ok {
			g.tell(name, v)
		}
	}
}

// memory: what is used, less the file cache that the kernel would give away
// first, is the working set, by which Kubernetes evicts.
func (g *group) memory(root bool) {
	s := g.fields("memory.stat")
	if s == nil {
		return
	}
	used, ok := g.files.number(g.dir + "/memory.current")
	if !ok && root { // the root has no such file
		used, ok = s["anon"]+s["file"]+s["kernel"], true
	}
	if ok {
		g.tell("container_memory_usage_bytes", used)
		g.tell("container_memory_working_set_bytes", max(0, used-s["inactive_file"]))
	}
	g.tell("container_memory_rss", s["anon"])
	g.tell("container_memory_cache", s["file"])
	g.tell("container_memory_mapped_file", s["file_mapped"])
	g.tell("container_memory_failures_total", s["pgfault"], "failure_type", "pgfault", "scope", "container")
	g.tell("container_memory_failures_total", s["pgmajfault"], "failure_type", "pgmajfault", "scope", "container")
	if v, ok := g.fields("memory.events")["oom_kill"]; ok {
		g.tell("container_oom_events_total", v)
	}
	if v, ok := g.files.number(g.dir + "/memory.swap.current"); ok {
		g.tell("container_memory_swap", v)
	}
	if v, ok := g.limit("memory.max"); ok {
		g.tell("container_spec_memory_limit_bytes", v)
	}
}

// limit is a file of a number or "max", which cAdvisor tells as 0.
func (g *group) limit(name string) (float64, bool) {
	word := g.files.word(g.dir + "/" + name)
	if word == "max" {
		return 0, true
	}
	return number(word)
}

func (g *group) limits() {
	for name, metric := range map[string]string{"memory.low": "container_spec_memory_reservation_limit_bytes", "memory.swap.max": "container_spec_memory_swap_limit_bytes", "pids.max": "container_threads_max"} {
		if v, ok := g.limit(name); ok {
			g.tell(metric, v)
		}
	}
	if v, ok := g.files.number(g.dir + "/memory.peak"); ok {
		g.tell("container_memory_max_usage_bytes", v)
	}
	quota, period, _ := strings.Cut(g.files.word(g.dir+"/cpu.max"), " ")
	if v, ok := number(period); ok {
		g.tell("container_spec_cpu_period", v)
	}
	if v, ok := number(quota); ok { // "max" is no quota, and no series, as in cAdvisor
		g.tell("container_spec_cpu_quota", v)
	}
	if weight, ok := g.files.number(g.dir + "/cpu.weight"); ok && weight >= 1 {
		// weights of 1 to 10,000 stand for shares of 2 to 262,144 (runc's formula)
		g.tell("container_spec_cpu_shares", math.Floor(2+(weight-1)*262142/9999))
	}
}

func (g *group) tasks() {
	if v, ok := g.files.number(g.dir + "/pids.current"); ok {
		g.tell("container_threads", v)
	}
	if b, ok := g.files.read(g.dir + "/cgroup.procs"); ok {
		g.tell("container_processes", float64(strings.Count(string(b), "\n")))
	}
}

// disks reads "8:0 rbytes=1 wbytes=2 rios=3 wios=4".
func (g *group) disks(devices map[string]string) {
	b, ok := g.files.read(g.dir + "/io.stat")
	if !ok {
		return
	}
	n := 0
	for line := range lines(b) {
		number0, rest, _ := strings.Cut(line, " ")
		device := devices[number0]
		if device == "" || notDisks.MatchString(device) || n == maxItems {
			continue
		}
		n++
		for field := range strings.FieldsSeq(rest) {
			key, value, _ := strings.Cut(field, "=")
			metric := map[string]string{"rbytes": "container_fs_reads_bytes_total", "wbytes": "container_fs_writes_bytes_total", "rios": "container_fs_reads_total", "wios": "container_fs_writes_total"}[key]
			if v, ok := number(value); ok && metric != "" {
				g.tell(metric, v, "device", "/dev/"+device)
			}
		}
	}
}

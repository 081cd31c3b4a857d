package host

import "strings"

// ticks is USER_HZ, in which /proc counts CPU time: 100 on every architecture
// that Go runs on.
const ticks = 100

// modes of a CPU in the order of /proc/stat; guests are counted in user and
// nice as well, so node_exporter tells them under a name of their own.
var modes = [...]string{"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"}

var guests = [...]string{"user", "nice"}

// counts are the other lines of /proc/stat.
var counts = map[string]string{
	"ctxt": "node_context_switches_total", "btime": "node_boot_time_seconds", "processes": "node_forks_total",
	"procs_running": "node_procs_running", "procs_blocked": "node_procs_blocked", "intr": "node_intr_total",
}

func (r *Reader) stat(emit Emit) bool {
	b, ok := r.files.read("proc/stat")
	return ok && r.readStat(b, emit)
}

func (r *Reader) readStat(b []byte, emit Emit) bool {
	n := 0
	for line := range lines(b) {
		name, rest, _ := strings.Cut(line, " ")
		if cpu, ok := strings.CutPrefix(name, "cpu"); ok && cpu != "" && n < maxItems {
			if _, ok := number(cpu); ok {
				n++
				r.cpu(cpu, strings.Fields(rest), emit)
			}
		} else if metric := counts[name]; metric != "" {
			first, _, _ := strings.Cut(rest, " ") // intr goes on with one number for each interrupt
			if v, ok := number(first); ok {
				emit(metric, v)
			}
		}
	}
	return n > 0
}

func (r *Reader) cpu(cpu string, fields []string, emit Emit) {
	last := r.cpus[cpu]
	now := make([]float64, len(modes)+len(guests))
	for i := range now {
		if i >= len(fields) {
			break
		}
		v, ok := number(fields[i])
		if !ok {
			return
		}
		now[i] = v / ticks
		// idle and iowait are estimates that fall at times; a counter that falls
		// would read as a restart and a burst
		if last != nil && now[i] < last[i] && last[i]-now[i] < 3 {
			now[i] = last[i]
		}
	}
	r.cpus[cpu] = now
	for i, mode := range modes {
		emit("node_cpu_seconds_total", now[i], "cpu", cpu, "mode", mode)
	}
	for i, mode := range guests {
		emit("node_cpu_guest_seconds_total", now[len(modes)+i], "cpu", cpu, "mode", mode)
	}
}

func (r *Reader) load(emit Emit) bool {
	b, ok := r.files.read("proc/loadavg")
	return ok && readLoad(b, emit)
}

func readLoad(b []byte, emit Emit) bool {
	fields := strings.Fields(string(b))
	for i, name := range [...]string{"node_load1", "node_load5", "node_load15"} {
		if i >= len(fields) {
			return false
		}
		v, ok := number(fields[i])
		if !ok {
			return false
		}
		emit(name, v)
	}
	return true
}

// pressure is how long something waited for a resource (PSI), since Linux 4.20.
func (r *Reader) pressure(emit Emit) bool {
	told := false
	for _, of := range [...]string{"cpu", "io", "memory", "irq"} {
		b, ok := r.files.read("proc/pressure/" + of)
		if !ok {
			continue
		}
		some, full := readPressure(b)
		if some >= 0 {
			told = true
			emit("node_pressure_"+of+"_waiting_seconds_total", some)
		}
		if full >= 0 && of != "cpu" { // of the whole machine it is always 0 for CPUs
			told = true
			emit("node_pressure_"+of+"_stalled_seconds_total", full)
		}
	}
	return told
}

// readPressure gives the seconds in which some and in which all tasks waited,
// -1 for what is not told.
func readPressure(b []byte) (some, full float64) {
	some, full = -1, -1
	for line := range lines(b) {
		kind, rest, _ := strings.Cut(line, " ")
		_, total, ok := strings.Cut(rest, "total=")
		if !ok {
			continue
		}
		us, ok := number(strings.TrimSpace(total))
		if !ok || us < 0 {
			continue
		}
		switch kind {
		case "some":
			some = us / 1e6
		case "full":
			full = us / 1e6
		}
	}
	return some, full
}

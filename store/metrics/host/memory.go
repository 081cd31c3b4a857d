package host

import (
	"regexp"
	"strings"
)

func (r *Reader) memory(emit Emit) bool {
	b, ok := r.files.read("proc/meminfo")
	return ok && readMemory(b, emit)
}

// readMemory tells every line of meminfo: "MemTotal: 16310508 kB" is
// node_memory_MemTotal_bytes, and "Active(anon)" is Active_anon.
func readMemory(b []byte, emit Emit) bool {
	n := 0
	for line := range lines(b) {
		fields := strings.Fields(line)
		if len(fields) < 2 || n == maxItems {
			continue
		}
		v, ok := number(fields[1])
		if !ok {
			continue
		}
		key := strings.NewReplacer("(", "_", ")", "").Replace(strings.TrimSuffix(fields[0], ":"))
		if len(fields) == 3 {
			v, key = v*1024, key+"_bytes"
		}
		n++
		emit("node_memory_"+metricName(key), v)
	}
	return n > 0
}

// pagingFields are those of vmstat that node_exporter tells unless asked otherwise.
var pagingFields = regexp.MustCompile(`^(oom_kill|pgpg|pswp|pg.*fault).*`)

func (r *Reader) paging(emit Emit) bool {
	b, ok := r.files.read("proc/vmstat")
	return ok && readPaging(b, emit)
}

func readPaging(b []byte, emit Emit) bool {
	n := 0
	for line := range lines(b) {
		key, value, _ := strings.Cut(line, " ")
		if v, ok := number(value); ok && n < maxItems && pagingFields.MatchString(key) {
			n++
			emit("node_vmstat_"+metricName(key), v)
		}
	}
	return n > 0
}

func (r *Reader) fileHandles(emit Emit) bool {
	fields := strings.Fields(r.files.word("proc/sys/fs/file-nr"))
	if len(fields) != 3 {
		return false
	}
	allocated, ok := number(fields[0])
	most, fine := number(fields[2])
	if ok && fine {
		emit("node_filefd_allocated", allocated)
		emit("node_filefd_maximum", most)
	}
	return ok && fine
}

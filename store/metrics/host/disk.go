package host

import (
	"regexp"
	"strings"
)

// notDisks are partitions and what has no platter of its own.
var notDisks = regexp.MustCompile(`^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`)

// diskFields are the columns of diskstats behind the name, in their order
// (Documentation/admin-guide/iostats.rst); sectors are 512 bytes here whatever
// the disk's are, times are in milliseconds.
var diskFields = [...]struct {
	name   string
	factor float64
}{
	{"reads_completed_total", 1}, {"reads_merged_total", 1}, {"read_bytes_total", 512}, {"read_time_seconds_total", 0.001},
	{"writes_completed_total", 1}, {"writes_merged_total", 1}, {"written_bytes_total", 512}, {"write_time_seconds_total", 0.001},
	{"io_now", 1}, {"io_time_seconds_total", 0.001}, {"io_time_weighted_seconds_total", 0.001},
	{"discards_completed_total", 1}, {"discards_merged_total", 1}, {"discarded_sectors_total", 1}, {"discard_time_seconds_total", 0.001},
	{"flush_requests_total", 1}, {"flush_requests_time_seconds_total", 0.001},
}

func (r *Reader) disks(emit Emit) bool {
	b, ok := r.files.read("proc/diskstats")
	if !ok {
		return false
	}
	r.cg.devices = readDisks(b, emit)
	return true
}

// readDisks gives the names of block devices by their major:minor.
func readDisks(b []byte, emit Emit) map[string]string {
	names := map[string]string{}
	for line := range lines(b) {
		fields := strings.Fields(line)
		if len(fields) < 14 || len(names) == maxItems {
			continue
		}
		device := strings.ToValidUTF8(fields[2], "\uFFFD")
		names[fields[0]+":"+fields[1]] = device
		if notDisks.MatchString(device) {
			continue
		}
		emit("node_disk_info", 1, "device", device, "major", fields[0], "minor", fields[1])
		for i, value := range fields[3:min(len(fields), 3+len(diskFields))] {
			if v, ok := number(value); ok {
				// dividing gives 0.014 where multiplying by a thousandth gives 0.014000000000000002
				if f := diskFields[i]; f.factor < 1 {
					emit("node_disk_"+f.name, v/1000, "device", device)
				} else {
					emit("node_disk_"+f.name, v*f.factor, "device", device)
				}
			}
		}
	}
	return names
}

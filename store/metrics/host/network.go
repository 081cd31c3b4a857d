package host

import (
	"os"
	"regexp"
	"strings"
)

// netFields are the columns of /proc/net/dev, received before sent.
var netFields = [...]string{
	"receive_bytes", "receive_packets", "receive_errs", "receive_drop", "receive_fifo", "receive_frame", "receive_compressed", "receive_multicast",
	"transmit_bytes", "transmit_packets", "transmit_errs", "transmit_drop", "transmit_fifo", "transmit_colls", "transmit_carrier", "transmit_compressed",
}

// network is the file of a name space that is that of the machine, not that of
// the container which this process may be in.
func (r *Reader) network(name string) ([]byte, bool) {
	if b, ok := r.files.read("proc/1/net/" + name); ok {
		return b, true
	}
	return r.files.read("proc/net/" + name)
}

func (r *Reader) netDev(emit Emit) bool {
	b, ok := r.network("dev")
	return ok && readNetDev(b, emit)
}

func readNetDev(b []byte, emit Emit) bool {
	n := 0
	for line := range lines(b) {
		i := strings.LastIndexByte(line, ':') // an alias has one in its name
		if i < 0 || n == maxItems {
			continue
		}
		device, fields := strings.ToValidUTF8(strings.TrimSpace(line[:i]), "\uFFFD"), strings.Fields(line[i+1:])
		if device == "" || len(fields) < len(netFields) {
			continue
		}
		n++
		for i, name := range netFields {
			if v, ok := number(fields[i]); ok {
				emit("node_network_"+name+"_total", v, "device", device)
			}
		}
	}
	return n > 0
}

// netClass tells what interfaces are, from /sys/class/net.
func (r *Reader) netClass(emit Emit) bool {
	entries, err := os.ReadDir(r.path("sys/class/net"))
	if err != nil {
		return false
	}
	for _, e := range entries[:min(len(entries), maxItems)] {
		device := e.Name()
		if !r.files.exists("sys/class/net/" + device + "/operstate") {
			continue // bonding_masters is no interface
		}
		r.netInterface(device, emit)
	}
	return true
}

func (r *Reader) netInterface(device string, emit Emit) {
	word := func(name string) string { return r.files.word("sys/class/net/" + device + "/" + name) }
	state := word("operstate")
	emit("node_network_up", bit(state == "up"), "device", device)
	emit("node_network_info", 1, "device", device, "address", word("address"), "broadcast", word("broadcast"),
		"duplex", word("duplex"), "operstate", state, "ifalias", word("ifalias"))
	for name, metric := range map[string]string{"mtu": "node_network_mtu_bytes", "carrier": "node_network_carrier", "tx_queue_len": "node_network_transmit_queue_length"} {
		if v, ok := number(word(name)); ok {
			emit(metric, v, "device", device)
		}
	}
	if megabits, ok := number(word("speed")); ok && megabits > 0 { // -1 where there is none
		emit("node_network_speed_bytes", megabits*1e6/8, "device", device)
	}
}

// netStatFields are those of netstat and snmp that node_exporter tells unless
// asked otherwise.
var netStatFields = regexp.MustCompile(`^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$`)

func (r *Reader) netStat(emit Emit) bool {
	told := false
	for _, name := range [...]string{"netstat", "snmp"} {
		if b, ok := r.network(name); ok {
			told = readNetStat(b, emit) || told
		}
	}
	if b, ok := r.network("snmp6"); ok {
		readNetStat6(b, emit)
	}
	return told
}

// readNetStat reads pairs of lines: one of names, one of numbers.
func readNetStat(b []byte, emit Emit) bool {
	n := 0
	var names []string
	for line := range lines(b) {
		fields := strings.Fields(line)
		if names == nil {
			names = fields
			continue
		}
		for i := 1; i < min(len(names), len(fields)) && names[0] == fields[0]; i++ {
			key := strings.TrimSuffix(names[0], ":") + "_" + names[i]
			if v, ok := number(fields[i]); ok && n < maxItems && netStatFields.MatchString(key) {
				n++
				emit("node_netstat_"+metricName(key), v)
			}
		}
		names = nil
	}
	return n > 0
}

// netStat6 divides the names of snmp6, which say the protocol without a dash.
var netStat6 = regexp.MustCompile(`^(Ip6|Icmp6|Udp6|UdpLite6)(\w+)$`)

func readNetStat6(b []byte, emit Emit) {
	n := 0
	for line := range lines(b) {
		fields := strings.Fields(line)
		if len(fields) != 2 || n == maxItems {
			continue
		}
		m := netStat6.FindStringSubmatch(fields[0])
		if v, ok := number(fields[1]); ok && m != nil && netStatFields.MatchString(m[1]+"_"+m[2]) {
			n++
			emit("node_netstat_"+metricName(m[1]+"_"+m[2]), v)
		}
	}
}

func (r *Reader) sockets(emit Emit) bool {
	told := false
	for _, name := range [...]string{"sockstat", "sockstat6"} {
		if b, ok := r.network(name); ok {
			told = readSockets(b, float64(os.Getpagesize()), emit) || told
		}
	}
	return told
}

// readSockets reads "TCP: inuse 5 orphan 0 mem 1"; mem is in pages, and told in
// bytes as well.
func readSockets(b []byte, page float64, emit Emit) bool {
	n := 0
	for line := range lines(b) {
		of, rest, ok := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		for i := 0; ok && i+1 < len(fields) && n < maxItems; i += 2 {
			v, ok := number(fields[i+1])
			if !ok {
				continue
			}
			n++
			emit("node_sockstat_"+metricName(of+"_"+fields[i]), v)
			if fields[i] == "mem" {
				emit("node_sockstat_"+metricName(of)+"_mem_bytes", v*page)
			}
		}
	}
	return n > 0
}

func (r *Reader) tracked(emit Emit) bool {
	now, ok := r.files.number("proc/sys/net/netfilter/nf_conntrack_count")
	most, fine := r.files.number("proc/sys/net/netfilter/nf_conntrack_max")
	if ok && fine {
		emit("node_nf_conntrack_entries", now)
		emit("node_nf_conntrack_entries_limit", most)
	}
	return ok && fine
}

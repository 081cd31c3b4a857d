package host

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Emit takes one sample of this moment: the metric's name, its value, and names
// and values of its labels in turn. A label without a value is none.
type Emit func(name string, v float64, labels ...string)

// Options of a Reader; zero means default.
type Options struct {
	Root       string                           // where the machine's root is mounted; default /
	MaxCgroups int                              // told in one round; default 500
	Statfs     func(path string) (Space, error) // of a mounted file system; default asks the system
	Now        func() time.Time
	clock      func() (kernelClock, bool)
}

// Reader reads one machine. It is for one goroutine.
type Reader struct {
	o     Options
	files files
	cpus  map[string][]float64 // seconds by CPU as they were told, which must not fall
	space asker
	cg    cgroups
	notes []string
	about []string // labels of node_uname_info, which do not change
	os    []string // labels of node_os_info
}

// part is one of the things that are read, under node_exporter's name for it.
type part struct {
	name string
	read func(*Reader, Emit) bool // false when this machine does not tell
}

var parts = []part{
	{"stat", (*Reader).stat},
	{"loadavg", (*Reader).load},
	{"meminfo", (*Reader).memory},
	{"vmstat", (*Reader).paging},
	{"diskstats", (*Reader).disks},
	{"filesystem", (*Reader).filesystems},
	{"netdev", (*Reader).netDev},
	{"netclass", (*Reader).netClass},
	{"netstat", (*Reader).netStat},
	{"sockstat", (*Reader).sockets},
	{"pressure", (*Reader).pressure},
	{"filefd", (*Reader).fileHandles},
	{"conntrack", (*Reader).tracked},
	{"uname", (*Reader).uname},
	{"os", (*Reader).system},
	{"time", (*Reader).clock},
	{"timex", (*Reader).timex},
}

// New only allocates.
func New(o Options) *Reader {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.MaxCgroups == 0 {
		o.MaxCgroups = 500
	}
	if o.Statfs == nil {
		o.Statfs = statfs
	}
	if o.clock == nil {
		o.clock = askKernelClock
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Reader{o: o, files: files{root: o.Root}, cpus: map[string][]float64{}}
}

// Read tells everything once. What cannot be read is left out.
func (r *Reader) Read(emit Emit) {
	r.notes = r.notes[:0]
	if !r.files.exists("proc/stat") {
		r.note("Host metrics need Linux's /proc, which is not here" + r.under() + ".")
		return
	}
	for _, p := range parts {
		begin := r.o.Now()
		ok := p.read(r, emit)
		emit("node_scrape_collector_duration_seconds", r.o.Now().Sub(begin).Seconds(), "collector", p.name)
		emit("node_scrape_collector_success", bit(ok), "collector", p.name)
	}
	r.readCgroups(emit)
}

// Notes are sentences for people about what the last Read could not see.
func (r *Reader) Notes() []string { return slices.Clone(r.notes) }

func (r *Reader) note(s string) { r.notes = append(r.notes, s) }

func (r *Reader) under() string {
	if r.o.Root == "/" {
		return ""
	}
	return " under " + r.o.Root
}

// Name is what the machine calls itself, empty when it cannot be known.
func (r *Reader) Name() string {
	if name := r.files.word("proc/sys/kernel/hostname"); name != "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

func (r *Reader) uname(emit Emit) bool {
	if r.about == nil {
		kernel := func(name string) string { return r.files.word("proc/sys/kernel/" + name) }
		r.about = []string{
			"sysname", kernel("ostype"), "release", kernel("osrelease"), "version", kernel("version"),
			"machine", machine(), "nodename", kernel("hostname"), "domainname", kernel("domainname"),
		}
	}
	emit("node_uname_info", 1, r.about...)
	return r.about[1] != ""
}

// machine is uname's word for the architecture.
func machine() string {
	if m, ok := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}[runtime.GOARCH]; ok {
		return m
	}
	return runtime.GOARCH
}

// system tells which distribution it is, from os-release.
func (r *Reader) system(emit Emit) bool {
	if r.os == nil {
		for _, path := range []string{"etc/os-release", "usr/lib/os-release"} {
			if b, ok := r.files.read(path); ok {
				r.os = osLabels(b)
				break
			}
		}
	}
	if r.os == nil {
		return false
	}
	emit("node_os_info", 1, r.os...)
	return true
}

func osLabels(b []byte) []string {
	out := []string{}
	for line := range lines(b) {
		key, value, ok := strings.Cut(line, "=")
		switch key {
		case "ID", "ID_LIKE", "NAME", "PRETTY_NAME", "VERSION", "VERSION_CODENAME", "VERSION_ID", "VARIANT", "VARIANT_ID", "BUILD_ID":
			if ok && !slices.Contains(out, strings.ToLower(key)) {
				out = append(out, strings.ToLower(key), strings.ToValidUTF8(strings.Trim(value, `"'`), "\uFFFD"))
			}
		}
	}
	return out
}

func (r *Reader) clock(emit Emit) bool {
	now := r.o.Now()
	zone, offset := now.Zone()
	emit("node_time_seconds", float64(now.UnixNano())/1e9)
	emit("node_time_zone_offset_seconds", float64(offset), "time_zone", zone)
	return true
}

// path is where a path of the machine is for this process.
func (r *Reader) path(of string) string { return filepath.Join(r.o.Root, of) }

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package host

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	webID    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	apiID    = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	podmanID = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
	bareID   = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
)

// machineFiles is a small machine: its files by path.
var machineFiles = map[string]string{
	"proc/stat": "cpu  300 0 200 9000 10 0 5 0 0 0\ncpu0 100 1 50 4500 5 2 3 4 6 7\ncpu1 200 0 150 4500 5 0 2 0 0 0\n" +
		"intr 1234 5 6 7\nctxt 987\nbtime 1700000000\nprocesses 55\nprocs_running 2\nprocs_blocked 1\nsoftirq 9 1 2\n",
	"proc/loadavg":                  "0.50 0.25 0.10 1/123 4567\n",
	"proc/meminfo":                  "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\nActive(anon):       1024 kB\nHugePages_Total:       3\n",
	"proc/vmstat":                   "nr_free_pages 5\npgpgin 11\npswpout 12\npgmajfault 13\noom_kill 1\n",
	"proc/diskstats":                "   8       0 sda 100 2 2048 500 50 1 1024 250 3 700 750 4 5 6 7 8 9\n   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n 259       0 nvme0n1 1 0 8 4 0 0 0 0 0 0 0\n   7       0 loop0 1 1 1 1 1 1 1 1 1 1 1\n",
	"proc/1/mountinfo":              "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n23 22 0:5 / /proc rw - proc proc rw\n24 22 8:2 / /mnt/my\\040data ro,relatime - xfs /dev/sdb1 ro\n25 22 0:6 / /run rw - tmpfs tmpfs rw\n26 22 0:7 / /srv/dead rw - nfs4 nas:/export rw\n27 22 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n28 22 0:9 / /var/lib/docker/overlay2/x/merged rw - ext4 overlay rw\n",
	"proc/1/net/dev":                "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0\n  eth0: 1000 10 1 2 3 4 5 6 2000 20 7 8 9 10 11 12\n",
	"proc/1/net/netstat":            "TcpExt: SyncookiesSent ListenDrops Unwanted\nTcpExt: 1 2 3\nIpExt: InOctets OutOctets\nIpExt: 44 55\n",
	"proc/1/net/snmp":               "Tcp: RtoAlgorithm CurrEstab RetransSegs\nTcp: 1 12 13\n",
	"proc/1/net/sockstat":           "sockets: used 30\nTCP: inuse 5 orphan 0 tw 2 alloc 6 mem 1\n",
	"proc/1/net/sockstat6":          "TCP6: inuse 2\n",
	"proc/1/net/snmp6":              "Ip6InOctets                     	9\nUdp6NoPorts 4\nIp6Unwanted 3\n",
	"proc/pressure/cpu":             "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
	"proc/pressure/memory":          "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n",
	"proc/sys/fs/file-nr":           "992\t0\t9223372036854775807\n",
	"proc/sys/kernel/hostname":      "box\n",
	"proc/sys/kernel/ostype":        "Linux\n",
	"proc/sys/kernel/osrelease":     "6.1.0\n",
	"proc/sys/kernel/version":       "#1 SMP\n",
	"proc/sys/kernel/domainname":    "(none)\n",
	"etc/os-release":                "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_ID=\"12\"\nHOME_URL=x\n",
	"sys/class/net/eth0/operstate":  "up\n",
	"sys/class/net/eth0/speed":      "1000\n",
	"sys/class/net/eth0/mtu":        "1500\n",
	"sys/class/net/eth0/address":    "02:00:00:00:00:01\n",
	"sys/class/net/lo/operstate":    "unknown\n",
	"sys/class/net/lo/speed":        "-1\n",
	"sys/class/net/bonding_masters": "\n",
}

const memoryStat = "anon 1000\nfile 600\nkernel 50\nfile_mapped 70\ninactive_file 400\npgfault 9\npgmajfault 2\n"

// groupFiles is a tree of control groups with a container of each runtime.
func groupFiles() map[string]string {
	out := map[string]string{
		tree + "/cgroup.controllers": "cpu io memory pids\n",
		tree + "/cpu.stat":           "usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\n",
		tree + "/memory.stat":        memoryStat,
		"var/lib/docker/containers/" + webID + "/config.v2.json":                      `{"Name":"/web","Config":{"Image":"nginx:1","Labels":{"com.docker.compose.service":"front"}}}`,
		"var/log/containers/api-0_prod_api-" + apiID + ".log":                         "",
		"var/lib/containers/storage/overlay-containers/containers.json":               `[{"id":"` + podmanID + `","names":["cron"]}]`,
		tree + "/system.slice/docker-" + webID + ".scope/memory.max":                  "2048\n",
		tree + "/system.slice/docker-" + webID + ".scope/memory.swap.max":             "max\n",
		tree + "/system.slice/docker-" + webID + ".scope/memory.events":               "low 0\noom 3\noom_kill 2\n",
		tree + "/system.slice/docker-" + webID + ".scope/cpu.max":                     "50000 100000\n",
		tree + "/system.slice/docker-" + webID + ".scope/cpu.weight":                  "100\n",
		tree + "/system.slice/docker-" + webID + ".scope/pids.current":                "7\n",
		tree + "/system.slice/docker-" + webID + ".scope/pids.max":                    "max\n",
		tree + "/system.slice/docker-" + webID + ".scope/cgroup.procs":                "1\n2\n",
		tree + "/system.slice/docker-" + webID + ".scope/io.stat":                     "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0\n7:0 rbytes=1 wbytes=1 rios=1 wios=1\n",
		tree + "/system.slice/docker-" + webID + ".scope/memory.pressure":             "some avg10=0.00 total=3000000\nfull avg10=0.00 total=1000000\n",
		tree + "/system.slice/docker-" + webID + ".scope/inner/cpu.stat":              "usage_usec 1\n",
		tree + "/user.slice/user-0.slice/session-1.scope/cpu.stat":                    "usage_usec 1\n",
		tree + "/user.slice/user-0.slice/user@0.service/app.slice/x.service/cpu.stat": "usage_usec 1\n",
		tree + "/system.slice/libpod-conmon-" + podmanID + ".scope/cpu.stat":          "usage_usec 1\n",
		tree + "/dev-hugepages.mount/cpu.stat":                                        "usage_usec 1\n",
	}
	for _, dir := range []string{
		"/system.slice", "/system.slice/ssh.service", "/system.slice/docker-" + webID + ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12345678_1234_1234_1234_123456789012.slice/cri-containerd-" + apiID + ".scope",
		"/machine.slice/libpod-" + podmanID + ".scope", "/docker/" + bareID,
	} {
		out[tree+dir+"/cpu.stat"] = "usage_usec 2500000\nuser_usec 1500000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 500000\n"
		out[tree+dir+"/memory.current"] = "1700\n"
		out[tree+dir+"/memory.stat"] = memoryStat
	}
	return out
}

// plant writes files under a new root.
func plant(t testing.TB, sets ...map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for _, set := range sets {
		for path, text := range set {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func options(root string) Options {
	return Options{
		Root: root, Now: func() time.Time { return noon },
		clock: func() (kernelClock, bool) {
			return kernelClock{offset: 0.25, maxError: 0.5, frequency: 1, synced: true}, true
		},
		Statfs: func(path string) (Space, error) {
			if strings.HasSuffix(path, "my data") {
				return Space{}, errors.New("input/output error")
			}
			return Space{Size: 1000, Free: 400, Available: 300, Files: 50, FilesFree: 20}, nil
		},
	}
}

// readAll gives what is told, as the text exposition writes it, sorted.
func readAll(t testing.TB, r *Reader) []string {
	t.Helper()
	var out []string
	r.Read(func(name string, v float64, kv ...string) {
		if len(kv)%2 != 0 {
			t.Fatalf("%s: odd labels %q", name, kv)
		}
		var ls []string
		for i := 0; i < len(kv); i += 2 {
			if kv[i+1] != "" {
				ls = append(ls, fmt.Sprintf("%s=%q", kv[i], kv[i+1]))
			}
		}
		if strings.HasPrefix(name, "node_scrape_collector_duration") {
			return
		}
		if len(ls) > 0 {
			name += "{" + strings.Join(ls, ",") + "}"
		}
		out = append(out, name+" "+strconv.FormatFloat(v, 'g', -1, 64))
	})
	slices.Sort(out)
	return out
}

func wants(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			name, _, _ := strings.Cut(w, "{")
			name, _, _ = strings.Cut(name, " ")
			near := slices.DeleteFunc(slices.Clone(got), func(g string) bool { return !strings.HasPrefix(g, name) })
			t.Errorf("no %s; of that name:\n%s", w, strings.Join(near, "\n"))
		}
	}
}

func TestMachineUnderTheNamesOfNodeExporter(t *testing.T) {
	r := New(options(plant(t, machineFiles)))
	got := readAll(t, r)
	wants(t, got,
		`node_cpu_seconds_total{cpu="0",mode="idle"} 45`, `node_cpu_seconds_total{cpu="1",mode="system"} 1.5`, `node_cpu_seconds_total{cpu="0",mode="steal"} 0.04`,
		`node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.07`,
		`node_context_switches_total 987`, `node_boot_time_seconds 1.7e+09`, `node_forks_total 55`, `node_intr_total 1234`, `node_procs_running 2`, `node_procs_blocked 1`,
		`node_load1 0.5`, `node_load15 0.1`,
		`node_memory_MemTotal_bytes 1.6384e+10`, `node_memory_MemAvailable_bytes 8.192e+09`, `node_memory_Active_anon_bytes 1.048576e+06`, `node_memory_HugePages_Total 3`,
		`node_vmstat_pgpgin 11`, `node_vmstat_pgmajfault 13`, `node_vmstat_oom_kill 1`,
		`node_disk_read_bytes_total{device="sda"} 1.048576e+06`, `node_disk_read_time_seconds_total{device="sda"} 0.5`, `node_disk_io_time_seconds_total{device="sda"} 0.7`, `node_disk_flush_requests_time_seconds_total{device="sda"} 0.009`, `node_disk_reads_completed_total{device="nvme0n1"} 1`,
		`node_filesystem_avail_bytes{device="/dev/sda1",mountpoint="/",fstype="ext4"} 300`, `node_filesystem_files_free{device="tmpfs",mountpoint="/run",fstype="tmpfs"} 20`,
		`node_filesystem_device_error{device="/dev/sdb1",mountpoint="/mnt/my data",fstype="xfs",device_error="input/output error"} 1`,
		`node_filesystem_readonly{device="/dev/sdb1",mountpoint="/mnt/my data",fstype="xfs",device_error="input/output error"} 1`, `node_filesystem_readonly{device="/dev/sda1",mountpoint="/",fstype="ext4"} 0`,
		`node_network_receive_bytes_total{device="eth0"} 1000`, `node_network_receive_multicast_total{device="eth0"} 6`, `node_network_transmit_colls_total{device="eth0"} 10`, `node_network_transmit_compressed_total{device="eth0"} 12`,
		`node_network_up{device="eth0"} 1`, `node_network_up{device="lo"} 0`, `node_network_speed_bytes{device="eth0"} 1.25e+08`, `node_network_mtu_bytes{device="eth0"} 1500`, `node_network_info{device="eth0",address="02:00:00:00:00:01",operstate="up"} 1`,
		`node_netstat_TcpExt_ListenDrops 2`, `node_netstat_IpExt_OutOctets 55`, `node_netstat_Tcp_CurrEstab 12`,
		`node_sockstat_TCP_inuse 5`, `node_sockstat_sockets_used 30`, `node_sockstat_TCP_mem_bytes `+strconv.Itoa(os.Getpagesize()),
		`node_pressure_cpu_waiting_seconds_total 2.5`, `node_pressure_memory_stalled_seconds_total 0.5`,
		`node_filefd_allocated 992`, `node_filefd_maximum 9.223372036854776e+18`,
		`node_uname_info{sysname="Linux",release="6.1.0",version="#1 SMP",machine="`+machine()+`",nodename="box",domainname="(none)"} 1`,
		`node_os_info{id="debian",pretty_name="Debian GNU/Linux 12",version_id="12"} 1`,
		`node_time_seconds 1.7723664e+09`, `node_timex_offset_seconds 0.25`, `node_timex_sync_status 1`, `node_timex_maxerror_seconds 0.5`,
		`node_sockstat_TCP6_inuse 2`, `node_disk_info{device="sda",major="8",minor="0"} 1`, `node_netstat_Ip6_InOctets 9`, `node_netstat_Udp6_NoPorts 4`,
		`node_scrape_collector_success{collector="diskstats"} 1`, `node_scrape_collector_success{collector="conntrack"} 0`,
	)
	for _, line := range got {
		for _, not := range []string{"sda1\"} ", "loop0", "/proc\"", "overlay2", "node_vmstat_nr", "Unwanted", "node_network_speed_bytes{device=\"lo\"", "bonding", "node_pressure_cpu_stalled", "node_pressure_io"} {
			if strings.Contains(line, not) {
				t.Errorf("told: %s", line)
			}
		}
	}
	if r.Name() != "box" {
		t.Errorf("name %q", r.Name())
	}
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Error("something is told twice")
	}
}

func TestWhatIsNotThereIsNotTold(t *testing.T) {
	r := New(options(t.TempDir()))
	if got := readAll(t, r); len(got) != 0 {
		t.Errorf("told %q", got)
	}
	if notes := r.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "need Linux's /proc") {
		t.Errorf("notes %q", notes)
	}
}

// The kernel's idle and iowait fall now and then; what falls far is a CPU that
// was taken out and came back.
func TestCPUSecondsDoNotFall(t *testing.T) {
	root := plant(t, machineFiles)
	r := New(options(root))
	readAll(t, r)
	write := func(idle int) []string {
		text := fmt.Sprintf("cpu0 100 1 50 %d 5 2 3 4 6 7\n", idle)
		if err := os.WriteFile(filepath.Join(root, "proc/stat"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return readAll(t, r)
	}
	wants(t, write(4490), `node_cpu_seconds_total{cpu="0",mode="idle"} 45`)
	wants(t, write(4510), `node_cpu_seconds_total{cpu="0",mode="idle"} 45.1`)
	wants(t, write(10), `node_cpu_seconds_total{cpu="0",mode="idle"} 0.1`)
}

// A server of files that is gone must not end everything else, and is asked
// again only when it has answered.
func TestFileServerThatDoesNotAnswer(t *testing.T) {
	o := options(plant(t, machineFiles))
	asked, release := make(chan struct{}, 9), make(chan struct{})
	ask := o.Statfs
	o.Statfs = func(path string) (Space, error) {
		if strings.HasSuffix(path, "dead") {
			asked <- struct{}{}
			<-release
		}
		return ask(path)
	}
	r := New(o)
	const dead = `node_filesystem_device_error{device="nas:/export",mountpoint="/srv/dead",fstype="nfs4",device_error="no answer"} 1`
	for range 2 {
		wants(t, readAll(t, r), dead, `node_filesystem_size_bytes{device="/dev/sda1",mountpoint="/",fstype="ext4"} 1000`)
	}
	if len(asked) != 1 {
		t.Errorf("asked %d times", len(asked))
	}
	close(release)
	const back = `node_filesystem_size_bytes{device="nas:/export",mountpoint="/srv/dead",fstype="nfs4"} 1000`
	for deadline := time.Now().Add(20 * time.Second); !slices.Contains(readAll(t, r), back); {
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
	}
}

func TestContainersUnderTheNamesOfCAdvisor(t *testing.T) {
	r := New(options(plant(t, machineFiles, groupFiles())))
	got := readAll(t, r)
	web := `id="/system.slice/docker-` + webID + `.scope",name="web",image="nginx:1",container_label_com_docker_compose_service="front"`
	wants(t, got,
		`container_cpu_usage_seconds_total{`+web+`,cpu="total"} 2.5`, `container_cpu_user_seconds_total{`+web+`} 1.5`,
		`container_cpu_cfs_periods_total{`+web+`} 10`, `container_cpu_cfs_throttled_periods_total{`+web+`} 4`, `container_cpu_cfs_throttled_seconds_total{`+web+`} 0.5`,
		`container_memory_usage_bytes{`+web+`} 1700`, `container_memory_working_set_bytes{`+web+`} 1300`, `container_memory_rss{`+web+`} 1000`, `container_memory_cache{`+web+`} 600`,
		`container_memory_failures_total{`+web+`,failure_type="pgmajfault",scope="container"} 2`,
		`container_oom_events_total{`+web+`} 2`, `container_spec_memory_limit_bytes{`+web+`} 2048`, `container_spec_memory_swap_limit_bytes{`+web+`} 0`,
		`container_spec_cpu_quota{`+web+`} 50000`, `container_spec_cpu_period{`+web+`} 100000`, `container_spec_cpu_shares{`+web+`} 2597`,
		`container_threads{`+web+`} 7`, `container_threads_max{`+web+`} 0`, `container_processes{`+web+`} 2`,
		`container_fs_writes_bytes_total{`+web+`,device="/dev/sda"} 8192`, `container_pressure_memory_waiting_seconds_total{`+web+`} 3`, `container_pressure_memory_stalled_seconds_total{`+web+`} 1`,
		`container_last_seen{`+web+`} 1.7723664e+09`,
		`container_memory_working_set_bytes{id="/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12345678_1234_1234_1234_123456789012.slice/cri-containerd-`+apiID+`.scope",pod="api-0",namespace="prod",container="api",name="bbbbbbbbbbbb"} 1300`,
		`container_memory_rss{id="/machine.slice/libpod-`+podmanID+`.scope",name="cron"} 1000`,
		`container_memory_rss{id="/docker/`+bareID+`",name="dddddddddddd"} 1000`,
		`container_memory_working_set_bytes{id="/system.slice/ssh.service"} 1300`, `container_cpu_usage_seconds_total{id="/system.slice",cpu="total"} 2.5`,
		`container_cpu_usage_seconds_total{id="/",cpu="total"} 9`, `container_memory_usage_bytes{id="/"} 1650`,
	)
	for _, line := range got {
		for _, not := range []string{"inner", "session-1", "x.service", "conmon", ".mount", "loop0\"", `container_threads{id="/system.slice/ssh`} {
			if strings.Contains(line, not) {
				t.Errorf("told: %s", line)
			}
		}
	}
	if notes := r.Notes(); len(notes) != 0 {
		t.Errorf("notes %q", notes)
	}
}

// What cannot be seen is said, and ends nothing.
func TestCgroupsThatCannotBeSeen(t *testing.T) {
	own := map[string]string{tree + "/cgroup.controllers": "", tree + "/memory.current": "5\n", tree + "/memory.stat": memoryStat}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"version 1":           {map[string]string{tree + "/memory/memory.usage_in_bytes": "1"}, "has version 1"},
		"no tree":             {nil, "cannot be seen under"},
		"a container's own":   {own, "only this container's own"},
		"more than the bound": {groupFiles(), "13 are not told: the bound is 2"},
	} {
		o := options(plant(t, machineFiles, c.files))
		o.MaxCgroups = 2
		r := New(o)
		got := readAll(t, r)
		if notes := strings.Join(r.Notes(), " "); !strings.Contains(notes, c.want) {
			t.Errorf("%s: notes %q, want %q", name, notes, c.want)
		}
		wants(t, got, `node_load1 0.5`)
		if name == "more than the bound" && strings.Contains(strings.Join(got, "\n"), "ssh.service") {
			t.Errorf("%s: a service was told before a container", name)
		}
	}
}

func TestContainerThatIsNamedLater(t *testing.T) {
	root := plant(t, machineFiles, groupFiles())
	r := New(options(root))
	const id = `container_memory_rss{id="/docker/` + bareID + `",name=`
	wants(t, readAll(t, r), id+`"dddddddddddd"} 1000`)
	path := filepath.Join(root, dockerFolder, bareID, "config.v2.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"Name":"/late"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range askAgain {
		got = readAll(t, r)
	}
	wants(t, got, id+`"late"} 1000`)
	if err := os.RemoveAll(filepath.Join(root, tree, "docker")); err != nil {
		t.Fatal(err)
	}
	readAll(t, r)
	if len(r.cg.names.known) != 3 {
		t.Errorf("%d containers are remembered", len(r.cg.names.known))
	}
}

// Every metric has a name that Prometheus takes, and help.
func TestNamesAndHelp(t *testing.T) {
	r := New(options(plant(t, machineFiles, groupFiles())))
	r.Read(func(name string, _ float64, kv ...string) {
		if name != metricName(name) {
			t.Errorf("name %q", name)
		}
		counter, help := About(name)
		if help == "" {
			t.Errorf("%s has no help", name)
		}
		if !counter && strings.HasSuffix(name, "_total") {
			t.Errorf("%s counts", name)
		}
	})
}

// FuzzFiles reads files that the kernel would not write: nothing breaks, no
// value is infinite, and what is told is bounded.
func FuzzFiles(f *testing.F) {
	for _, text := range machineFiles {
		f.Add([]byte(text))
	}
	f.Add([]byte(memoryStat))
	f.Add([]byte(`{"Name":"/web"}`))
	f.Add([]byte("cpu0 1\ncpu 99999999999999999999 1e999\nTcp: a\nTcp:\n:\n - \n a: -1e400 kB\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := New(Options{Root: "/nowhere"})
		var n int
		emit := func(name string, v float64, kv ...string) {
			if n++; math.IsInf(v, 0) || math.IsNaN(v) || name != metricName(name) {
				t.Fatalf("%q %v", name, v)
			}
		}
		r.readStat(b, emit)
		readLoad(b, emit)
		readMemory(b, emit)
		readPaging(b, emit)
		readDisks(b, emit)
		readNetDev(b, emit)
		readNetStat(b, emit)
		readNetStat6(b, emit)
		readSockets(b, 4096, emit)
		readPressure(b)
		readFields(b)
		osLabels(b)
		dockerLabels(b)
		podmanName(b, webID)
		if len(readMounts(b, "/host")) > maxItems || n > 60*maxItems {
			t.Fatalf("%d values", n)
		}
		classify(string(b))
	})
}

func BenchmarkRead(b *testing.B) {
	r := New(Options{})
	n := 0
	for b.Loop() {
		n = 0
		r.Read(func(string, float64, ...string) { n++ })
	}
	b.ReportMetric(float64(n), "samples/round")
}

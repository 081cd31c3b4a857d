package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"tripod/store"
	"tripod/web/esapi"
	"tripod/web/pages"
)

// noRate says that a rate is not known.
var noRate = math.NaN()

var logLevels = []string{"debug", "info", "warn", "error"}

// Status is the appliance as it is now, for its own screen.
func (a *Appliance) Status(context.Context) (pages.Appliance, error) {
	now := pages.Appliance{
		Version: a.o.Version, Started: a.started, Config: a.o.Config, ConfigRead: a.readConfigTime(), Dir: a.o.Data,
		Memory: residentBytes(), Goroutines: runtime.NumGoroutine(), BytesRate: noRate, DiskFree: freeBytes(a.o.Data),
		LogLevel: strings.ToLower(a.level.Level().String()), LogLevels: logLevels,
		HTTP: reachable(a.doors[0].Addr), Problems: a.problems(),
	}
	share := a.o.MaxDisk / 5
	now.Logs = a.pillar("logs", a.logs.Usage(), a.o.RetentionLogs, 2*share)
	now.Traces = a.pillar("traces", a.traces.Usage(), a.o.RetentionTraces, share)
	now.Metrics = a.pillar("metrics", a.metrics.Usage(), a.o.RetentionMetrics, 2*share)
	now.Receivers = a.receivers()
	now.Targets = append(a.hostTargets(), a.scrape.Targets()...)
	now.Notes = a.hostNotes()
	for _, d := range a.doors[1:] {
		if d.Shut != "" {
			continue
		}
		if d.Name == "OTLP gRPC" {
			now.OTLPGRPC = reachable(d.Addr)
		} else {
			now.OTLPHTTP = reachable(d.Addr)
		}
	}
	return now, nil
}

// SetLogLevel changes the level of every line from now on; it lasts until the
// next start or reload.
func (a *Appliance) SetLogLevel(level string) error {
	l, err := parseLogLevel(level)
	if err != nil {
		return fmt.Errorf("log level %.40q: %w: %w", level, err, store.ErrInvalid)
	}
	a.level.Set(l)
	a.log.Log(context.Background(), max(l, slog.LevelInfo), "log level changed", "level", level)
	return nil
}

func (a *Appliance) pillar(name string, u store.Usage, keep time.Duration, max int64) pages.Pillar {
	p := pages.Pillar{Usage: u, Rate: noRate, Retention: keep, MaxBytes: max}
	if r := a.rates.Load(); r != nil {
		p.Rate = r.per[name]
	}
	return p
}

// problems are sentences for people, worst first.
func (a *Appliance) problems() []string {
	var out []string
	if full := a.reports.fullDisk(); full != "" {
		out = append(out, full)
	} else if free := freeBytes(a.o.Data); free > 0 && free < 1<<30 {
		out = append(out, fmt.Sprintf("Less than 1 GB is free in %s; writes stop when it is full.", a.o.Data))
	}
	if a.metrics.Full() {
		out = append(out, fmt.Sprintf("There are %d series, as many as --max-series allows: samples of new ones are refused. The tab Cardinality shows what they are made of.", a.metrics.Usage().Series))
	}
	out = append(out, a.reports.problems()...)
	if r := a.rates.Load(); r != nil && r.lost > 0 {
		out = append(out, fmt.Sprintf("%d own log lines and spans could not be stored in the last seconds.", r.lost))
	}
	for _, w := range a.warnings {
		out = append(out, strings.ToUpper(w[:1])+w[1:]+".")
	}
	return out
}

// Health is the state in a word of the stylesheet ("", warn) and in words.
func (a *Appliance) Health() (class, words string) {
	if p := a.problems(); len(p) > 0 {
		return "warn", p[0]
	}
	return "", "healthy"
}

func (a *Appliance) receivers() []pages.Receiver {
	main := a.doors[0].Addr
	var out []pages.Receiver
	for i, m := range []*meter{&a.meters.otlpGRPC, &a.meters.otlpHTTP} {
		d := a.doors[i+1]
		r := m.receiver(d.Name, d.Addr, "logs, metrics, traces")
		r.Shut, r.Off = d.Shut, d.Addr == "off"
		if d.Name == "OTLP HTTP" && d.Shut != "" {
			r.Addr, r.Shut = main+"/v1", "" // the main door takes it as well
		}
		out = append(out, r)
	}
	out = append(out, a.syslogReceivers()...)
	out = append(out, a.fileReceivers()...)
	return append(out,
		a.meters.loki.receiver("Loki push", main+"/loki/api/v1/push", "logs"),
		a.meters.jsonLines.receiver("JSON lines", main+"/insert/jsonline", "logs"),
		a.meters.bulk.receiver("Elasticsearch bulk", main+esapi.Prefix+"/_bulk", "logs"),
		a.meters.zipkin.receiver("Zipkin", main+"/api/v2/spans", "traces"),
		a.meters.write.receiver("Remote write", main+"/api/v1/write", "metrics"))
}

// residentBytes is the process's memory, 0 where the system does not tell.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

func freeBytes(dir string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0
	}
	return int64(fs.Bavail) * int64(fs.Bsize)
}

// hostOf is the name or address of a listener, for the guard.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

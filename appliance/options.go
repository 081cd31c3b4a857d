package appliance

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting/config"
	"tripod/planner/traffic"
	"tripod/store/metrics"
	"tripod/web/otlp"
)

// The listeners of a first run; a default that is taken is a warning, a
// listener that was asked for and is taken is an error.
const (
	defaultListen   = "127.0.0.1:7333"
	defaultOTLPGRPC = "127.0.0.1:4317"
	defaultOTLPHTTP = "127.0.0.1:4318"
)

// Options is everything that can be told to an appliance. The zero value of a
// field means its default.
type Options struct {
	Data   string // directory of all state
	Listen string // HOST:PORT of the UI and every HTTP protocol

	// OTLP listeners, HOST:PORT; "off" opens none.
	OTLPGRPC, OTLPHTTP string
	// OTLPAsked says which of the two was asked for and must be free.
	OTLPGRPCAsked, OTLPHTTPAsked bool

	OTLPOrigins []string // of pages that may send OTLP over HTTP, as otlp.Options has them

	CORSOrigin string // regular expression of all of the origins whose pages may read the Prometheus API

	// Syslog listeners, HOST:PORT; empty opens none. TLS wants a certificate
	// with its chain, and its key, as PEM files.
	SyslogUDP, SyslogTCP, SyslogTLS string
	TLSCert, TLSKey                 string

	LogFiles         []string // globs of log files to follow
	LogFilesContinue string   // regular expression of lines that go on with the one before

	Hosts        []string // further names that a Host header may have
	Config       string   // path of tripod.yaml, empty when there is none
	Rules        []string // globs of rule files
	SlackWebhook string   // URL, a secret
	// AlertmanagerConfig is the path of a file with routes and receivers; what it
	// or tripod.yaml says of them is Alerts, nil when neither says anything.
	AlertmanagerConfig string
	Alerts             *config.Config
	PlannerRedis       string     // HOST:PORT, empty for the embedded server
	LogLevel           slog.Level // of the planner's and the appliance's lines
	Sync               string     // "interval" or "batch"

	RetentionLogs, RetentionTraces, RetentionMetrics time.Duration
	RetentionAlerts                                  time.Duration // of the steps of alerts
	RetentionEvidence                                time.Duration // of what was known when an alert fired
	MaxDisk                                          int64         // bytes over all pillars, 0 for no bound

	KeepTraces time.Duration // how long traces with errors and slow ones stay; 0 is as long as all others
	SlowTraces time.Duration // from which duration of a span on a trace is slow; 0 for none

	PromQLFeatures metrics.Features // that Prometheus calls experimental

	ScrapeInterval time.Duration // of our own targets
	EvalInterval   time.Duration // of rules that name none
	ScrapeConfigs  string        // YAML list, as Prometheus writes scrape_configs
	ScrapeNotes    []string      // what of it has no effect, with file and line

	OTLPLabels []string // resource attributes that become labels of every series; nil for the default
	OTLPScope  bool     // OTLP scopes become labels

	MaxSeries int // in memory at once, those of the last two to three hours

	NoHostMetrics bool   // of this machine and its containers
	HostRoot      string // where the machine's root is mounted, empty for /

	Demo   bool     // simulated users and named faults
	Faults []string // faults that are on from the start; Demo only
	Rate   float64  // requests per second of the simulated users, negative for none; Demo only

	Version        string    // as the build names it
	Stdout, Stderr io.Writer // log lines of the planner; words to the operator

	given map[string]string // settings by name, as they were told

	// Reread gives the options anew for a reload; nil when they cannot change.
	Reread func() (Options, error)
}

func (o *Options) fill() {
	def := func(to *string, v string) {
		if *to == "" {
			*to = v
		}
	}
	dur := func(to *time.Duration, v time.Duration) {
		if *to == 0 {
			*to = v
		}
	}
	def(&o.Data, "tripod-data")
	def(&o.Listen, defaultListen)
	def(&o.OTLPGRPC, defaultOTLPGRPC)
	def(&o.OTLPHTTP, defaultOTLPHTTP)
	def(&o.Sync, "interval")
	def(&o.Version, "dev")
	dur(&o.RetentionLogs, 30*24*time.Hour)
	dur(&o.RetentionTraces, 14*24*time.Hour)
	dur(&o.RetentionMetrics, 90*24*time.Hour)
	dur(&o.RetentionAlerts, 30*24*time.Hour)
	dur(&o.RetentionEvidence, 365*24*time.Hour)
	if o.Rate == 0 {
		o.Rate = 5
	}
	dur(&o.ScrapeInterval, 15*time.Second)
	dur(&o.EvalInterval, 15*time.Second)
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
}

// settingFault is a value that a setting cannot have.
type settingFault struct {
	name string // of the setting
	error
}

func (f *settingFault) Unwrap() error { return f.error }

// validate names every fault at once.
func (o *Options) validate() error { return errors.Join(o.faults()...) }

// faults are *settingFault.
func (o *Options) faults() []error {
	var faults []error
	fault := func(name, format string, args ...any) {
		faults = append(faults, &settingFault{name, fmt.Errorf(name+format, args...)})
	}
	checkAddr := func(name, addr string, off bool) {
		if off && addr == "off" {
			return
		}
		if err := checkHostPort(addr); err != nil {
			fault(name, " %q: %w", addr, err)
		}
	}
	checkAddr("listen", o.Listen, false)
	checkAddr("otlp-grpc", o.OTLPGRPC, true)
	checkAddr("otlp-http", o.OTLPHTTP, true)
	for name, addr := range map[string]string{"syslog-udp": o.SyslogUDP, "syslog-tcp": o.SyslogTCP, "syslog-tls": o.SyslogTLS} {
		if addr != "" {
			checkAddr(name, addr, false)
		}
	}
	if o.SyslogTLS != "" && (o.TLSCert == "" || o.TLSKey == "") {
		fault("syslog-tls", " %q: wants tls-cert and tls-key", o.SyslogTLS)
	}
	if o.HostRoot != "" && !filepath.IsAbs(o.HostRoot) {
		fault("host-root", " %q: want an absolute path", o.HostRoot)
	}
	for _, g := range o.LogFiles {
		if _, err := filepath.Match(g, ""); err != nil {
			fault("log-files", " %q: %w", g, err)
		}
	}
	if _, err := compileGoesOn(o.LogFilesContinue); err != nil {
		faults = append(faults, &settingFault{"log-files-continue", err})
	}
	for _, origin := range o.OTLPOrigins {
		if err := otlp.CheckOrigin(origin); err != nil {
			fault("otlp-origins", " %w", err)
		}
	}
	if _, err := compileOrigins(o.CORSOrigin); err != nil {
		fault("cors-origin", " %q: %w", o.CORSOrigin, err)
	}
	for _, h := range o.Hosts {
		if h == "" || strings.ContainsAny(h, "/ \t") {
			fault("hosts", " %q: want names or addresses, without a scheme", h)
		}
	}
	if o.PlannerRedis != "" {
		checkAddr("planner-redis", o.PlannerRedis, false)
	}
	if o.SlackWebhook != "" {
		// the URL is a secret: the fault does not repeat it
		if u, err := url.Parse(o.SlackWebhook); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			fault("slack-webhook", ": want an http or https URL")
		}
	}
	if o.Sync != "interval" && o.Sync != "batch" {
		fault("sync", " %q: want interval or batch", o.Sync)
	}
	for _, g := range o.Rules {
		if _, err := filepath.Match(g, ""); err != nil {
			fault("rules", " %q: %w", g, err)
		}
	}
	for _, f := range o.Faults {
		if names := traffic.Names(); !slices.Contains(names, f) {
			fault("fault", " %q: want one of %s", f, strings.Join(names, ", "))
		}
	}
	if len(o.Faults) > 0 && !o.Demo {
		fault("fault", " %s: faults exist in demo only", strings.Join(o.Faults, ", "))
	}
	return faults
}

func checkHostPort(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("want HOST:PORT")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q: want 0 to 65535", port)
	}
	return nil
}

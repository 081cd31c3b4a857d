package appliance

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tripod/store/metrics"
)

// Setting is one thing that can be told by flag, by TRIPOD_* and in
// tripod.yaml, under one name.
type Setting struct {
	Name    string // of the flag, without dashes in front
	Arg     string // what the value is, in capitals
	Default string // as the help shows it
	Help    string
	Demo    bool // for tripod demo only

	set func(o *Options, value string) error
}

// Env is the environment variable of the setting.
func (s Setting) Env() string {
	return "TRIPOD_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// Settings lists all of them, in the order in which the help shows them.
func Settings() []Setting {
	return []Setting{
		{Name: "data", Arg: "DIR", Default: "tripod-data", Help: "directory of everything that is kept",
			set: text(func(o *Options) *string { return &o.Data })},
		{Name: "listen", Arg: "HOST:PORT", Default: defaultListen, Help: "UI and every HTTP protocol",
			set: text(func(o *Options) *string { return &o.Listen })},
		{Name: "otlp-grpc", Arg: "HOST:PORT", Default: defaultOTLPGRPC, Help: "OTLP over gRPC, or off",
			set: func(o *Options, v string) error { o.OTLPGRPC, o.OTLPGRPCAsked = v, true; return nil }},
		{Name: "otlp-http", Arg: "HOST:PORT", Default: defaultOTLPHTTP, Help: "OTLP over HTTP, or off",
			set: func(o *Options, v string) error { o.OTLPHTTP, o.OTLPHTTPAsked = v, true; return nil }},
		{Name: "otlp-origins", Arg: "ORIGIN,…", Default: "none", Help: "origins of web pages that may send OTLP over HTTP (CORS): https://app.example.com, https://*.example.com, or * for all",
			set: func(o *Options, v string) error { o.OTLPOrigins = splitList(v); return nil }},
		{Name: "otlp-labels", Arg: "ATTR,…", Default: "service.name, service.version, deployment.environment(.name)", Help: "resource attributes that become labels of every OTLP metric; target_info has all",
			set: func(o *Options, v string) error { o.OTLPLabels = splitList(v); return nil }},
		{Name: "otlp-scope-labels", Arg: "BOOL", Default: "false", Help: "name, version and attributes of OTLP scopes become labels otel_scope_*",
			set: setBool(func(o *Options) *bool { return &o.OTLPScope })},
		{Name: "cors-origin", Arg: "REGEX", Default: "none", Help: "origins of web pages that may read by the Prometheus API (CORS): https://.*\\.example\\.com",
			set: text(func(o *Options) *string { return &o.CORSOrigin })},
		{Name: "syslog-udp", Arg: "HOST:PORT", Default: "off", Help: "syslog over UDP, RFC 3164 and 5424",
			set: text(func(o *Options) *string { return &o.SyslogUDP })},
		{Name: "syslog-tcp", Arg: "HOST:PORT", Default: "off", Help: "syslog over TCP",
			set: text(func(o *Options) *string { return &o.SyslogTCP })},
		{Name: "syslog-tls", Arg: "HOST:PORT", Default: "off", Help: "syslog over TLS, with tls-cert and tls-key",
			set: text(func(o *Options) *string { return &o.SyslogTLS })},
		{Name: "tls-cert", Arg: "FILE", Help: "PEM certificate, with its chain",
			set: text(func(o *Options) *string { return &o.TLSCert })},
		{Name: "tls-key", Arg: "FILE", Help: "PEM key of the certificate",
			set: text(func(o *Options) *string { return &o.TLSKey })},
		{Name: "log-files", Arg: "GLOB,…", Default: "none", Help: "log files to follow: plain, Docker's json-file, Kubernetes' containers; /**/ stands for folders of any depth",
			set: func(o *Options, v string) error { o.LogFiles = splitList(v); return nil }},
		{Name: "log-files-continue", Arg: "REGEX", Help: "lines that go on with the one before, besides those that begin with white space",
			set: text(func(o *Options) *string { return &o.LogFilesContinue })},
		{Name: "hosts", Arg: "NAME,…", Help: "further names under which browsers and programs reach this appliance, such as that of a proxy",
			set: func(o *Options, v string) error { o.Hosts = splitList(v); return nil }},
		{Name: "config", Arg: "FILE", Default: "tripod.yaml if there is one", Help: "settings, scrape_configs, rule_files",
			set: text(func(o *Options) *string { return &o.Config })},
		{Name: "rules", Arg: "GLOB", Help: "rule files in Prometheus form; commas between several",
			set: func(o *Options, v string) error { o.Rules = splitList(v); return nil }},
		{Name: "alertmanager-config", Arg: "FILE", Help: "routes and receivers as Alertmanager writes them; the same sections can stand in tripod.yaml",
			set: text(func(o *Options) *string { return &o.AlertmanagerConfig })},
		{Name: "slack-webhook", Arg: "URL", Help: "Slack incoming webhook that alerts are posted to, when there are no routes",
			set: text(func(o *Options) *string { return &o.SlackWebhook })},
		{Name: "planner-redis", Arg: "HOST:PORT", Default: "embedded", Help: "Redis server for the planner",
			set: text(func(o *Options) *string { return &o.PlannerRedis })},
		{Name: "log-level", Arg: "LEVEL", Default: "info", Help: "debug, info, warn or error",
			set: setLogLevel},
		{Name: "sync", Arg: "MODE", Default: "interval", Help: "interval: fdatasync each second; batch: before each answer",
			set: text(func(o *Options) *string { return &o.Sync })},
		{Name: "retention-logs", Arg: "TIME", Default: "30d", Help: "how long log records are kept",
			set: duration(func(o *Options) *time.Duration { return &o.RetentionLogs })},
		{Name: "retention-traces", Arg: "TIME", Default: "14d", Help: "how long spans are kept",
			set: duration(func(o *Options) *time.Duration { return &o.RetentionTraces })},
		{Name: "keep-traces", Arg: "TIME", Default: "as long as all others", Help: "how long traces with errors, and slow ones, are kept",
			set: duration(func(o *Options) *time.Duration { return &o.KeepTraces })},
		{Name: "slow-traces", Arg: "TIME", Default: "none", Help: "a trace with a span that takes so long is slow: 2s",
			set: duration(func(o *Options) *time.Duration { return &o.SlowTraces })},
		{Name: "retention-metrics", Arg: "TIME", Default: "90d", Help: "how long samples are kept",
			set: duration(func(o *Options) *time.Duration { return &o.RetentionMetrics })},
		{Name: "retention-alerts", Arg: "TIME", Default: "30d", Help: "how long it is known why an alert was told or not",
			set: duration(func(o *Options) *time.Duration { return &o.RetentionAlerts })},
		{Name: "retention-evidence", Arg: "TIME", Default: "365d", Help: "how long the evidence of an alert is kept",
			set: duration(func(o *Options) *time.Duration { return &o.RetentionEvidence })},
		{Name: "max-disk", Arg: "BYTES", Default: "no bound", Help: "oldest data goes first beyond it; 20GB, 512MiB",
			set: func(o *Options, v string) (err error) { o.MaxDisk, err = parseBytes(v); return err }},
		{Name: "max-series", Arg: "N", Default: "1000000", Help: "series of the last two to three hours; samples of further ones are refused; 100,000 take 400 MB of memory",
			set: setMaxSeries},
		{Name: "scrape-interval", Arg: "TIME", Default: "15s", Help: "of our own /metrics",
			set: duration(func(o *Options) *time.Duration { return &o.ScrapeInterval })},
		{Name: "host-metrics", Arg: "BOOL", Default: "true", Help: "metrics of this machine and its containers, as node_exporter and cAdvisor name them",
			set: setHostMetrics},
		{Name: "host-root", Arg: "DIR", Default: "/", Help: "where the machine's root is mounted, for a tripod in a container",
			set: text(func(o *Options) *string { return &o.HostRoot })},
		{Name: "eval-interval", Arg: "TIME", Default: "15s", Help: "of rule groups that name none",
			set: duration(func(o *Options) *time.Duration { return &o.EvalInterval })},
		{Name: "enable-feature", Arg: "NAME,…", Default: "none", Help: "experimental parts of PromQL, by Prometheus's names: promql-experimental-functions, promql-duration-expr, promql-extended-range-selectors, promql-binop-fill-modifiers, promql-delayed-name-removal",
			set: func(o *Options, v string) (err error) {
				o.PromQLFeatures, err = metrics.ParseFeatures(splitList(v))
				return err
			}},
		{Name: "fault", Arg: "NAME", Demo: true, Help: "slow-db, pool-exhausted, cache-down or bad-deploy, from the start; commas between several",
			set: func(o *Options, v string) error { o.Faults = splitList(v); return nil }},
		{Name: "rate", Arg: "N", Default: "5", Demo: true, Help: "requests per second of the simulated users; 0 for none",
			set: setRate},
	}
}

func text(field func(*Options) *string) func(*Options, string) error {
	return func(o *Options, v string) error { *field(o) = v; return nil }
}

func duration(field func(*Options) *time.Duration) func(*Options, string) error {
	return func(o *Options, v string) error {
		d, err := ParseDuration(v)
		*field(o) = d
		return err
	}
}

func setLogLevel(o *Options, v string) error {
	l, err := parseLogLevel(v)
	o.LogLevel = l
	return err
}

func setMaxSeries(o *Options, v string) error {
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("want a number from 1")
	}
	o.MaxSeries = int(n)
	return nil
}

func setHostMetrics(o *Options, v string) error {
	var on bool
	err := setBool(func(*Options) *bool { return &on })(o, v)
	o.NoHostMetrics = !on
	return err
}

func setBool(field func(*Options) *bool) func(*Options, string) error {
	return func(o *Options, v string) (err error) {
		if *field(o), err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("want true or false")
		}
		return nil
	}
}

func setRate(o *Options, v string) error {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 0 && f <= 1000) {
		return fmt.Errorf("want a number from 0 to 1000")
	}
	o.Rate = f
	if f == 0 {
		o.Rate = -1
	}
	return nil
}

func parseLogLevel(v string) (slog.Level, error) {
	switch strings.ToLower(v) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("want debug, info, warn or error")
}

// ParseDuration reads Go's form and Prometheus's whole days, weeks and years.
func ParseDuration(v string) (time.Duration, error) {
	day := 24 * time.Hour
	for suffix, unit := range map[string]time.Duration{"d": day, "w": 7 * day, "y": 365 * day} {
		if n, ok := strings.CutSuffix(v, suffix); ok {
			count, err := strconv.ParseInt(n, 10, 32)
			if err != nil || count <= 0 || count > int64(1<<62/unit) {
				return 0, fmt.Errorf("want a time such as 30d, 12h or 90s")
			}
			return time.Duration(count) * unit, nil
		}
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("want a time such as 30d, 12h or 90s")
	}
	return d, nil
}

// parseBytes reads decimal (KB, MB, GB, TB) and binary (KiB …) sizes.
func parseBytes(v string) (int64, error) {
	units := []struct {
		suffix string
		factor float64
	}{
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
	}
	for _, u := range units {
		n, ok := strings.CutSuffix(v, u.suffix)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		if err != nil || !(f > 0) || f*u.factor > 1<<60 {
			break
		}
		return int64(f * u.factor), nil
	}
	return 0, fmt.Errorf("want a size such as 20GB or 512MiB")
}

func splitList(v string) []string {
	var out []string
	for item := range strings.SplitSeq(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

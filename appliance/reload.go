package appliance

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/util/notifications"

	"tripod/store/metrics/scrape"
)

// Reload reads the configuration again: rules, routes of alerts, scrape jobs and
// the log level.
// All of it is checked before any of it is used: a fault leaves everything as
// it is and says why. Settings that only a start can change are named.
func (a *Appliance) Reload() (err error) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	defer func() { a.noteReload(err != nil) }()
	o := a.o
	if a.o.Reread != nil {
		if o, err = a.o.Reread(); err != nil {
			return fmt.Errorf("the old configuration goes on: %w", err)
		}
	}
	config := a.scrapeConfig(o.ScrapeConfigs)
	if _, err := scrape.Check(config, baseOf(o.Config)); err != nil {
		return fmt.Errorf("the old configuration goes on: %w", err)
	}
	if err := a.rules.Reload(o.Rules); err != nil {
		return fmt.Errorf("the old configuration goes on: %w", err)
	}
	if err := a.notify.Reload(o.alertConfig()); err != nil {
		return fmt.Errorf("the rules are new, the routes of alerts are not: %w", err)
	}
	for _, note := range o.alertConfig().Notes {
		a.log.Warn("alert routing", "note", note)
	}
	if err := a.scrape.Reload(config); err != nil {
		return fmt.Errorf("the rules and routes are new, the scrape jobs are not: %w", err)
	}
	a.level.Set(o.LogLevel)
	if a.scraping != o.ScrapeConfigs {
		a.noteJobs(o.ScrapeNotes)
	}
	a.scraping = o.ScrapeConfigs
	a.configRead.Store(time.Now().UnixNano())
	a.noteConfig(&o)
	a.log.Info("configuration read", "file", o.Config)
	if names := a.o.needStart(o); len(names) > 0 {
		a.log.Warn("these settings change at the next start only", "settings", strings.Join(names, ", "))
	}
	return nil
}

// noteConfig notes which configuration is used from now on.
func (a *Appliance) noteConfig(o *Options) {
	hash := o.hash()
	a.configHash.Store(&hash)
}

// noteJobs says what of the scrape jobs has no effect.
func (a *Appliance) noteJobs(notes []string) {
	for _, note := range notes {
		a.log.Warn("scrape jobs", "note", note)
	}
}

// noteReload tells those who ask whether the configuration on disk is the one
// that runs.
func (a *Appliance) noteReload(bad bool) {
	a.configBad = bad
	if bad {
		a.notices.AddNotification(notifications.ConfigurationUnsuccessful)
	} else {
		a.notices.DeleteNotification(notifications.ConfigurationUnsuccessful)
	}
}

// needStart names the settings of next that differ and that Reload cannot change.
func (o *Options) needStart(next Options) []string {
	var names []string
	changed := func(name string, differs bool) {
		if differs {
			names = append(names, name)
		}
	}
	changed("data", o.Data != next.Data)
	changed("listen", o.Listen != next.Listen)
	changed("otlp-origins", !slices.Equal(o.OTLPOrigins, next.OTLPOrigins))
	changed("cors-origin", o.CORSOrigin != next.CORSOrigin)
	changed("hosts", !slices.Equal(o.Hosts, next.Hosts))
	changed("otlp-grpc", o.OTLPGRPC != next.OTLPGRPC)
	changed("otlp-http", o.OTLPHTTP != next.OTLPHTTP)
	changed("syslog-udp", o.SyslogUDP != next.SyslogUDP)
	changed("syslog-tcp", o.SyslogTCP != next.SyslogTCP)
	changed("syslog-tls", o.SyslogTLS != next.SyslogTLS)
	changed("tls-cert", o.TLSCert != next.TLSCert)
	changed("tls-key", o.TLSKey != next.TLSKey)
	changed("log-files", !slices.Equal(o.LogFiles, next.LogFiles))
	changed("log-files-continue", o.LogFilesContinue != next.LogFilesContinue)
	changed("planner-redis", o.PlannerRedis != next.PlannerRedis)
	changed("sync", o.Sync != next.Sync)
	changed("retention-logs", o.RetentionLogs != next.RetentionLogs)
	changed("retention-traces", o.RetentionTraces != next.RetentionTraces)
	changed("retention-metrics", o.RetentionMetrics != next.RetentionMetrics)
	changed("retention-alerts", o.RetentionAlerts != next.RetentionAlerts)
	changed("retention-evidence", o.RetentionEvidence != next.RetentionEvidence)
	changed("max-disk", o.MaxDisk != next.MaxDisk)
	changed("scrape-interval", o.ScrapeInterval != next.ScrapeInterval)
	changed("otlp-labels", !slices.Equal(o.OTLPLabels, next.OTLPLabels))
	changed("otlp-scope-labels", o.OTLPScope != next.OTLPScope)
	changed("max-series", o.MaxSeries != next.MaxSeries)
	changed("host-metrics", o.NoHostMetrics != next.NoHostMetrics)
	changed("host-root", o.HostRoot != next.HostRoot)
	changed("eval-interval", o.EvalInterval != next.EvalInterval)
	changed("enable-feature", o.PromQLFeatures != next.PromQLFeatures)
	changed("fault", !slices.Equal(o.Faults, next.Faults))
	changed("rate", o.Rate != next.Rate)
	return names
}

func (a *Appliance) readConfigTime() time.Time {
	if ns := a.configRead.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	if _, err := os.Stat(a.o.Config); a.o.Config == "" || err != nil {
		return time.Time{}
	}
	return a.started
}

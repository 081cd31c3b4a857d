package appliance

import (
	"bytes"
	"fmt"
	"strings"
)

// scrapeConfig is Prometheus's configuration of our own two pages, followed by
// the user's jobs exactly as they wrote them.
func (a *Appliance) scrapeConfig(users string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "global:\n  scrape_interval: %s\nscrape_configs:\n", a.o.ScrapeInterval)
	fmt.Fprintf(&b, "- job_name: tripod\n  metrics_path: /metrics\n  params:\n    \"collect[]\": [tripod]\n  static_configs:\n  - targets: [%q]\n", a.ownTarget())
	fmt.Fprintf(&b, "- job_name: planner\n  metrics_path: /planner/metrics\n  static_configs:\n  - targets: [%q]\n", a.ownTarget())
	b.WriteString(users)
	return b.Bytes()
}

// scrapeLog takes the scraper's own words; its chatter at start and stop is
// of no use to anyone.
func (a *Appliance) scrapeLog(level, msg string) {
	switch strings.ToLower(level) {
	case "warn":
		a.log.Warn(msg, "part", "scrape")
	case "error", "fatal", "panic":
		a.log.Error(msg, "part", "scrape")
	default:
		a.log.Debug(msg, "part", "scrape")
	}
}

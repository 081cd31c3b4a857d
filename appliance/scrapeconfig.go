package appliance

import (
	"bytes"
	"fmt"
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

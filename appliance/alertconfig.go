package appliance

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/notify"
)

// alertSections is the text of a configuration file in which only the sections
// of Alertmanager are left, on the lines where they stand; empty when it has none.
func alertSections(text []byte, root *yaml.Node) []byte {
	lines := strings.Split(string(text), "\n")
	found := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		if slices.Contains(config.Sections, root.Content[i].Value) {
			found = true
			continue
		}
		end := len(lines)
		if i+2 < len(root.Content) {
			end = root.Content[i+2].Line - 1
		}
		for at := root.Content[i].Line - 1; at < end; at++ {
			lines[at] = ""
		}
	}
	if !found {
		return nil
	}
	return []byte(strings.Join(lines, "\n"))
}

// loadAlerts reads how alerts are routed: from the sections of the
// configuration file, or from the file that --alertmanager-config names.
func (o *Options) loadAlerts(src Sources, file configFile) error {
	if o.AlertmanagerConfig == "" && file.alerts == nil {
		return nil
	}
	if o.SlackWebhook != "" {
		return errors.New("slack-webhook stands beside a route with receivers: name the webhook there, as api_url or slack_api_url")
	}
	var err error
	switch {
	case file.alerts != nil && o.AlertmanagerConfig != "":
		return fmt.Errorf("alertmanager-config %q stands beside the sections of Alertmanager in %s: keep one of them", o.AlertmanagerConfig, file.path)
	case file.alerts != nil:
		o.Alerts, err = config.Parse(file.alerts, config.Source{File: file.path, Base: filepath.Dir(file.path), Getenv: src.lookup})
	default:
		o.Alerts, err = config.ReadFile(o.AlertmanagerConfig, src.lookup)
	}
	if err != nil {
		o.Alerts = nil
		return err
	}
	return notify.Check(o.Alerts)
}

// lookup finds an environment variable.
func (s Sources) lookup(name string) (string, bool) {
	v := s.env(name)
	return v, v != ""
}

// alertChartSpan is how much of the time before a notification its chart shows.
const alertChartSpan = time.Hour

// alertDetail is what a message shows of an alert beyond its own words. The
// pipeline runs only after everything is open.
func (a *Appliance) alertDetail(ctx context.Context, alert alerting.Alert) notify.Detail {
	d := notify.Detail{Chart: a.rules.Chart(ctx, a.metrics, alert, time.Now(), alertChartSpan)}
	id := a.evidenceOf(alert)
	if id == "" {
		return d
	}
	d.Evidence = a.URL() + "/alerts/evidence/" + id
	if e, ok := a.awaitEvidence(ctx, id); ok {
		if d.Trace, d.Pattern = e.Standout(); d.Trace != nil {
			d.TraceURL = a.URL() + "/traces/" + d.Trace.ID
		}
	}
	return d
}

// alertConfig is what the pipeline runs on.
func (o *Options) alertConfig() *config.Config {
	if o.Alerts != nil {
		return o.Alerts
	}
	return notify.Default(o.SlackWebhook, 0)
}

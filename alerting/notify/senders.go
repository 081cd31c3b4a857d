package notify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/template"

	"tripod/alerting/config"
	"tripod/alerting/dispatch"
)

// makeSenders makes one for each supported integration of the configuration.
func (o *Options) makeSenders(c *config.Config) (map[string]Sender, error) {
	t, err := templates(c.Templates, o.ExternalURL)
	if err != nil {
		return nil, err
	}
	senders := map[string]Sender{}
	for i := range c.Receivers {
		r := &c.Receivers[i]
		for _, integration := range dispatch.Integrations(r) {
			var s Sender
			if o.Sender != nil {
				s = o.Sender(r.Name, integration.Name)
			}
			if s == nil {
				if s, err = newSender(r, integration.Name, t); err != nil {
					return nil, fmt.Errorf("receiver %s, %s: %w", r.Name, integration.Name, err)
				}
			}
			senders[laneKey(r.Name, integration.Name)] = s
		}
	}
	return senders, nil
}

func newSender(r *config.Receiver, name string, t *template.Template) (Sender, error) {
	kind, index, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	i, err := strconv.Atoi(index)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "slack":
		return newSlack(r.Slack[i], t)
	case "pagerduty":
		return newPagerDuty(r.PagerDuty[i], t)
	case "webhook":
		return newWebhook(r.Webhook[i], t)
	case "email":
		return newEmail(r.Email[i], t)
	case "alertmanager":
		return newAlertmanager(r.Alertmanagers[i])
	}
	return nil, fmt.Errorf("no sender of kind %q", kind)
}

// Check says what only making the senders shows: templates and certificates.
func Check(c *config.Config) error {
	o := Options{ExternalURL: "http://127.0.0.1"}
	_, err := o.makeSenders(c)
	return err
}

package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/prometheus/alertmanager/template"

	"tripod/alerting/config"
)

// webhook posts Alertmanager's form of version 4:
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type webhook struct {
	caller
	conf     *config.Webhook
	template *template.Template
}

func newWebhook(c *config.Webhook, t *template.Template) (*webhook, error) {
	client, err := httpClient(c.HTTPConfig)
	return &webhook{caller{client: client, url: c.URL, urlFile: c.URLFile, timeout: c.Timeout}, c, t}, err
}

type webhookMessage struct {
	*template.Data
	Version         string `json:"version"`
	GroupKey        string `json:"groupKey"`
	TruncatedAlerts int    `json:"truncatedAlerts"`
}

// Send makes one attempt.
func (w *webhook) Send(ctx context.Context, n Notification) error {
	data := templateData(w.template, &n)
	m := webhookMessage{Data: data, Version: "4", GroupKey: n.Key}
	if most := w.conf.MaxAlerts; most > 0 && uint64(len(data.Alerts)) > most {
		m.TruncatedAlerts = len(data.Alerts) - int(most)
		data.Alerts = data.Alerts[:most]
	}
	f := filler{t: w.template, data: data}
	address, err := w.address()
	if err != nil {
		return err
	}
	address = f.text(address)
	var body any = m
	if w.conf.Payload != nil {
		body, err = template.DeepCopyWithTemplate(w.conf.Payload, func(s string) (string, error) { return f.text(s), f.err })
	}
	if f.err != nil || err != nil {
		return &RetryError{Err: fmt.Errorf("payload: %w", firstOf(f.err, err)), Refused: true}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return &RetryError{Err: fmt.Errorf("payload: %w", err), Refused: true}
	}
	_, _, err = w.post(ctx, address, text)
	return err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

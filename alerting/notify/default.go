package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"tripod/alerting/config"
)

// Default is the configuration of an appliance that was given none: one route,
// one message for each rule and service, at once. Without a webhook nobody is told.
func Default(webhook string, repeat time.Duration) *config.Config {
	if repeat <= 0 {
		repeat = 4 * time.Hour
	}
	receiver := "nobody"
	integrations := ""
	if webhook != "" {
		quoted, err := json.Marshal(webhook) // JSON is YAML
		if err != nil {
			panic("notify: " + err.Error()) // a string
		}
		receiver = "Slack"
		integrations = fmt.Sprintf("  slack_configs: [{send_resolved: true, api_url: %s, http_config: {follow_redirects: false}}]\n", quoted)
	}
	text := fmt.Sprintf("route: {receiver: %s, group_by: [alertname, service_name, service], group_wait: 0s, group_interval: 15s, repeat_interval: %ds}\n"+
		"receivers:\n- name: %s\n%s", receiver, int(repeat/time.Second), receiver, integrations)
	c, err := config.Parse([]byte(text), config.Source{File: "built-in"})
	if err != nil {
		panic("notify: " + err.Error()) // the webhook is checked before
	}
	return c
}

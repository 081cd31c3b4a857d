package notifytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// Event is an event of PagerDuty's Events API v2:
// https://developer.pagerduty.com/docs/send-alert-event
type Event struct {
	RoutingKey  string `json:"routing_key"`
	EventAction string `json:"event_action"`
	DedupKey    string `json:"dedup_key"`
	Client      string `json:"client"`
	ClientURL   string `json:"client_url"`
	Payload     *struct {
		Summary       string         `json:"summary"`
		Source        string         `json:"source"`
		Severity      string         `json:"severity"`
		Timestamp     string         `json:"timestamp"`
		Component     string         `json:"component"`
		Group         string         `json:"group"`
		Class         string         `json:"class"`
		CustomDetails map[string]any `json:"custom_details"`
	} `json:"payload"`
	Images []struct {
		Src  string `json:"src"`
		Href string `json:"href"`
		Alt  string `json:"alt"`
	} `json:"images"`
	Links []struct {
		Href string `json:"href"`
		Text string `json:"text"`
	} `json:"links"`
}

// PagerDuty holds an event against the published form.
func PagerDuty(r *http.Request, body []byte) error {
	e, err := strict[Event](r, body)
	if err != nil {
		return err
	}
	switch {
	case len(e.RoutingKey) != 32:
		return fmt.Errorf("routing key of %d characters", len(e.RoutingKey))
	case e.EventAction != "trigger" && e.EventAction != "resolve":
		return fmt.Errorf("action %q", e.EventAction)
	case e.DedupKey == "" || len(e.DedupKey) > 255:
		return errors.New("dedup key")
	case e.Payload == nil || e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024 || e.Payload.Source == "":
		return errors.New("payload without summary or source")
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return fmt.Errorf("severity %q", e.Payload.Severity)
	case len(body) > 512_000:
		return errors.New("more than 512 kB")
	}
	if _, err := time.Parse(time.RFC3339, e.Payload.Timestamp); err != nil {
		return err
	}
	for _, l := range e.Links {
		if l.Href == "" {
			return errors.New("link to nowhere")
		}
	}
	for _, i := range e.Images {
		if i.Src == "" {
			return errors.New("image of nothing")
		}
	}
	return nil
}

// Message is a webhook's body in Alertmanager's form of version 4:
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type Message struct {
	Receiver           string            `json:"receiver"`
	Status             string            `json:"status"`
	ExternalURL        string            `json:"externalURL"`
	GroupKey           string            `json:"groupKey"`
	Version            string            `json:"version"`
	NotificationReason string            `json:"notification_reason"`
	TruncatedAlerts    int               `json:"truncatedAlerts"`
	GroupLabels        map[string]string `json:"groupLabels"`
	CommonLabels       map[string]string `json:"commonLabels"`
	CommonAnnotations  map[string]string `json:"commonAnnotations"`
	RouteLabels        map[string]string `json:"routeLabels"`
	Alerts             []struct {
		Status       string            `json:"status"`
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`
		StartsAt     time.Time         `json:"startsAt"`
		EndsAt       time.Time         `json:"endsAt"`
		GeneratorURL string            `json:"generatorURL"`
		Fingerprint  string            `json:"fingerprint"`
	} `json:"alerts"`
}

// Webhook holds a message against the documented form.
func Webhook(r *http.Request, body []byte) error {
	m, err := strict[Message](r, body)
	if err != nil {
		return err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return err
	}
	for _, name := range []string{"receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "version", "groupKey", "truncatedAlerts"} {
		if raw[name] == nil {
			return fmt.Errorf("no %s", name)
		}
	}
	if m.Version != "4" || m.GroupKey == "" || len(m.Alerts) == 0 || m.Status != "firing" && m.Status != "resolved" {
		return fmt.Errorf("version %q, group %q, status %q, %d alerts", m.Version, m.GroupKey, m.Status, len(m.Alerts))
	}
	for _, a := range m.Alerts {
		if (a.Status == "resolved") == a.EndsAt.IsZero() || a.Fingerprint == "" || a.StartsAt.IsZero() {
			return fmt.Errorf("%s alert that ends at %v", a.Status, a.EndsAt)
		}
	}
	return nil
}

// Posted is an alert as Alertmanager's API v2 takes it (postableAlert of its
// openapi.yaml).
type Posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// Alertmanager holds a body against postableAlerts, under a prefix of /base.
func Alertmanager(r *http.Request, body []byte) error {
	alerts, err := strict[[]Posted](r, body)
	if err != nil {
		return err
	}
	if r.URL.Path != "/base/api/v2/alerts" || len(alerts) == 0 {
		return fmt.Errorf("%d alerts to %s", len(alerts), r.URL.Path)
	}
	for _, a := range alerts {
		if len(a.Labels) == 0 || a.StartsAt.IsZero() || a.EndsAt.Before(a.StartsAt) {
			return errors.New("an alert without labels or with a bad span")
		}
	}
	return nil
}

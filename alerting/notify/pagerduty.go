package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/prometheus/alertmanager/template"

	"tripod/alerting/config"
)

// The bounds of PagerDuty's Events API v2:
// https://developer.pagerduty.com/docs/send-alert-event
const (
	maxEvent   = 512_000 // bytes of a whole event
	maxSummary = 1024    // characters
)

// pagerDuty sends events. The key of a group names its incident: the same for
// firing and resolved, over restarts, and the one that Alertmanager would use.
type pagerDuty struct {
	caller
	conf     *config.PagerDuty
	template *template.Template
}

func newPagerDuty(c *config.PagerDuty, t *template.Template) (*pagerDuty, error) {
	client, err := httpClient(c.HTTPConfig)
	return &pagerDuty{caller{client: client, timeout: c.Timeout}, c, t}, err
}

type event struct {
	RoutingKey  string                  `json:"routing_key"`
	EventAction string                  `json:"event_action"` // trigger or resolve
	DedupKey    string                  `json:"dedup_key"`
	Client      string                  `json:"client,omitempty"`
	ClientURL   string                  `json:"client_url,omitempty"`
	Payload     eventPayload            `json:"payload"`
	Images      []config.PagerDutyImage `json:"images,omitempty"`
	Links       []config.PagerDutyLink  `json:"links,omitempty"`
}

type eventPayload struct {
	Summary       string         `json:"summary"`
	Source        string         `json:"source"`
	Severity      string         `json:"severity"` // critical, error, warning or info
	Timestamp     string         `json:"timestamp,omitempty"`
	Class         string         `json:"class,omitempty"`
	Component     string         `json:"component,omitempty"`
	Group         string         `json:"group,omitempty"`
	CustomDetails map[string]any `json:"custom_details,omitempty"`
}

// Send makes one attempt.
func (p *pagerDuty) Send(ctx context.Context, n Notification) error {
	key, err := p.conf.RoutingKey.Read(p.conf.RoutingKeyFile)
	if err != nil {
		return err
	}
	e, err := p.event(&n, key)
	if err != nil {
		return err
	}
	body, err := json.Marshal(e)
	if err == nil && len(body) > maxEvent {
		e.Payload.CustomDetails = map[string]any{"error": fmt.Sprintf("left out: the event would have %d bytes, PagerDuty takes %d", len(body), maxEvent)}
		body, err = json.Marshal(e)
	}
	if err != nil {
		return err
	}
	_, _, err = p.post(ctx, p.conf.URL, body, e.RoutingKey)
	return err
}

func (p *pagerDuty) event(n *Notification, key string) (*event, error) {
	f := filler{t: p.template, data: templateData(p.template, n)}
	e := &event{
		RoutingKey: f.text(key), EventAction: "trigger", DedupKey: dedupKey(n.Key),
		Client: f.text(p.conf.Client), ClientURL: f.text(p.conf.ClientURL),
		Payload: eventPayload{
			Summary: clip(f.text(p.conf.Description), maxSummary), Source: f.text(p.conf.Source), Severity: severity(f.text(p.conf.Severity)),
			Timestamp: n.Alerts[0].StartsAt.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			Class:     f.text(p.conf.Class), Component: f.text(p.conf.Component), Group: f.text(p.conf.Group),
		},
	}
	if n.Resolved() {
		e.EventAction = "resolve"
	}
	details, err := template.DeepCopyWithTemplate(p.conf.Details, func(s string) (string, error) { return f.text(s), f.err })
	if err != nil {
		return nil, &RetryError{Err: fmt.Errorf("details: %w", err), Refused: true}
	}
	e.Payload.CustomDetails, _ = details.(map[string]any)
	e.detail(newsOf(n).Items)
	p.enclose(e, n, &f)
	switch {
	case f.err != nil:
		return nil, f.err
	case e.RoutingKey == "":
		return nil, &RetryError{Err: errors.New("the routing key is empty"), Refused: true}
	}
	e.Payload.Summary = cmp.Or(e.Payload.Summary, n.Alerts[0].Name())
	e.Payload.Source = cmp.Or(e.Payload.Source, "tripod")
	return e, nil
}

// enclose adds links and images: those of the configuration, and what is known
// of the alerts.
func (p *pagerDuty) enclose(e *event, n *Notification, f *filler) {
	for _, i := range p.conf.Images {
		image := config.PagerDutyImage{Src: f.text(i.Src), Alt: f.text(i.Alt), Href: f.text(i.Href)}
		if image.Src != "" {
			e.Images = append(e.Images, image)
		}
	}
	add := func(href, text string) {
		if href != "" {
			e.Links = append(e.Links, config.PagerDutyLink{Href: href, Text: text})
		}
	}
	for _, l := range p.conf.Links {
		add(f.text(l.Href), f.text(l.Text))
	}
	story := newsOf(n)
	add(link(story.Items[0].Detail.Evidence), "Evidence")
	add(firstTrace(story.Items), "Trace")
	add(story.Runbook, "Runbook")
	if external := p.template.ExternalURL; external.Host != "" {
		add(external.JoinPath("alerts").String()+"?sel="+url.QueryEscape(story.Items[0].Name()), "Alert")
	}
}

// detail adds what stands out in the evidence, beside what the configuration wants.
func (e *event) detail(items []item) {
	i := standsOut(items)
	if i < 0 {
		return
	}
	if e.Payload.CustomDetails == nil {
		e.Payload.CustomDetails = map[string]any{}
	}
	s := items[i].Detail.standout()
	for name, text := range map[string]string{"trace": s.trace, "logs": s.logs} {
		if _, taken := e.Payload.CustomDetails[name]; text == "" || taken {
			continue
		}
		if len(items) > 1 {
			text = items[i].Name() + ": " + text // one of several alerts
		}
		e.Payload.CustomDetails[name] = text
	}
}

// dedupKey bounds a group's key, as Alertmanager does.
func dedupKey(group string) string {
	sum := sha256.Sum256([]byte(group))
	return hex.EncodeToString(sum[:])
}

// severity is one of the four that PagerDuty knows; other words of a template
// would be refused.
func severity(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "critical", "error", "warning", "info":
		return s
	case "page", "fatal", "emergency":
		return "critical"
	case "warn":
		return "warning"
	case "notice", "none":
		return "info"
	}
	return "error"
}

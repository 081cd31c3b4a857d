package config

import (
	"errors"
	"fmt"
	"net/textproto"
	"time"

	httpconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"
)

// Receiver is a name with everything that is told under it.
type Receiver struct {
	Name          string               `yaml:"name"`
	Labels        map[string]string    `yaml:"labels"`
	Slack         []*Slack             `yaml:"slack_configs"`
	PagerDuty     []*PagerDuty         `yaml:"pagerduty_configs"`
	Webhook       []*Webhook           `yaml:"webhook_configs"`
	Email         []*Email             `yaml:"email_configs"`
	Alertmanagers []*Alertmanager      `yaml:"alertmanager_configs"` // ours: a second Alertmanager
	Others        map[string]yaml.Node `yaml:",inline"`
}

// otherReceivers are Alertmanager's own kinds that are not supported here.
var otherReceivers = []string{
	"discord_configs", "incidentio_configs", "opsgenie_configs", "wechat_configs", "pushover_configs", "victorops_configs",
	"sns_configs", "telegram_configs", "webex_configs", "msteams_configs", "msteamsv2_configs", "jira_configs",
	"rocketchat_configs", "mattermost_configs",
}

// Slack posts to an incoming webhook, or through the API with a token. With
// none of the fields of a message it is the message of this appliance, in
// blocks; with any of them it is the attachment that Alertmanager would send.
type Slack struct {
	SendResolved  bool                         `yaml:"send_resolved"`
	HTTPConfig    *httpconfig.HTTPClientConfig `yaml:"http_config"`
	APIURL        Secret                       `yaml:"api_url"`
	APIURLFile    string                       `yaml:"api_url_file"`
	AppToken      Secret                       `yaml:"app_token"`
	AppTokenFile  string                       `yaml:"app_token_file"`
	AppURL        string                       `yaml:"app_url"`
	Timeout       time.Duration                `yaml:"timeout"`
	UpdateMessage bool                         `yaml:"update_message"`

	Channel   string `yaml:"channel"`
	Username  string `yaml:"username"`
	IconEmoji string `yaml:"icon_emoji"`
	IconURL   string `yaml:"icon_url"`
	LinkNames bool   `yaml:"link_names"`

	Color       *string        `yaml:"color"`
	Title       *string        `yaml:"title"`
	TitleLink   *string        `yaml:"title_link"`
	Pretext     *string        `yaml:"pretext"`
	Text        *string        `yaml:"text"`
	MessageText *string        `yaml:"message_text"`
	Fallback    *string        `yaml:"fallback"`
	CallbackID  *string        `yaml:"callback_id"`
	Footer      *string        `yaml:"footer"`
	ImageURL    *string        `yaml:"image_url"`
	ThumbURL    *string        `yaml:"thumb_url"`
	Fields      []*SlackField  `yaml:"fields"`
	ShortFields bool           `yaml:"short_fields"`
	MrkdwnIn    []string       `yaml:"mrkdwn_in"`
	Actions     []*SlackAction `yaml:"actions"`
}

// Classic says that a field of the message is written.
func (s *Slack) Classic() bool {
	for _, f := range [...]*string{s.Color, s.Title, s.TitleLink, s.Pretext, s.Text, s.MessageText, s.Fallback, s.CallbackID, s.Footer, s.ImageURL, s.ThumbURL} {
		if f != nil {
			return true
		}
	}
	return len(s.Fields) > 0 || len(s.Actions) > 0
}

// SlackField is a field of an attachment, in the form in which it is posted.
type SlackField struct {
	Title string `yaml:"title" json:"title,omitempty"`
	Value string `yaml:"value" json:"value,omitempty"`
	Short *bool  `yaml:"short" json:"short,omitempty"`
}

// SlackAction is a button of an attachment, in the form in which it is posted.
type SlackAction struct {
	Type    string        `yaml:"type" json:"type,omitempty"`
	Text    string        `yaml:"text" json:"text,omitempty"`
	URL     string        `yaml:"url" json:"url,omitempty"`
	Style   string        `yaml:"style" json:"style,omitempty"`
	Name    string        `yaml:"name" json:"name,omitempty"`
	Value   string        `yaml:"value" json:"value,omitempty"`
	Confirm *SlackConfirm `yaml:"confirm" json:"confirm,omitempty"`
}

// SlackConfirm asks before a button does its work.
type SlackConfirm struct {
	Text        string `yaml:"text" json:"text,omitempty"`
	Title       string `yaml:"title" json:"title,omitempty"`
	OkText      string `yaml:"ok_text" json:"ok_text,omitempty"`
	DismissText string `yaml:"dismiss_text" json:"dismiss_text,omitempty"`
}

// UnmarshalYAML checks that the field says something.
func (f *SlackField) UnmarshalYAML(unmarshal func(any) error) error {
	type plain SlackField
	if err := unmarshal((*plain)(f)); err != nil {
		return err
	}
	if f.Title == "" || f.Value == "" {
		return errors.New("missing title or value in Slack field configuration")
	}
	return nil
}

// UnmarshalYAML checks that the button has something to do.
func (a *SlackAction) UnmarshalYAML(unmarshal func(any) error) error {
	type plain SlackAction
	if err := unmarshal((*plain)(a)); err != nil {
		return err
	}
	switch {
	case a.Type == "" || a.Text == "":
		return errors.New("missing type or text in Slack action configuration")
	case a.URL == "" && a.Name == "":
		return errors.New("missing name or url in Slack action configuration")
	case a.URL != "":
		a.Name, a.Value, a.Confirm = "", "", nil
	}
	return nil
}

// PagerDuty sends events, in the form of version 2.
type PagerDuty struct {
	SendResolved   bool                         `yaml:"send_resolved"`
	HTTPConfig     *httpconfig.HTTPClientConfig `yaml:"http_config"`
	RoutingKey     Secret                       `yaml:"routing_key"`
	RoutingKeyFile string                       `yaml:"routing_key_file"`
	ServiceKey     Secret                       `yaml:"service_key"` // of version 1
	ServiceKeyFile string                       `yaml:"service_key_file"`
	URL            string                       `yaml:"url"`
	Client         string                       `yaml:"client"`
	ClientURL      string                       `yaml:"client_url"`
	Description    string                       `yaml:"description"`
	Details        map[string]any               `yaml:"details"`
	Images         []PagerDutyImage             `yaml:"images"`
	Links          []PagerDutyLink              `yaml:"links"`
	Source         string                       `yaml:"source"`
	Severity       string                       `yaml:"severity"`
	Class          string                       `yaml:"class"`
	Component      string                       `yaml:"component"`
	Group          string                       `yaml:"group"`
	Timeout        time.Duration                `yaml:"timeout"`
}

// PagerDutyLink is a link of an event, in the form in which it is sent.
type PagerDutyLink struct {
	Href string `yaml:"href" json:"href"`
	Text string `yaml:"text" json:"text"`
}

// PagerDutyImage is an image of an event, in the form in which it is sent.
type PagerDutyImage struct {
	Src  string `yaml:"src" json:"src"`
	Alt  string `yaml:"alt" json:"alt"`
	Href string `yaml:"href" json:"href"`
}

// UnmarshalYAML starts from the defaults.
func (p *PagerDuty) UnmarshalYAML(unmarshal func(any) error) error {
	*p = PagerDuty{
		SendResolved: true,
		Description:  `{{ template "pagerduty.default.description" .}}`,
		Client:       `{{ template "pagerduty.default.client" . }}`,
		ClientURL:    `{{ template "pagerduty.default.clientURL" . }}`,
	}
	type plain PagerDuty
	if err := unmarshal((*plain)(p)); err != nil {
		return err
	}
	if p.RoutingKey == "" && p.RoutingKeyFile == "" && p.ServiceKey == "" && p.ServiceKeyFile == "" {
		return errors.New("missing service or routing key in PagerDuty config")
	}
	if p.Source == "" {
		p.Source = p.Client
	}
	if p.Severity == "" {
		p.Severity = "error"
	}
	if p.Details == nil {
		p.Details = map[string]any{}
	}
	for name, text := range map[string]string{
		"firing":       `{{ .Alerts.Firing | toJson }}`,
		"resolved":     `{{ .Alerts.Resolved | toJson }}`,
		"num_firing":   `{{ .Alerts.Firing | len }}`,
		"num_resolved": `{{ .Alerts.Resolved | len }}`,
	} {
		if _, ok := p.Details[name]; !ok {
			p.Details[name] = text
		}
	}
	return onlyOne("routing_key", p.RoutingKey, p.RoutingKeyFile)
}

// Webhook posts JSON, in the form of version 4 or as payload says.
type Webhook struct {
	SendResolved bool                         `yaml:"send_resolved"`
	HTTPConfig   *httpconfig.HTTPClientConfig `yaml:"http_config"`
	URL          Secret                       `yaml:"url"`
	URLFile      string                       `yaml:"url_file"`
	MaxAlerts    uint64                       `yaml:"max_alerts"`
	Timeout      time.Duration                `yaml:"timeout"`
	Payload      any                          `yaml:"payload"`
}

// UnmarshalYAML starts from the defaults.
func (w *Webhook) UnmarshalYAML(unmarshal func(any) error) error {
	*w = Webhook{SendResolved: true}
	type plain Webhook
	if err := unmarshal((*plain)(w)); err != nil {
		return err
	}
	return oneOf("url", w.URL, w.URLFile)
}

// Alertmanager hands alerts on to a second Alertmanager; url is its address
// without /api/v2/alerts.
type Alertmanager struct {
	SendResolved bool                         `yaml:"send_resolved"`
	HTTPConfig   *httpconfig.HTTPClientConfig `yaml:"http_config"`
	URL          Secret                       `yaml:"url"`
	URLFile      string                       `yaml:"url_file"`
	Timeout      time.Duration                `yaml:"timeout"`
}

// UnmarshalYAML starts from the defaults.
func (a *Alertmanager) UnmarshalYAML(unmarshal func(any) error) error {
	*a = Alertmanager{SendResolved: true}
	type plain Alertmanager
	if err := unmarshal((*plain)(a)); err != nil {
		return err
	}
	return oneOf("url", a.URL, a.URLFile)
}

// Email sends mail.
type Email struct {
	SendResolved     bool                  `yaml:"send_resolved"`
	To               string                `yaml:"to"`
	From             string                `yaml:"from"`
	Hello            string                `yaml:"hello"`
	Smarthost        HostPort              `yaml:"smarthost"`
	AuthUsername     string                `yaml:"auth_username"`
	AuthPassword     Secret                `yaml:"auth_password"`
	AuthPasswordFile string                `yaml:"auth_password_file"`
	AuthSecret       Secret                `yaml:"auth_secret"`
	AuthSecretFile   string                `yaml:"auth_secret_file"`
	AuthIdentity     string                `yaml:"auth_identity"`
	Headers          map[string]string     `yaml:"headers"`
	HTML             string                `yaml:"html"`
	Text             string                `yaml:"text"`
	RequireTLS       *bool                 `yaml:"require_tls"`
	TLSConfig        *httpconfig.TLSConfig `yaml:"tls_config"`
	ForceImplicitTLS *bool                 `yaml:"force_implicit_tls"`
	Threading        struct {
		Enabled      bool   `yaml:"enabled"`
		ThreadByDate string `yaml:"thread_by_date"`
	} `yaml:"threading"`
}

// UnmarshalYAML starts from the defaults.
func (e *Email) UnmarshalYAML(unmarshal func(any) error) error {
	*e = Email{HTML: `{{ template "email.default.html" . }}`}
	type plain Email
	if err := unmarshal((*plain)(e)); err != nil {
		return err
	}
	if e.To == "" {
		return errors.New("missing to address in email config")
	}
	headers := map[string]string{}
	for name, value := range e.Headers {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := headers[canonical]; twice {
			return fmt.Errorf("duplicate header %q in email config", canonical)
		}
		headers[canonical] = value
	}
	e.Headers = headers
	if by := e.Threading.ThreadByDate; e.Threading.Enabled && by != "none" && by != "daily" {
		return errors.New("threading.thread_by_date must be either 'none' or 'daily'")
	}
	return onlyOne("auth_password", e.AuthPassword, e.AuthPasswordFile)
}

func onlyOne(name string, s Secret, file string) error {
	if s != "" && file != "" {
		return fmt.Errorf("at most one of %s & %s_file must be configured", name, name)
	}
	return nil
}

func oneOf(name string, s Secret, file string) error {
	if s == "" && file == "" {
		return fmt.Errorf("one of %s or %s_file must be configured", name, name)
	}
	return onlyOne(name, s, file)
}

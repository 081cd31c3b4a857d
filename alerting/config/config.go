package config

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"tripod/alerting"
)

// Sections are the top-level keys that belong to Alertmanager.
var Sections = []string{"global", "route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "templates"}

// Config is a whole configuration; Parse fills in what is inherited.
type Config struct {
	Global            Global                 `yaml:"global"`
	Route             *Route                 `yaml:"route"`
	InhibitRules      []amconfig.InhibitRule `yaml:"inhibit_rules"`
	Receivers         []Receiver             `yaml:"receivers"`
	TimeIntervals     []TimeInterval         `yaml:"time_intervals"`
	MuteTimeIntervals []TimeInterval         `yaml:"mute_time_intervals"` // the older name
	Templates         []string               `yaml:"templates"`           // globs of files
	Tracing           yaml.Node              `yaml:"tracing"`             // read, without effect
	EventRecorder     yaml.Node              `yaml:"event_recorder"`      // read, without effect

	Original string   `yaml:"-"` // the text, with secrets left out
	Notes    []string `yaml:"-"` // what has no effect here, with file and line
}

// Route is a node of the tree; what is nil or empty is inherited.
type Route struct {
	Receiver            string                `yaml:"receiver"`
	GroupBy             []string              `yaml:"group_by"`
	Match               map[string]string     `yaml:"match"`
	MatchRE             amconfig.MatchRegexps `yaml:"match_re"`
	Matchers            amconfig.Matchers     `yaml:"matchers"`
	MuteTimeIntervals   []string              `yaml:"mute_time_intervals"`
	ActiveTimeIntervals []string              `yaml:"active_time_intervals"`
	Continue            bool                  `yaml:"continue"`
	Routes              []*Route              `yaml:"routes"`
	GroupWait           *model.Duration       `yaml:"group_wait"`
	GroupInterval       *model.Duration       `yaml:"group_interval"`
	RepeatInterval      *model.Duration       `yaml:"repeat_interval"`
	Labels              map[string]string     `yaml:"labels"`
}

// TimeInterval is a named set of times.
type TimeInterval struct {
	Name          string                      `yaml:"name"`
	TimeIntervals []timeinterval.TimeInterval `yaml:"time_intervals"`
}

// Global holds what receivers inherit.
type Global struct {
	ResolveTimeout       model.Duration               `yaml:"resolve_timeout"`
	HTTPConfig           *httpconfig.HTTPClientConfig `yaml:"http_config"`
	SMTPFrom             string                       `yaml:"smtp_from"`
	SMTPHello            string                       `yaml:"smtp_hello"`
	SMTPSmarthost        HostPort                     `yaml:"smtp_smarthost"`
	SMTPAuthUsername     string                       `yaml:"smtp_auth_username"`
	SMTPAuthPassword     Secret                       `yaml:"smtp_auth_password"`
	SMTPAuthPasswordFile string                       `yaml:"smtp_auth_password_file"`
	SMTPAuthSecret       Secret                       `yaml:"smtp_auth_secret"`
	SMTPAuthSecretFile   string                       `yaml:"smtp_auth_secret_file"`
	SMTPAuthIdentity     string                       `yaml:"smtp_auth_identity"`
	SMTPRequireTLS       bool                         `yaml:"smtp_require_tls"`
	SMTPTLSConfig        *httpconfig.TLSConfig        `yaml:"smtp_tls_config"`
	SMTPForceImplicitTLS *bool                        `yaml:"smtp_force_implicit_tls"`
	SlackAPIURL          Secret                       `yaml:"slack_api_url"`
	SlackAPIURLFile      string                       `yaml:"slack_api_url_file"`
	SlackAppToken        Secret                       `yaml:"slack_app_token"`
	SlackAppTokenFile    string                       `yaml:"slack_app_token_file"`
	SlackAppURL          string                       `yaml:"slack_app_url"`
	PagerdutyURL         string                       `yaml:"pagerduty_url"`

	Others map[string]yaml.Node `yaml:",inline"` // of receivers that are not supported
}

// otherGlobals are Alertmanager's own fields that only unsupported receivers read.
var otherGlobals = []string{
	"jira_api_url", "opsgenie_api_url", "opsgenie_api_key", "opsgenie_api_key_file", "wechat_api_url", "wechat_api_secret",
	"wechat_api_secret_file", "wechat_api_corp_id", "victorops_api_url", "victorops_api_key", "victorops_api_key_file",
	"telegram_api_url", "telegram_bot_token", "telegram_bot_token_file", "webex_api_url", "rocketchat_api_url",
	"rocketchat_token", "rocketchat_token_file", "rocketchat_token_id", "rocketchat_token_id_file",
	"mattermost_webhook_url", "mattermost_webhook_url_file",
}

func defaultGlobal() Global {
	http := httpconfig.DefaultHTTPClientConfig
	return Global{
		ResolveTimeout: model.Duration(5 * time.Minute),
		HTTPConfig:     &http,
		SMTPHello:      "localhost",
		SMTPRequireTLS: true,
		SMTPTLSConfig:  &httpconfig.TLSConfig{},
		SlackAppURL:    "https://slack.com/api/chat.postMessage",
		PagerdutyURL:   "https://events.pagerduty.com/v2/enqueue",
	}
}

// UnmarshalYAML starts from the defaults.
func (g *Global) UnmarshalYAML(unmarshal func(any) error) error {
	*g = defaultGlobal()
	type plain Global
	return unmarshal((*plain)(g))
}

// UnmarshalYAML checks what one route can know of itself.
func (r *Route) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Route
	if err := unmarshal((*plain)(r)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, name := range r.GroupBy {
		switch {
		case name == "..." && len(r.GroupBy) > 1:
			return fmt.Errorf("cannot have wildcard group_by (`...`) and other labels at the same time")
		case name != "..." && !compat.IsValidLabelName(model.LabelName(name)):
			return fmt.Errorf("invalid label name %q in group_by list", name)
		case seen[name]:
			return fmt.Errorf("duplicated label %q in group_by", name)
		}
		seen[name] = true
	}
	for name := range r.Match {
		if !model.LabelName(name).IsValidLegacy() {
			return fmt.Errorf("invalid label name %q", name)
		}
	}
	for name := range r.Labels {
		if !compat.IsValidLabelName(model.LabelName(name)) {
			return fmt.Errorf("invalid label name %q in route labels", name)
		}
	}
	if r.GroupInterval != nil && *r.GroupInterval == 0 {
		return fmt.Errorf("group_interval cannot be zero")
	}
	if r.RepeatInterval != nil && *r.RepeatInterval == 0 {
		return fmt.Errorf("repeat_interval cannot be zero")
	}
	return nil
}

// GroupByAll says that every label makes a group of its own.
func (r *Route) GroupByAll() bool { return len(r.GroupBy) == 1 && r.GroupBy[0] == "..." }

// UnmarshalYAML wants a name.
func (t *TimeInterval) UnmarshalYAML(unmarshal func(any) error) error {
	type plain TimeInterval
	if err := unmarshal((*plain)(t)); err != nil {
		return err
	}
	if t.Name == "" {
		return fmt.Errorf("missing name in time interval")
	}
	return nil
}

// Intervals are all time intervals by name.
func (c *Config) Intervals() map[string][]timeinterval.TimeInterval {
	out := map[string][]timeinterval.TimeInterval{}
	for _, list := range [...][]TimeInterval{c.MuteTimeIntervals, c.TimeIntervals} {
		for _, t := range list {
			out[t.Name] = t.TimeIntervals
		}
	}
	return out
}

// asAlertmanager makes upstream's matcher parser read as alertmanager does
// when it is started without feature flags: UTF-8 first, else the older way.
var asAlertmanager = sync.OnceFunc(func() {
	log := slog.New(slog.DiscardHandler)
	flags, err := featurecontrol.NewFlags(log, "")
	if err != nil {
		panic("config: " + err.Error()) // no flags are always good flags
	}
	compat.InitFromFlags(log, flags)
})

// These are upstream's; other rooms know them by these names.
type (
	Regexp      = amconfig.Regexp
	Matchers    = amconfig.Matchers
	InhibitRule = amconfig.InhibitRule
)

// ParseMatcher reads one matcher as amtool and the API write it: name="value".
func ParseMatcher(s string) (alerting.Matcher, error) {
	asAlertmanager()
	m, err := compat.Matcher(s, "api")
	if err != nil {
		return alerting.Matcher{}, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return alerting.Matcher{
		Name: m.Name, Value: m.Value, IsRegex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
		IsEqual: m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp,
	}, nil
}

// Filter reads matchers and gives the question whether labels fit all of them.
func Filter(list []string) (ms []alerting.Matcher, fits func(set map[string]string) bool, err error) {
	var compiled labels.Matchers
	asAlertmanager()
	for _, s := range list {
		m, err := compat.Matcher(s, "api")
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
		}
		parsed, err := ParseMatcher(s)
		if err != nil {
			return nil, nil, err
		}
		compiled, ms = append(compiled, m), append(ms, parsed)
	}
	return ms, func(set map[string]string) bool {
		for _, m := range compiled {
			if !m.Matches(set[m.Name]) {
				return false
			}
		}
		return true
	}, nil
}

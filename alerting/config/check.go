package config

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	httpconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"
)

// check says what no part can know of itself, and hands down what is inherited.
func (p *parser) check() {
	names := p.checkReceivers()
	p.checkGlobal()
	p.checkRoot()
	if p.cfg.Route != nil {
		p.checkRoute(p.cfg.Route, field(p.root(), "route"), names, p.checkIntervals())
	}
	for _, section := range [...]string{"tracing", "event_recorder"} {
		if n := field(p.root(), section); n != nil {
			p.note(keyLine(p.root(), section), "%s has no effect here", section)
		}
	}
	for i, t := range p.cfg.Templates {
		p.cfg.Templates[i] = p.beside(t)
	}
}

func (p *parser) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.src.Base, path)
}

func (p *parser) checkGlobal() {
	n := field(p.root(), "global")
	for name := range p.cfg.Global.Others {
		if !slices.Contains(otherGlobals, name) {
			p.fault(keyLine(n, name), "unknown field %s", name)
		}
	}
	g := &p.cfg.Global
	g.HTTPConfig.SetDirectory(p.src.Base)
}

func (p *parser) checkRoot() {
	r, line := p.cfg.Route, keyLine(p.root(), "route")
	switch {
	case r == nil:
		p.fault(0, "no route provided in config")
	case r.Receiver == "":
		p.fault(line, "root route must specify a default receiver")
	case len(r.Match)+len(r.MatchRE)+len(r.Matchers) > 0:
		p.fault(line, "root route must not have any matchers")
	case len(r.MuteTimeIntervals)+len(r.ActiveTimeIntervals) > 0:
		p.fault(line, "root route must not have any mute or active time intervals")
	case r.Continue:
		p.fault(line, "cannot have continue in root route")
	}
}

func (p *parser) checkRoute(r *Route, n *yaml.Node, receivers, intervals map[string]bool) {
	line := lineOf(n)
	if r.Receiver != "" && !receivers[r.Receiver] {
		p.fault(keyLine(n, "receiver"), "undefined receiver %q used in route", r.Receiver)
	}
	for _, name := range slices.Concat(r.MuteTimeIntervals, r.ActiveTimeIntervals) {
		if !intervals[name] {
			p.fault(line, "undefined time interval %q used in route", name)
		}
	}
	nodes := items(field(n, "routes"))
	for i, child := range r.Routes {
		if child == nil {
			p.fault(line, "an empty route")
			continue
		}
		p.checkRoute(child, item(nodes, i), receivers, intervals)
	}
}

func (p *parser) checkIntervals() map[string]bool {
	names := map[string]bool{}
	for section, list := range map[string][]TimeInterval{"mute_time_intervals": p.cfg.MuteTimeIntervals, "time_intervals": p.cfg.TimeIntervals} {
		nodes := items(field(p.root(), section))
		for i, t := range list {
			if names[t.Name] {
				p.fault(lineOf(item(nodes, i)), "time interval %q is not unique", t.Name)
			}
			names[t.Name] = true
		}
	}
	return names
}

func (p *parser) checkReceivers() map[string]bool {
	names := map[string]bool{}
	nodes := items(field(p.root(), "receivers"))
	for i := range p.cfg.Receivers {
		r, n := &p.cfg.Receivers[i], item(nodes, i)
		switch {
		case r.Name == "":
			p.fault(lineOf(n), "missing name in receiver")
		case names[r.Name]:
			p.fault(lineOf(n), "notification config name %q is not unique", r.Name)
		}
		names[r.Name] = true
		p.checkOthers(r, n)
		for j, s := range r.Slack {
			p.integration(n, "slack_configs", j, s == nil, func() error { return p.fillSlack(s, lineOf(item(items(field(n, "slack_configs")), j))) })
		}
		for j, d := range r.PagerDuty {
			p.integration(n, "pagerduty_configs", j, d == nil, func() error { return p.fillPagerDuty(d, lineOf(item(items(field(n, "pagerduty_configs")), j))) })
		}
		for j, w := range r.Webhook {
			p.integration(n, "webhook_configs", j, w == nil, func() error {
				w.URLFile = p.beside(w.URLFile)
				w.HTTPConfig = p.http(w.HTTPConfig)
				return checkURL("url", w.URL)
			})
		}
		for j, a := range r.Alertmanagers {
			p.integration(n, "alertmanager_configs", j, a == nil, func() error {
				a.URLFile = p.beside(a.URLFile)
				a.HTTPConfig = p.http(a.HTTPConfig)
				return checkURL("url", a.URL)
			})
		}
		for j, e := range r.Email {
			p.integration(n, "email_configs", j, e == nil, func() error { return p.fillEmail(e) })
		}
	}
	return names
}

// integration runs a check of one integration and says where it stands.
func (p *parser) integration(receiver *yaml.Node, list string, i int, missing bool, check func() error) {
	line := lineOf(item(items(field(receiver, list)), i))
	if missing {
		p.fault(line, "an empty item in %s", list)
		return
	}
	if err := check(); err != nil {
		p.fault(line, "%v", err)
	}
}

func (p *parser) checkOthers(r *Receiver, n *yaml.Node) {
	for name := range r.Others {
		switch line := keyLine(n, name); {
		case slices.Contains(otherReceivers, name):
			p.note(line, "%s of receiver %q: not supported here, notifications through it go nowhere", name, r.Name)
		default:
			p.fault(line, "unknown field %s", name)
		}
	}
}

// http is the configuration of the receiver or that of global.
func (p *parser) http(own *httpconfig.HTTPClientConfig) *httpconfig.HTTPClientConfig {
	if own == nil {
		copied := *p.cfg.Global.HTTPConfig
		return &copied
	}
	own.SetDirectory(p.src.Base)
	return own
}

func checkURL(name string, s Secret) error {
	if s == "" || strings.Contains(string(s), "{{") {
		return nil
	}
	u, err := url.Parse(string(s))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s: want http:// or https:// and a host (its value is not shown)", name)
	}
	return nil
}

func (p *parser) fillSlack(s *Slack, line int) error {
	g := &p.cfg.Global
	s.AppURL = cmp.Or(s.AppURL, g.SlackAppURL)
	if s.AppToken == "" && s.AppTokenFile == "" && (s.HTTPConfig == nil || s.HTTPConfig.Authorization == nil) && s.APIURL == "" {
		s.AppToken, s.AppTokenFile = g.SlackAppToken, g.SlackAppTokenFile
	}
	if s.APIURL == "" && s.APIURLFile == "" {
		s.APIURL, s.APIURLFile = g.SlackAPIURL, g.SlackAPIURLFile
	}
	if s.APIURL == "" && s.APIURLFile == "" && s.AppToken == "" && s.AppTokenFile == "" {
		return fmt.Errorf("no Slack API URL nor App token set either inline or in a file")
	}
	s.HTTPConfig = p.http(s.HTTPConfig)
	s.APIURLFile, s.AppTokenFile = p.beside(s.APIURLFile), p.beside(s.AppTokenFile)
	if s.AppToken != "" || s.AppTokenFile != "" {
		if s.HTTPConfig.Authorization != nil {
			return fmt.Errorf("http authorization can't be set when using Slack App tokens")
		}
		s.HTTPConfig.Authorization = &httpconfig.Authorization{Type: "Bearer", Credentials: httpconfig.Secret(s.AppToken), CredentialsFile: s.AppTokenFile}
		s.APIURL, s.APIURLFile = Secret(s.AppURL), ""
	}
	if s.UpdateMessage {
		p.note(line, "update_message has no effect here: every notification is a message of its own")
	}
	return checkURL("api_url", s.APIURL)
}

func (p *parser) fillPagerDuty(d *PagerDuty, line int) error {
	d.HTTPConfig = p.http(d.HTTPConfig)
	d.URL = cmp.Or(d.URL, p.cfg.Global.PagerdutyURL)
	d.RoutingKeyFile = p.beside(d.RoutingKeyFile)
	if d.RoutingKey == "" && d.RoutingKeyFile == "" {
		p.note(line, "service_key: events of PagerDuty's version 1 are not supported here, use routing_key; notifications through it go nowhere")
	}
	return checkURL("url", Secret(d.URL))
}

func (p *parser) fillEmail(e *Email) error {
	g := &p.cfg.Global
	e.TLSConfig = cmp.Or(e.TLSConfig, g.SMTPTLSConfig)
	e.TLSConfig.SetDirectory(p.src.Base)
	e.Smarthost = cmp.Or(e.Smarthost, g.SMTPSmarthost)
	e.From = cmp.Or(e.From, g.SMTPFrom)
	e.Hello = cmp.Or(e.Hello, g.SMTPHello)
	e.AuthUsername = cmp.Or(e.AuthUsername, g.SMTPAuthUsername)
	if e.AuthPassword == "" && e.AuthPasswordFile == "" {
		e.AuthPassword, e.AuthPasswordFile = g.SMTPAuthPassword, g.SMTPAuthPasswordFile
	}
	if e.AuthSecret == "" && e.AuthSecretFile == "" {
		e.AuthSecret, e.AuthSecretFile = g.SMTPAuthSecret, g.SMTPAuthSecretFile
	}
	e.AuthPasswordFile, e.AuthSecretFile = p.beside(e.AuthPasswordFile), p.beside(e.AuthSecretFile)
	e.AuthIdentity = cmp.Or(e.AuthIdentity, g.SMTPAuthIdentity)
	if e.RequireTLS == nil {
		e.RequireTLS = &g.SMTPRequireTLS
	}
	e.ForceImplicitTLS = cmp.Or(e.ForceImplicitTLS, g.SMTPForceImplicitTLS)
	switch {
	case e.Smarthost.String() == "":
		return fmt.Errorf("no global SMTP smarthost set")
	case e.From == "":
		return fmt.Errorf("no global SMTP from set")
	}
	return nil
}

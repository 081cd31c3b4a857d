package config

import (
	"strings"
	"testing"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	amdispatch "github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
)

// whole has every field of what is supported, and one receiver that is not.
const whole = `
global:
  resolve_timeout: 7m
  http_config: {follow_redirects: false, tls_config: {insecure_skip_verify: true}}
  smtp_smarthost: mail.example:587
  smtp_from: a@b.c
  smtp_hello: me
  smtp_auth_username: u
  smtp_auth_password: p
  smtp_auth_identity: i
  smtp_require_tls: false
  smtp_tls_config: {server_name: x}
  slack_api_url: https://hooks.example/x
  pagerduty_url: https://events.example/v2
  opsgenie_api_key: k
  victorops_api_key: k
  telegram_bot_token: t
templates: ['/etc/am/*.tmpl']
route:
  receiver: all
  group_by: ['...']
  group_wait: 5s
  group_interval: 1m30s
  repeat_interval: 2d
  labels: {owner: me}
  routes:
  - receiver: chat
    match: {severity: page}
    match_re: {service: "a|b"}
    group_by: [alertname, cluster]
    continue: true
    mute_time_intervals: [nights, old]
  - matchers: ['severity =~ "warn|info"', foo!=bar, 'a="b,c"']
    active_time_intervals: [nights]
    routes:
    - {receiver: ops, matchers: ['{x="1",y!~"2"}']}
receivers:
- name: all
- name: chat
  labels: {team: web}
  slack_configs:
  - {channel: '#x', send_resolved: true, username: u, color: c, title: t, title_link: l, pretext: p, text: x, fallback: f, callback_id: i, footer: f,
     fields: [{title: a, value: b, short: true}], short_fields: true, icon_emoji: ':x:', icon_url: u, image_url: u, thumb_url: u, link_names: true,
     mrkdwn_in: [text], message_text: m, timeout: 3s, actions: [{type: button, text: t, url: u, style: s}, {type: button, text: t, name: n, value: v, confirm: {text: t, title: t, ok_text: o, dismiss_text: d}}],
     http_config: {basic_auth: {username: u, password: p}, proxy_url: 'http://proxy.example:3128'}}
  - {api_url_file: /x}
  webhook_configs:
  - {url: 'http://x.example/{{ .Status }}', max_alerts: 3, timeout: 1s, payload: {a: ['{{ .Status }}', 1, true]}}
  - {url_file: /y, http_config: {authorization: {type: Bearer, credentials_file: /z}, oauth2: }}
- name: ops
  pagerduty_configs:
  - {routing_key: k, severity: '{{ .CommonLabels.severity }}', client: c, client_url: u, description: d, details: {a: b, c: [1, {d: e}]}, images: [{src: s, alt: a, href: h}],
     links: [{href: h, text: t}], source: s, class: c, component: c, group: g, timeout: 1s}
  - {routing_key_file: /k}
  email_configs:
  - {to: 'x@y.z, q@y.z', headers: {Subject: s, x-a: b}, html: h, text: t, require_tls: true, tls_config: {ca_file: /ca}, auth_password_file: /p, threading: {enabled: true, thread_by_date: daily}, force_implicit_tls: false}
  opsgenie_configs: [{api_key: k}]
  telegram_configs: [{chat_id: 1, bot_token: t}]
inhibit_rules:
- {name: n, source_match: {a: b}, source_match_re: {c: d.*}, target_match: {e: f}, target_match_re: {g: h}, equal: [zone]}
- {source_matchers: [a="b"], target_matchers: ['c=~"d"'], equal: [x, y]}
time_intervals:
- name: nights
  time_intervals:
  - {times: [{start_time: "22:00", end_time: "24:00"}], weekdays: ['monday:friday', sunday], days_of_month: ['1:5', '-1'], months: ['january:march', 12], years: ['2024:2030'], location: Europe/Berlin}
mute_time_intervals:
- {name: old, time_intervals: [{weekdays: [saturday]}]}
`

// ours are fields that Alertmanager does not have, and the other way round
// what we refuse though it does not.
func ours(text string) bool {
	return strings.Contains(text, "alertmanager_configs") || strings.Contains(text, "${")
}

func TestUpstreamReadsTheSame(t *testing.T) {
	theirs, err := amconfig.Load(whole)
	if err != nil {
		t.Fatalf("Alertmanager refuses it: %v", err)
	}
	c, err := parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Notes) != 2 {
		t.Errorf("notes %q, want two, of opsgenie and telegram", c.Notes)
	}
	if c.Global.ResolveTimeout != theirs.Global.ResolveTimeout || len(c.Intervals()) != 2 || len(c.InhibitRules) != 2 {
		t.Error("something is lost")
	}
	at := time.Date(2026, 3, 1, 21, 30, 0, 0, time.UTC) // a Sunday; 22:30 in Berlin
	if in := c.Intervals()["nights"][0].ContainsTime(at); in != theirs.TimeIntervals[0].TimeIntervals[0].ContainsTime(at) || !in {
		t.Errorf("the interval holds: %v", in)
	}
	// The trees are compared where it counts: dispatch plays stories on both.
	if got, want := len(c.Route.Routes), len(amdispatch.NewRoute(theirs.Route, nil).Routes); got != want {
		t.Errorf("%d routes, want %d", got, want)
	}
	if got, want := time.Duration(*c.Route.RepeatInterval), time.Duration(*theirs.Route.RepeatInterval); got != want || model.Duration(want) != *theirs.Route.RepeatInterval {
		t.Errorf("repeat_interval %v, want %v", got, want)
	}
}

// TestUpstreamRefusesTheSame holds our refusals against Alertmanager's.
func TestUpstreamRefusesTheSame(t *testing.T) {
	for name, c := range faults {
		if ours(c.text) {
			continue
		}
		if _, err := amconfig.Load(c.text); err == nil {
			t.Errorf("%s: Alertmanager takes it, we say %q", name, c.want)
		}
	}
}

// FuzzParse wants whatever Alertmanager takes to be taken here, and no secret
// in what is said of it.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(small)
	f.Add("x: &r {name: a, slack_configs: &s [{api_url: 'https://x'}]}\nroute: &t {receiver: a}\nreceivers: [*r]")
	f.Add("route: {receiver: a, routes: &t [{receiver: a}, {receiver: a}]}\nreceivers: &r [{name: a, webhook_configs: [{url: 'http://x'}]}, {<<: {name: b}}]\ntemplates: [&x x]\ninhibit_rules: []\ntime_intervals: [{name: x, <<: {time_intervals: []}}]")
	f.Add(small + "  slack_configs: [{api_url: '${HOOK}', channel: 3}]")
	for _, c := range faults {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parse(text)
		if err != nil && strings.Contains(err.Error(), "T0SECRET") && !strings.Contains(text, "T0SECRET") {
			t.Errorf("%v gives a secret away", err)
		}
		if ours(text) || len(text) > 10_000 {
			return
		}
		if _, theirs := amconfig.Load(text); theirs == nil && err != nil {
			t.Errorf("Alertmanager takes it, we say %v", err)
		}
	})
}

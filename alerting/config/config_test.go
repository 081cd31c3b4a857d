package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tripod/alerting"
)

func parse(text string) (*Config, error) {
	env := map[string]string{"HOOK": "https://hooks.example/services/T0SECRET", "QUOTE": `a'b"c`}
	return Parse([]byte(text), Source{File: "am.yml", Base: "/etc/am", Getenv: func(n string) (string, bool) { v, ok := env[n]; return v, ok }})
}

const small = `route: {receiver: a}
receivers:
- name: a
`

var faults = map[string]struct{ text, want string }{
	"nothing":               {"", "no route provided"},
	"no receiver":           {"route: {}", "am.yml:1: root route must specify a default receiver"},
	"unknown receiver":      {"route:\n  receiver: b\nreceivers:\n- name: a", `am.yml:2: undefined receiver "b"`},
	"unknown field":         {small + "  slack_configz: []", "am.yml:4: unknown field slack_configz"},
	"unknown global":        {"global:\n  slack_api: x\n" + small, "am.yml:2: unknown field slack_api"},
	"unknown route field":   {"route:\n  receiver: a\n  groupby: [x]\nreceivers:\n- name: a", "am.yml:3: unknown field groupby"},
	"root with a matcher":   {"route: {receiver: a, matchers: ['x=y']}\nreceivers: [{name: a}]", "am.yml:1: root route must not have any matchers"},
	"bad matcher":           {"route:\n  receiver: a\n  routes:\n  - receiver: a\n  - matchers: ['=']\nreceivers: [{name: a}]", "am.yml:5: "},
	"bad duration":          {"route: {receiver: a, group_wait: soon}\nreceivers: [{name: a}]", "am.yml:1: "},
	"zero interval":         {"route:\n  receiver: a\n  routes:\n  - {}\n  - group_interval: 0s\nreceivers: [{name: a}]", "am.yml:5: group_interval cannot be zero"},
	"twice in group_by":     {"route: {receiver: a, group_by: [x, x]}\nreceivers: [{name: a}]", `duplicated label "x"`},
	"all and one":           {"route: {receiver: a, group_by: ['...', x]}\nreceivers: [{name: a}]", "wildcard group_by"},
	"unknown interval":      {"route:\n  receiver: a\n  routes:\n  - mute_time_intervals: [x]\nreceivers: [{name: a}]", `am.yml:4: undefined time interval "x"`},
	"interval twice":        {small + "time_intervals:\n- name: x\n- name: x", `am.yml:6: time interval "x" is not unique`},
	"bad interval":          {small + "time_intervals:\n- name: x\n  time_intervals: [{weekdays: [someday]}]", "am.yml:5: "},
	"receiver twice":        {small + "- name: a", `am.yml:4: notification config name "a" is not unique`},
	"slack without address": {small + "  slack_configs:\n  - channel: x", "am.yml:5: no Slack API URL"},
	"slack, two addresses":  {small + "  slack_configs:\n  - {api_url: ftp://SECRET/x}", "am.yml:5: api_url: want http"},
	"pagerduty, no key":     {small + "  pagerduty_configs:\n  - {}\n  - {client: x}", "missing service or routing key"},
	"webhook, none":         {small + "  webhook_configs:\n  - {max_alerts: 3}", "am.yml:5: one of url or url_file"},
	"webhook, both":         {small + "  webhook_configs:\n  - {url: 'http://x', url_file: y}", "am.yml:5: at most one of url & url_file"},
	"email, no server":      {small + "  email_configs:\n  - to: a@b.c", "am.yml:5: no global SMTP smarthost"},
	"email, nobody":         {small + "  email_configs:\n  - from: a@b.c", "am.yml:5: missing to address"},
	"email header twice":    {small + "  email_configs:\n  - {to: a@b.c, headers: {x-a: 1, X-A: 2}}", `duplicate header "X-A"`},
	"an empty item":         {small + "  slack_configs:\n  -", "am.yml:5: an empty item in slack_configs"},
	"variable not set":      {small + "  webhook_configs:\n  - url: ${NOWHERE}", "am.yml:5: ${NOWHERE} is not in the environment"},
	"no YAML":               {"route: [", "am.yml:1: "},
}

func TestFaultsHaveALine(t *testing.T) {
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			var at *alerting.FileError
			if !errors.As(err, &at) || !errors.Is(err, alerting.ErrInvalid) {
				t.Errorf("%T is no fault of a file", err)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%v gives a secret away", err)
			}
		})
	}
}

func TestNotesNameWhatHasNoEffect(t *testing.T) {
	c, err := parse(small + "  opsgenie_configs: [{api_key: x}]\n  pagerduty_configs: [{service_key: y}]\ntracing: {endpoint: x}\nglobal: {opsgenie_api_key: z}")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(c.Notes, "\n")
	for _, want := range []string{`am.yml:4: opsgenie_configs of receiver "a": not supported`, "am.yml:5: service_key", "am.yml:6: tracing"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes\n%s\nlack %q", notes, want)
		}
	}
}

func TestSecretsComeFromTheEnvironmentAndAreNotShown(t *testing.T) {
	c, err := parse("global:\n  smtp_auth_password: \"${QUOTE}\"\n  smtp_smarthost: localhost:25\n  smtp_from: a@b.c\n" + small + "  slack_configs: [{api_url: '${HOOK}'}]\n  email_configs: [{to: x@y.z}]\n  webhook_configs: [{url: 'http://plainSECRET', http_config: {bearer_token: tokenSECRET, proxy_url: 'http://u:pSECRET@x', http_headers: {X-Key: {secrets: [headerSECRET]}}}}]\ninhibit_rules: [{source_match: {token: shown}, target_match: {key: shown}}]")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Receivers[0].Slack[0].APIURL); got != "https://hooks.example/services/T0SECRET" {
		t.Errorf("api_url is %q", got)
	}
	if got := string(c.Receivers[0].Email[0].AuthPassword); got != `a'b"c` {
		t.Errorf("password is %q", got)
	}
	for _, shown := range []string{c.Original, fmt.Sprintf("%v %+v %#v", *c.Receivers[0].Slack[0], c.Global, *c.Receivers[0].Webhook[0])} {
		if strings.Contains(shown, "SECRET") || strings.Contains(shown, `a'b`) {
			t.Errorf("a secret is shown:\n%s", shown)
		}
	}
	if !strings.Contains(c.Original, Hidden) || !strings.Contains(c.Original, "smtp_from: a@b.c") || strings.Count(c.Original, "shown") != 2 {
		t.Errorf("original is\n%s", c.Original)
	}
}

// TestReadme reads the example that people start from.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "## Alerting")
	_, example, _ = strings.Cut(example, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	c, err := parse(strings.ReplaceAll(example, "SLACK_WEBHOOK", "HOOK"))
	if err != nil || len(c.Receivers) != 2 || len(c.Notes) > 0 {
		t.Errorf("%v, %d receivers, notes %q in\n%s", err, len(c.Receivers), c.Notes, example)
	}
}

func TestFilesStartBesideTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("k\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(small+"  pagerduty_configs: [{routing_key_file: key}]\ntemplates: ['t/*.tmpl', /abs]"), Source{File: "x", Base: dir})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Receivers[0].PagerDuty[0]
	if key, err := p.RoutingKey.Read(p.RoutingKeyFile); key != "k" || err != nil {
		t.Errorf("key %q, %v", key, err)
	}
	if c.Templates[0] != filepath.Join(dir, "t/*.tmpl") || c.Templates[1] != "/abs" {
		t.Errorf("templates %q", c.Templates)
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// amtoolBinary is what make amtool builds of Alertmanager's own client.
const amtoolBinary = "../../bin/amtool"

const amtoolConfig = `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1h
  routes:
  - {receiver: pager, matchers: [severity="critical"], continue: true}
  - {receiver: team, matchers: [severity="critical"]}
receivers:
- name: team
  webhook_configs: [{url: "http://127.0.0.1:9/SECRET"}]
- name: pager
  pagerduty_configs: [{routing_key: SECRET, url: "http://127.0.0.1:9/"}]
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [service]}
templates: ['*.tmpl']
`

// client is amtool against a tripod of its own.
type client struct {
	t   *testing.T
	dir string
	url string
}

func newClient(t *testing.T) *client {
	if _, err := os.Stat(amtoolBinary); err != nil {
		t.Skip("no ../../bin/amtool: make amtool builds it")
	}
	c := &client{t: t, dir: t.TempDir()}
	for name, text := range map[string]string{
		"tripod.yaml": amtoolConfig,
		"my.tmpl":     `{{ define "my.text" }}{{ len .Alerts.Firing }} x {{ .Status | toLower }}{{ end }}`,
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0], "serve", "--config", filepath.Join(c.dir, "tripod.yaml"), "--data", filepath.Join(c.dir, "data"), "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off")
	cmd.Env = append(os.Environ(), asMain+"=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "Tripod is ready: "); ok {
			c.url = url
			go func() {
				for lines.Scan() {
				}
			}()
			return c
		}
	}
	t.Fatal("it ended before it was ready")
	return nil
}

// do runs a command and returns its output without trailing spaces.
func (c *client) do(good bool, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(amtoolBinary, append([]string{"--alertmanager.url=" + c.url, "--no-version-check"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+c.dir, "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if (err == nil) != good {
		c.t.Fatalf("amtool %q: %v\n%s", args, err, out)
	}
	if strings.Contains(string(out), "SECRET") {
		c.t.Errorf("amtool %q shows a secret:\n%s", args, out)
	}
	return strings.TrimSpace(string(out))
}

func (c *client) says(args []string, wants ...string) string {
	c.t.Helper()
	out := c.do(true, args...)
	for _, want := range wants {
		not, ok := strings.CutPrefix(want, "!")
		if ok == strings.Contains(out, not) {
			c.t.Errorf("amtool %q: want %s in\n%s", args, want, out)
		}
	}
	return out
}

var silenceID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// TestAmtoolItself runs the real client through a day's work.
func TestAmtoolItself(t *testing.T) {
	c := newClient(t)
	c.do(true, "alert", "add", "alertname=Disk", "severity=critical", "service=db", "--annotation=summary=disk full", "--generator-url=http://prom.example/graph")
	c.do(true, "alert", "add", "alertname=Slow", "severity=warning", "service=db")
	c.do(true, "alert", "add", "alertname=Slow", "severity=warning", "service=web", "--end=2099-01-02T00:00:00Z")
	c.says([]string{"alert", "query"}, "disk full", "Slow", "!warning,db")
	c.says([]string{"alert", "query", "-o", "extended", "service=db"}, "http://prom.example/graph", `alertname="Disk"`, `!service="web"`)
	c.says([]string{"alert", "query", "--inhibited", "-o", "extended"}, `alertname="Slow"`, `service="db"`, `!service="web"`)
	c.says([]string{"alert", "query", "--receiver=pager", "-o", "extended"}, `alertname="Disk"`, "!Slow")
	c.says([]string{"alert", "query", `alertname=~"D.*"`, "severity!=warning", "-o", "extended"}, "Disk", "!Slow")

	id := c.says([]string{"silence", "add", "alertname=Slow", "service!=db", "-c", "new disks", "-d", "1h", "-a", "alice"})
	if !silenceID.MatchString(id) {
		t.Fatalf("the silence is %q", id)
	}
	c.says([]string{"silence", "query"}, id, "alice", "new disks", `alertname="Slow"`, `service!="db"`)
	c.says([]string{"silence", "query", "-q", "alertname=Slow"}, id)
	c.says([]string{"alert", "query", "--silenced", "-o", "extended"}, `service="web"`, "!Disk")
	updated := c.says([]string{"silence", "update", id, "-d", "2h", "-c", "more disks"}, "more disks")
	if !strings.Contains(updated, id) {
		t.Errorf("another end made another silence: %s", updated)
	}
	exported := filepath.Join(c.dir, "silences.json")
	if err := os.WriteFile(exported, []byte(c.do(true, "silence", "query", "-o", "json")), 0o600); err != nil {
		t.Fatal(err)
	}
	c.do(true, "silence", "expire", id)
	c.says([]string{"silence", "query"}, "!"+id)
	c.says([]string{"silence", "query", "--expired", "--within=1h"}, id)
	c.says([]string{"alert", "query", "--silenced"}, "!Slow")
	c.do(false, "silence", "expire", "00000000-0000-4000-8000-000000000000")
	c.do(false, "silence", "add", `alertname=~".*"`, "-c", "everything")
	c.do(true, "silence", "import", exported)
	c.says([]string{"silence", "query"}, "more disks")

	c.says([]string{"config", "routes", "show"}, "default-route", "pager", `{severity="critical"}`, "continue: true")
	c.says([]string{"config", "routes", "test", "severity=critical", "--verify.receivers=pager,team"}, "pager,team")
	c.says([]string{"config", "routes", "test", "severity=warning"}, "team", "!pager")
	c.do(false, "config", "routes", "test", "severity=warning", "--verify.receivers=pager")
	c.says([]string{"cluster", "show"}, "disabled")
	c.localCommands()

	var alerts []struct{ Labels map[string]string }
	if err := json.Unmarshal([]byte(c.do(true, "alert", "query", "-o", "json")), &alerts); err != nil || len(alerts) == 0 {
		t.Errorf("alerts as JSON: %+v, %v", alerts, err)
	}
}

// localCommands are those that ask no server: what it takes of ours is what we
// take of it.
func (c *client) localCommands() {
	c.says([]string{"config", "show"}, "receiver: team", "<secret>")
	c.says([]string{"check-config", filepath.Join(c.dir, "tripod.yaml")}, "SUCCESS", "2 receivers", "1 inhibit rules", "1 templates")
	check := exec.Command(os.Args[0], "check", filepath.Join(c.dir, "tripod.yaml"))
	check.Env = append(os.Environ(), asMain+"=1")
	if out, err := check.CombinedOutput(); err != nil {
		c.t.Errorf("tripod check refuses what amtool check-config takes: %v\n%s", err, out)
	}
	c.says([]string{"template", "render", "--template.glob=" + filepath.Join(c.dir, "*.tmpl"), `--template.text={{ template "my.text" . }}`}, "1 x alertstatus")
}

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAlertTest sends tests through the routes of a real appliance to a
// receiver that takes them and one that does not.
func TestAlertTest(t *testing.T) {
	var got []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(bytes.Buffer)
		body.ReadFrom(r.Body)
		got = append(got, body.String())
		if r.URL.Path == "/broken" {
			http.Error(w, "not today", http.StatusTeapot)
		}
	}))
	defer hook.Close()
	dir := t.TempDir()
	config := "route: {receiver: good, routes: [{receiver: bad, matchers: [team=x]}, {receiver: none, matchers: [team=y]}]}\n" +
		"receivers:\n- name: good\n  webhook_configs: [{url: '" + hook.URL + "/good'}]\n- name: bad\n  webhook_configs: [{url: '" + hook.URL + "/broken'}]\n- name: none\n"
	if err := os.WriteFile(filepath.Join(dir, "tripod.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir)
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string
	}{
		"arrives":    {[]string{"severity=page", "--annotation", "summary=hello there"}, 0, "good  webhook[0]  sent in", ""},
		"is refused": {[]string{"team=x"}, 1, "bad  webhook[0]  not sent: 418 I'm a teapot: not today", ""},
		"nobody":     {[]string{"team=y"}, 1, "", "leads to no receiver"},
		"no pair":    {[]string{"team"}, 2, "", `"team": want NAME=VALUE`},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			code := run(append([]string{"alert", "test", "--addr", p.url}, c.args...), nil, &out, &er)
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(er.String(), c.er) {
				t.Errorf("got %d %q %q, want %d %q %q", code, out.String(), er.String(), c.code, c.out, c.er)
			}
		})
	}
	var firing, resolved bool
	for _, body := range got {
		if strings.Contains(body, "hello there") {
			firing = firing || strings.Contains(body, `"status":"firing"`)
			resolved = resolved || strings.Contains(body, `"status":"resolved"`)
		}
	}
	if !firing || !resolved {
		t.Errorf("the receiver got firing %v, resolved %v", firing, resolved)
	}
}

// TestAlertWhy reads the chain of an alert that another program sent.
func TestAlertWhy(t *testing.T) {
	p := launch(t, t.TempDir())
	res, err := http.Post(p.url+"/api/v2/alerts", "application/json", strings.NewReader(`[{"labels":{"alertname":"Disk","zone":"a\u001b[31m"},"startsAt":"2026-01-02T03:04:05Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string
	}{
		"as text":   {[]string{"Disk"}, 0, "  routed to nobody, tells nobody, group", ""},
		"evidence":  {[]string{"Disk"}, 0, "  evidence: " + p.url + "/alerts/evidence/", ""},
		"as JSON":   {[]string{"Disk", "-o", "json", "--since", "1h"}, 0, `"sentence":"Nobody is told: the route leads to nobody, which tells nobody."`, ""},
		"of none":   {[]string{"Other"}, 1, "", "it was not even pending"},
		"too early": {[]string{"Disk", "--limit", "-1"}, 2, "", "--limit -1"},
		"no name":   {nil, 2, "", "the name of a rule"},
		"bad since": {[]string{"Disk", "--since", "soon"}, 2, "", "RFC 3339"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			code := run(append([]string{"alert", "why", "--addr", p.url}, c.args...), nil, &out, &er)
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(er.String(), c.er) || strings.Contains(out.String(), "\x1b") {
				t.Errorf("got %d %q %q, want %d %q %q", code, out.String(), er.String(), c.code, c.out, c.er)
			}
		})
	}
}

package appliance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sections = `listen: 127.0.0.1:7333
route:
  receiver: ops
  routez: []
log_level: info
receivers:
- name: ops
  webhook_configs: [{url: "${HOOK}"}]
`

func TestRoutesInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := strings.Replace(sections, "  routez: []\n", "", 1)
	am := write("am.yml", "route: {receiver: a}\nreceivers: [{name: a, victorops_configs: [{api_key: x}]}]\ntracing: {}\n")
	for name, c := range map[string]struct {
		text  string
		flags map[string]string
		env   []string
		want  string // of the error; empty for none
	}{
		"good":                    {good, nil, []string{"HOOK=http://127.0.0.1/SECRET"}, ""},
		"an unknown field":        {sections, nil, []string{"HOOK=http://127.0.0.1/SECRET"}, "tripod.yaml:4: unknown field routez"},
		"no variable":             {good, nil, nil, "tripod.yaml:7: ${HOOK} is not in the environment"},
		"a webhook beside routes": {good, map[string]string{"slack-webhook": "https://x.example/SECRET"}, []string{"HOOK=http://127.0.0.1/SECRET"}, "slack-webhook stands beside"},
		"two places":              {good, map[string]string{"alertmanager-config": am}, []string{"HOOK=http://127.0.0.1/SECRET"}, "stands beside the sections"},
		"a file of its own":       {"log_level: info", map[string]string{"alertmanager-config": am}, nil, ""},
		"named in the file":       {"alertmanager_config: am.yml", nil, nil, ""},
		"no such file":            {"", map[string]string{"alertmanager-config": filepath.Join(dir, "none.yml")}, nil, "none.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			flags := map[string]string{"config": write("tripod.yaml", c.text)}
			for k, v := range c.flags {
				flags[k] = v
			}
			r, err := CheckConfig(Sources{Flags: flags, Env: c.env})
			switch {
			case c.want == "" && (err != nil || r.Receivers != 1):
				t.Errorf("got %v and %d receivers", err, r.Receivers)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SECRET")):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	r, err := CheckFile(am)
	if notes := strings.Join(r.Notes, "\n"); err != nil || !strings.Contains(notes, "victorops_configs") || !strings.Contains(notes, "tracing") {
		t.Errorf("a file of Alertmanager: %v, notes %q", err, notes)
	}
}

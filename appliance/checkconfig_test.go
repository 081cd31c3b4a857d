package appliance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const soundRule = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n"

// beside writes a file into the folder of another one.
func beside(t *testing.T, path, name, text string) string {
	t.Helper()
	path = filepath.Join(filepath.Dir(path), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckFileTellsWhatIsThere(t *testing.T) {
	path := writeFile(t, "tripod.yaml", "rule_files: ['r*.yml', 'none/*.yml']\nscrape_configs:\n"+
		"- job_name: shop\n  static_configs: [{targets: ['127.0.0.1:9']}]\n  keep_dropped_targets: 9\n- job_name: cart\n  ionos_sd_configs: [{datacenter_id: x}]\n")
	rules := beside(t, path, "r[1].yml", soundRule)
	got, err := CheckFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.File != path || got.Jobs != 2 || got.RuleFiles != 1 {
		t.Errorf("got %+v, want two jobs and a file of rules", got)
	}
	notes := []string{"rule_files: no file matches " + filepath.Join(filepath.Dir(path), "none/*.yml"), path + `:5: scrape_configs: job "shop": keep_dropped_targets has no effect here`,
		path + `:7: scrape_configs: job "cart": ionos_sd_configs finds no targets here: `}
	if !slices.EqualFunc(got.Notes, notes, strings.HasPrefix) {
		t.Errorf("notes %q, want %q", got.Notes, notes)
	}
	if got, err := CheckFile(rules); err != nil || got.RuleFiles != 1 {
		t.Errorf("a file of rules: %+v %v", got, err)
	}
}

func TestCheckFileNamesFileAndLine(t *testing.T) {
	bad := strings.Replace(soundRule, "up == 0", "sum(", 1)
	for name, c := range map[string]struct{ text, want string }{
		"a value that does not fit":  {"# first\nlisten: nowhere\n", `tripod.yaml:2: listen "nowhere": want HOST:PORT`},
		"a rule file that is absent": {"data: d\nrule_files: [absent.yml]\n", "tripod.yaml:2: "},
		"a rule":                     {"rule_files: [bad.yml]\n", "bad.yml:5: "},
		"a job":                      {"data: d\nscrape_configs:\n- job_name: a\n  scrape_interval: 1q\n", `tripod.yaml:3: scrape_configs: job "a": `},
		"a certificate":              {"syslog_tls: 127.0.0.1:1\ntls_cert: no.pem\ntls_key: no.key\n", "certificate: stat no.pem"},
		"rules by themselves":        {bad, "tripod.yaml:5: "},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, "tripod.yaml", c.text)
			beside(t, path, "bad.yml", bad)
			if _, err := CheckFile(path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := CheckFile("no-such.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestFaultsOfFlagsAreNotOfTheFile gives a setting in both places.
func TestFaultsOfFlagsAreNotOfTheFile(t *testing.T) {
	path := writeFile(t, "tripod.yaml", "listen: 127.0.0.1:1\n")
	_, err := CheckConfig(Sources{Flags: map[string]string{"config": path, "listen": "nowhere"}})
	if err == nil || strings.Contains(err.Error(), "tripod.yaml") {
		t.Errorf("got %v, want a fault of the flag", err)
	}
}

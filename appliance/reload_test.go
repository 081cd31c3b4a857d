package appliance

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReloadIsAllOrNothing changes rules and jobs together, one of them badly.
func TestReloadIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(name string) string {
		return "groups: [{name: g, rules: [{alert: " + name + ", expr: vector(1)}]}]\n"
	}
	config := func(job, more string) string {
		return "data: " + filepath.Join(dir, "data") + "\nlisten: 127.0.0.1:0\notlp_grpc: off\notlp_http: off\nrule_files: ['*.yml']\n" +
			"scrape_configs:\n- job_name: " + job + "\n  static_configs: [{targets: ['127.0.0.1:1']}]\n" + more
	}
	write("a.yml", rule("First"))
	write("tripod.yaml", config("one", ""))
	src := Sources{Flags: map[string]string{"config": filepath.Join(dir, "tripod.yaml")}}
	o, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	o.Stdout, o.Stderr = io.Discard, testWriter{t}
	o.Reread = func() (Options, error) { return Load(src) }
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	jobs := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "data", "state", "scrape.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	for name, c := range map[string]struct{ rules, config, want string }{
		"a bad job":   {rule("Second"), config("two", "  scrape_interval: 1q\n"), `tripod.yaml:7: scrape_configs: job "two": `},
		"a bad limit": {rule("Second"), config("two", "  label_name_length_limit: many\n"), `tripod.yaml:7: scrape_configs: job "two": label_name_length_limit "many": want a number`},
		"a bad rule":  {"groups: [{name: g, rules: [{alert: Second, expr: sum(}]}]\n", config("two", ""), "a.yml:1"},
		"a bad word":  {rule("Second"), config("two", "log_level: loud\n"), "log-level"},
	} {
		write("a.yml", c.rules)
		write("tripod.yaml", c.config)
		err := a.Reload()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "the old configuration goes on") {
			t.Errorf("%s: got %v, want one with %q", name, err, c.want)
		}
		if told := a.notices.Get(); len(told) != 1 || told[0].Text != "Configuration reload has failed." {
			t.Errorf("%s: told is %v", name, told)
		}
		if !strings.Contains(jobs(), "one") || strings.Contains(jobs(), "two") {
			t.Errorf("%s: the jobs changed:\n%s", name, jobs())
		}
	}

	write("a.yml", rule("Second"))
	write("tripod.yaml", config("two", "sync: batch\n"))
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if told := a.notices.Get(); len(told) != 0 {
		t.Errorf("told is still %v", told)
	}
	if !strings.Contains(jobs(), "two") {
		t.Errorf("the jobs did not change:\n%s", jobs())
	}
	next, err := o.Reread()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(o.needStart(next), " "); got != "sync" {
		t.Errorf("settings that need a start: %q, want sync", got)
	}
}

package appliance

import (
	"os"
	"path/filepath"
	"testing"
)

func TestConfigHash(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("groups: []")
	base := func() Options {
		return Options{Rules: []string{file}, given: map[string]string{"sync": "batch", "rate": "1"}}
	}
	o := base()
	was := o.hash()
	if again := base(); again.hash() != was || was <= 0 || was >= 1<<(8*hashBytes) {
		t.Errorf("%v and %v of the same options", was, again.hash())
	}
	for name, change := range map[string]func(o *Options){
		"setting": func(o *Options) { o.given["rate"] = "2" },
		"jobs":    func(o *Options) { o.ScrapeConfigs = "- job_name: x" },
		"routes":  func(o *Options) { o.SlackWebhook = "http://127.0.0.1/hook" },
		"file":    func(*Options) { write("groups: [{name: a}]") },
	} {
		o := base()
		if change(&o); o.hash() == was {
			t.Errorf("another %s has the same hash", name)
		}
		write("groups: []")
	}
}

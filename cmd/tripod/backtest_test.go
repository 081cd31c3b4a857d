package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBacktest asks a real appliance about rules that hold at once, and about
// a file that is wrong.
func TestBacktest(t *testing.T) {
	p := launch(t, t.TempDir())
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good.yml", "groups:\n- name: g\n  rules:\n  - {alert: Always, expr: vector(1) > 0, for: 5m, labels: {severity: page}}\n  - {alert: Never, expr: vector(0) > 0}\n")
	bad := write("bad.yml", "groups:\n- name: g\n  rules:\n  - {alert: Broken, expr: vector(}\n")
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string
	}{
		"table":       {[]string{good, "--since", "1h"}, 0, "Always  1      55m0s", ""},
		"below":       {[]string{good, "--since", "1h", "--max-fired", "1"}, 0, "Never   0      0s", ""},
		"above":       {[]string{good, "--since", "1h", "--max-fired", "0"}, 1, "Always", "Always: fired 1 times, at most 0"},
		"json":        {[]string{good, "--since", "1h", "-o", "json"}, 0, `"firingSeconds":3300`, ""},
		"bad file":    {[]string{bad}, 2, "", "Broken"},
		"bad time":    {[]string{good, "--since", "soon"}, 2, "", `since="soon"`},
		"no file":     {nil, 2, "", "want one rule file"},
		"not a limit": {[]string{good, "--max-fired", "few"}, 2, "", "max-fired"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			code := run(append([]string{"alert", "backtest", "--addr", p.url}, c.args...), nil, &out, &er)
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(er.String(), c.er) {
				t.Errorf("got %d %q %q, want %d %q %q", code, out.String(), er.String(), c.code, c.out, c.er)
			}
		})
	}
}

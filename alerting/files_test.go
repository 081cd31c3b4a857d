package alerting

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // of the error, each; none means that the file is good
	}{
		"good": {`groups:
  - name: a
    interval: 30s
    rules:
      - {record: "x:y", expr: sum(up)}
      - {alert: Down, expr: up == 0, for: 5m, keep_firing_for: 1m, labels: {severity: page}, annotations: {summary: "{{ $labels.job }} is down"}}
`, nil},
		"empty":       {"", nil},
		"no YAML":     {"groups:\n  - name: a\n   rules: []\n", []string{"r.yml:1: did not find"}},
		"other field": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n        fro: 5m\n", []string{"r.yml:6: field fro not found"}},
		"bad expression": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: sum(up\n",
			[]string{`r.yml:5: group "a", rule 1, "A": could not parse expression: 1:7: parse error`}},
		"bad expression in a block": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: |\n          up\n            +\n",
			[]string{`r.yml:5: `, "parse error"}},
		"no such function": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: avarage(up)\n",
			[]string{`r.yml:5: `, "unknown function"}},
		"bad template": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n      - alert: B\n        expr: up\n        annotations: {summary: '{{ $labels.x '}\n",
			[]string{`r.yml:6: group "a", rule 2, "B": annotation "summary"`}},
		"bad duration": {"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n        for: soon\n",
			[]string{`r.yml:`, `soon`}},
		"no name":       {"groups:\n  - rules:\n      - {alert: A, expr: up}\n", []string{"r.yml:2: ", "must not be empty"}},
		"name twice":    {"groups:\n  - name: a\n  - name: a\n", []string{"r.yml:3: ", "repeated"}},
		"alert, record": {"groups:\n  - name: a\n    rules:\n      - {alert: A, record: b, expr: up}\n", []string{"r.yml:4: ", "only one of"}},
		"for without alert": {"groups:\n  - name: a\n    rules:\n      - {record: b, expr: up, for: 1m}\n",
			[]string{"r.yml:4: ", "invalid field 'for'"}},
		"two faults": {"groups:\n  - name: a\n    rules:\n      - {alert: A, expr: 'up ='}\n      - {alert: B, expr: ')'}\n",
			[]string{"r.yml:4: ", "r.yml:5: "}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.yml")
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			err := Check(parser.NewParser(parser.Options{}), path)
			if len(c.want) == 0 {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v, want an invalid file", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to hold %q", err, want)
				}
			}
			if n := strings.Count(err.Error(), "r.yml"); name != "two faults" && n != 1 {
				t.Errorf("got %q, which names the file %d times", err, n)
			}
		})
	}
}

func TestCheckOfPaths(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big.txt"), make([]byte, maxFile+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pattern string
		want    error
	}{
		"a glob without a match": {filepath.Join(dir, "*.yml"), nil},
		"a file that is missing": {filepath.Join(dir, "r.yml"), ErrInvalid},
		"a broken glob":          {filepath.Join(dir, "[.yml"), ErrInvalid},
		"a huge file":            {filepath.Join(dir, "*.txt"), ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Check(parser.NewParser(parser.Options{}), c.pattern); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func FuzzRules(f *testing.F) {
	f.Add(builtin)
	f.Add([]byte("groups:\n  - name: a\n    rules:\n      - {alert: A, expr: 'up ='}\n"))
	f.Add([]byte("groups: [{name: x, rules: [{record: a, expr: 1, labels: {__name__: b}}]}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := readRules(parser.NewParser(parser.Options{}), nil, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.log = discard()
		err = s.add("r.yml", text)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "r.yml") {
			t.Errorf("%v is not an invalid file by name", err)
		}
	})
}

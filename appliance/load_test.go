package appliance

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadStrength(t *testing.T) {
	path := writeFile(t, "tripod.yaml", "listen: 127.0.0.1:1\nlog_level: warn\ndata: from-file\nrule_files: [a.yml, 'b/*.yml']\n"+
		"scrape_configs:\n  - job_name: shop\n    static_configs: [{targets: ['127.0.0.1:9']}]\n")
	dir := filepath.Dir(path)
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte("groups: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := Load(Sources{
		Flags: map[string]string{"config": path, "listen": "127.0.0.1:3"},
		Env:   []string{"TRIPOD_LISTEN=127.0.0.1:2", "TRIPOD_LOG_LEVEL=error", "HOME=/nowhere"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Listen != "127.0.0.1:3" {
		t.Errorf("listen %q, want the flag's", o.Listen)
	}
	if o.LogLevel != slog.LevelError {
		t.Errorf("log level %v, want the environment's", o.LogLevel)
	}
	if o.Data != "from-file" {
		t.Errorf("data %q, want the file's", o.Data)
	}
	if want := []string{filepath.Join(dir, "a.yml"), filepath.Join(dir, "b/*.yml")}; !slices.Equal(o.Rules, want) {
		t.Errorf("rules %q, want %q", o.Rules, want)
	}
	if !strings.Contains(o.ScrapeConfigs, "job_name: shop") {
		t.Errorf("scrape configs %q lack the job", o.ScrapeConfigs)
	}
	if o.OTLPGRPC != defaultOTLPGRPC || o.OTLPGRPCAsked {
		t.Errorf("otlp-grpc %q asked=%v, want the default, not asked", o.OTLPGRPC, o.OTLPGRPCAsked)
	}
}

func TestLoadNamesEveryFaultAtOnce(t *testing.T) {
	path := writeFile(t, "tripod.yaml", "lisn: x\nlog_level: loud\nrules: {a: b}\n")
	_, err := Load(Sources{
		Flags: map[string]string{"config": path, "listen": "nowhere", "max-disk": "lots", "slack-webhook": "hooks/secret-part"},
		Env:   []string{"TRIPOD_RETENTION_LOGS=forever", "TRIPOD_LISTN=a"},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		path + ":1: lisn: no such setting",
		path + `:2: log-level "loud": want debug, info, warn or error`,
		path + ":3: rules: want a plain value",
		`listen "nowhere": want HOST:PORT`,
		`--max-disk "lots": want a size`,
		`TRIPOD_RETENTION_LOGS="forever": want a time`,
		"TRIPOD_LISTN: no such setting",
		"slack-webhook: want an http or https URL",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret-part") {
		t.Errorf("the webhook is a secret, but the error shows it:\n%v", err)
	}
}

func TestLoadFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", ""},
		"comment only":     {"# nothing\n", ""},
		"a list":           {"- a\n", ":1: want a mapping of settings"},
		"broken YAML":      {"log_level: info\nlisten: [\n", "tripod.yaml:2: did not find"},
		"twice":            {"log_level: info\nlog-level: warn\n", ":2: log-level: given twice"},
		"faults in serve":  {"fault: slow-db\n", ""}, // a file may serve both commands
		"jobs in flow":     {"scrape_configs: [{job_name: a, static_configs: [{targets: ['127.0.0.1:1']}]}]\n", ""},
		"no jobs":          {"scrape_configs: []\n", ""},
		"null jobs":        {"scrape_configs:\n", ""},
		"jobs as a number": {"scrape_configs: 7\n", ":1: scrape_configs: want a list of jobs"},
		"a bad job":        {"log_level: info\nscrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 1q\n", `:4: scrape_configs: job "b": `},
		"a job twice":      {"scrape_configs:\n- job_name: a\n- job_name: a\n", `:3: scrape_configs: job "a": there is a job of this name already`},
		"a job of ours":    {"scrape_configs:\n- job_name: tripod\n", `:2: scrape_configs: job "tripod": there is a job of this name already`},
		"config in config": {"config: other.yaml\n", ":1: config: no such setting"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Sources{Flags: map[string]string{"config": writeFile(t, "tripod.yaml", c.text)}})
			if c.want == "" && err != nil {
				t.Errorf("got %v, want none", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := Load(Sources{Flags: map[string]string{"config": "no-such-file.yaml"}}); err == nil {
		t.Error("a file that was asked for and is missing was accepted")
	}
}

func TestBadRulesAndJobsAreNamedWithTheOthers(t *testing.T) {
	path := writeFile(t, "tripod.yaml", "log_level: loud\nrule_files: [bad.yml]\nscrape_configs: 7\n")
	bad := filepath.Join(filepath.Dir(path), "bad.yml")
	if err := os.WriteFile(bad, []byte("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(Sources{Flags: map[string]string{"config": path, "fault": "nope"}, Demo: true})
	for _, want := range []string{`log-level "loud"`, bad + ":5: ", ":3: scrape_configs: want a list", `fault "nope": want one of slow-db, pool-exhausted, cache-down, bad-deploy`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

func TestFaultsAreForDemoOnly(t *testing.T) {
	o := Options{Faults: []string{"slow-db"}}
	o.fill()
	if err := o.validate(); err == nil || !strings.Contains(err.Error(), "slow-db") {
		t.Errorf("got %v, want a fault that names slow-db", err)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "2w": 336 * time.Hour, "1y": 8760 * time.Hour, "90s": 90 * time.Second, "1h30m": 90 * time.Minute,
		"0s": 0, "-1d": 0, "d": 0, "": 0, "300y": 0, "1.5d": 0,
	} {
		got, err := ParseDuration(text)
		if (err == nil) != (want != 0) || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"20GB": 20e9, "512MiB": 512 << 20, "1.5 KB": 1500, "17": 17, "3B": 3,
		"": 0, "0": 0, "-1GB": 0, "GB": 0, "NaN": 0, "9999999TB": 0,
	} {
		got, err := parseBytes(text)
		if (err == nil) != (want != 0) || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:1\nscrape_configs: [{job_name: a}]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("rules: [a, {b: c}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		file, err := parseConfig("f", b)
		if err == nil && file.path != "f" {
			t.Errorf("accepted without a path")
		}
	})
}

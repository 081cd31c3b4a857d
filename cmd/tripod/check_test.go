package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckOfConfiguration(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	write("good.yaml", "rule_files: [r.yml]\nscrape_configs:\n- job_name: a\n")
	write("r.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n")
	write("bad.yaml", "lisn: x\nlisten: nowhere\n")
	for name, c := range map[string]struct {
		args []string
		env  []string
		code int
		out  string
		er   string
	}{
		"what serve would use":   {nil, nil, 0, "no tripod.yaml here", ""},
		"with a flag":            {[]string{"--log-level", "loud"}, nil, 1, `--log-level "loud": want debug`, ""},
		"with a variable":        {nil, []string{"TRIPOD_CONFIG=bad.yaml"}, 1, "bad.yaml:1: lisn: no such setting\nbad.yaml:2: listen \"nowhere\": want HOST:PORT", ""},
		"a file by flag":         {[]string{"--config", "good.yaml"}, nil, 0, "good.yaml is sound: 1 scrape job, 1 rule file.", ""},
		"a file":                 {[]string{"good.yaml"}, []string{"TRIPOD_LISTEN=not asked"}, 0, "good.yaml is sound", ""},
		"a bad file":             {[]string{"bad.yaml"}, nil, 1, "bad.yaml:2: listen", ""},
		"a file of rules":        {[]string{"r.yml"}, nil, 0, "r.yml is sound: 0 scrape jobs, 1 rule file.", ""},
		"a file that is absent":  {[]string{"none.yaml"}, nil, 2, "", "none.yaml"},
		"the same by flag":       {[]string{"--config", "none.yaml"}, nil, 2, "", "none.yaml"},
		"two files":              {[]string{"good.yaml", "bad.yaml"}, nil, 2, "", "want one file or directory"},
		"a file and a setting":   {[]string{"good.yaml", "--listen", "x"}, nil, 2, "", "settings go with check alone"},
		"a flag that is unknown": {[]string{"--lisen", "x"}, nil, 2, "", "-lisen"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			if code := run(append([]string{"check"}, c.args...), c.env, &out, &er); code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(er.String(), c.er) {
				t.Errorf("got %d %q %q\nwant %d %q %q", code, out.String(), er.String(), c.code, c.out, c.er)
			}
		})
	}
}

// files are all files of a folder with what is in them.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCheckOfADataDirectory checks what a killed appliance left.
func TestCheckOfADataDirectory(t *testing.T) {
	p := launch(t, t.TempDir())
	send(t, p, `{"level":"warn","msg":"out of stock"}`)
	data := filepath.Join(p.Dir, "data")
	expect := func(code int, want string, args ...string) {
		t.Helper()
		var out, er bytes.Buffer
		got := run(append([]string{"check", data}, args...), nil, &out, &er)
		if text := out.String() + er.String(); got != code || !strings.Contains(text, want) {
			t.Errorf("got %d\n%s\nwant %d and %q", got, text, code, want)
		}
	}
	expect(2, "is in use by tripod, process")
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	before := files(t, data)
	expect(0, data+" is sound.")
	expect(0, " in the journal alone")
	if !maps.Equal(before, files(t, data)) {
		t.Error("a check changed files")
	}
	journals, err := filepath.Glob(filepath.Join(data, "logs", "wal", "*.wal"))
	if err != nil || len(journals) == 0 {
		t.Fatal(journals, err)
	}
	sound := before[journals[0]]
	broken := []byte(sound)
	broken[len(broken)/2] ^= 1
	if err := os.WriteFile(journals[0], broken, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(1, "DAMAGE: "+filepath.Join("wal", filepath.Base(journals[0]))+" at byte ")
	if err := os.WriteFile(journals[0], []byte(sound), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(data, "state", "state.db")
	if err := os.WriteFile(state, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	before = files(t, data)
	expect(1, "DAMAGE: state.db: ")
	if !maps.Equal(before, files(t, data)) {
		t.Error("a check of what is damaged changed files")
	}
	expect(1, "1 fault, 1 of them repaired", "--repair")
	if b, err := os.ReadFile(state + ".damaged"); err != nil || string(b) != "no database" {
		t.Errorf("set aside: %q %v", b, err)
	}
	expect(0, "state.db.damaged was set aside earlier")
	launch(t, p.Dir) // starts again on what is there
}

func TestCheckOfWhatIsNoDataDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		er   string
	}{
		"an empty directory":     {[]string{dir}, "is no data directory"},
		"nothing":                {[]string{filepath.Join(dir, "none")}, "no such file"},
		"repairing a setting":    {[]string{"--repair"}, "goes with a directory"},
		"a setting and its data": {[]string{dir, "--sync", "batch"}, "settings go with check alone"},
	} {
		var out, er bytes.Buffer
		if code := run(append([]string{"check"}, c.args...), nil, &out, &er); code != 2 || !strings.Contains(er.String(), c.er) {
			t.Errorf("%s: got %d %q", name, code, er.String())
		}
	}
}

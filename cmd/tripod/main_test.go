package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asMain makes the test binary behave as tripod itself.
const asMain = "TRIPOD_MAIN_FOR_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		os.Unsetenv(asMain) // it is no setting
		main()
	}
	os.Exit(m.Run())
}

func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string
		lack    string
	}{
		"help":             {[]string{"help"}, 0, "--slack-webhook URL", "", "promscrape"},
		"help by flag":     {[]string{"demo", "--help"}, 0, "Usage: tripod", "", "httpListenAddr"},
		"version":          {[]string{"version"}, 0, "tripod dev", "", ""},
		"unknown command":  {[]string{"serv"}, 2, "", `no command "serv"`, ""},
		"unknown flag":     {[]string{"--lisen", "x"}, 2, "", "-lisen", ""},
		"stray word":       {[]string{"serve", "now"}, 2, "", `unexpected "now"`, ""},
		"several faults":   {[]string{"--listen", "x", "--log-level", "loud"}, 2, "", "want debug, info, warn or error", ""},
		"faults in serve":  {[]string{"serve", "--fault", "slow-db"}, 2, "", "-fault", ""},
		"a missing config": {[]string{"--config", "no-such.yaml"}, 2, "", "no-such.yaml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			if code := run(c.args, nil, &out, &er); code != c.code {
				t.Errorf("code %d, want %d", code, c.code)
			}
			if !strings.Contains(out.String(), c.out) || !strings.Contains(er.String(), c.er) {
				t.Errorf("said %q and %q, want %q and %q", out.String(), er.String(), c.out, c.er)
			}
			if c.lack != "" && strings.Contains(out.String(), c.lack) {
				t.Errorf("help shows %q, which is not ours", c.lack)
			}
		})
	}
}

// tripod is a process of its own.
type tripod struct {
	*exec.Cmd
	url    string
	stdout *os.File
	stderr *bufio.Scanner
}

func launch(t *testing.T, dir string) *tripod {
	t.Helper()
	cmd := exec.Command(os.Args[0], "demo", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off")
	cmd.Env, cmd.Dir = append(os.Environ(), asMain+"=1"), dir
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = write
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	p := &tripod{Cmd: cmd, stdout: read, stderr: bufio.NewScanner(stderr)}
	var said []string
	for p.stderr.Scan() {
		said = append(said, p.stderr.Text())
		if url, ok := strings.CutPrefix(p.stderr.Text(), "Tripod is ready: "); ok {
			p.url = url
			t.Cleanup(func() { p.Process.Kill(); p.Wait() })
			return p
		}
	}
	t.Fatalf("ended before it was ready: %q, %v", said, cmd.Wait())
	return nil
}

// TestClosedStdoutIsSurvived takes the reader of the log lines away, as
// "tripod demo | head" does, and then asks, reloads and stops.
func TestClosedStdoutIsSurvived(t *testing.T) {
	p := launch(t, t.TempDir())
	lines := bufio.NewScanner(p.stdout)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), `{"level":"info","time":`) {
		t.Errorf("first line %q", lines.Text())
	}
	p.stdout.Close()
	for range 20 { // each makes log lines
		resp, err := http.Get(p.url + "/planner/api/v1/faults")
		if err != nil {
			t.Fatalf("after stdout was closed: %v", err)
		}
		resp.Body.Close()
	}
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for p.stderr.Scan() {
		if strings.Contains(p.stderr.Text(), "configuration read") {
			break
		}
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for p.stderr.Scan() {
	}
	if err := p.Wait(); err != nil {
		t.Errorf("stopped with %v, want a clean end", err)
	}
}

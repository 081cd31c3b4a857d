package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ask runs a command as a process would, against an appliance.
func ask(p *tripod, args ...string) (code int, stdout, stderr string) {
	var out, er bytes.Buffer
	code = run(slices.Insert(slices.Clone(args), max(slices.IndexFunc(args, func(a string) bool { return slices.Contains([]string{"logs", "metrics", "traces"}, a) })+1, 1), []string{"--addr", p.url}...), nil, &out, &er)
	return code, out.String(), er.String()
}

// send keeps lines of JSON.
func send(t *testing.T, p *tripod, body string) {
	t.Helper()
	resp, err := http.Post(p.url+"/api/v1/logs", "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// TestQueryLogs asks a real appliance.
func TestQueryLogs(t *testing.T) {
	p := launch(t, t.TempDir())
	body := `{"time":"2026-03-12T14:03:00.5Z","level":"warn","service":"shop","msg":"out of stock","item":7}` + "\n" +
		`{"time":"2026-03-12T14:04:00Z","level":"info","service":"shop","msg":"sold","item":8}` + "\n"
	send(t, p, body)
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string // all of it, and a part
	}{
		"flags behind the query": {[]string{"query", "logs", "service:shop item:7", "--from", "0"}, 0,
			"2026-03-12T14:03:00.500Z WARN  shop     out of stock item=7\n", ""},
		"LogQL":         {[]string{"query", "logs", "--from", "0", "--order", "oldest", "-o", "csv", "--cols", "msg", `{service_name="shop"}`}, 0, "msg\r\nout of stock\r\nsold\r\n", ""},
		"numbers":       {[]string{"query", "logs", "--to", "2026-03-12T14:05:00Z", `sum(count_over_time({service_name="shop"}[1h]))`}, 0, "TIME                      VALUE\n2026-03-12T14:05:00.000Z      2\n", ""},
		"JSON":          {[]string{"query", "logs", "item:8", "-o", "json", "--from", "0"}, 0, `{"time":"2026-03-12T14:04:00.000000000Z","level":"info","service":"shop","msg":"sold","fields":{"item":8},"line":"{\"time\":\"2026-03-12T14:04:00Z\",\"level\":\"info\",\"service\":\"shop\",\"msg\":\"sold\",\"item\":8}"}` + "\n", ""},
		"nothing":       {[]string{"query", "logs", "item:9", "--since", "52w"}, 1, "", ""},
		"a wrong query": {[]string{"query", "logs", "--", "-a", "or"}, 2, "", "  -a or\n       ^"},
		"a wrong tail":  {[]string{"tail", "a and"}, 2, "", "  a and\n       ^"},
		"a wrong time":  {[]string{"query", "logs", "--since", "yesterday"}, 2, "", `from="yesterday"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, er := ask(p, c.args...)
			if code != c.code || out != c.out || !strings.Contains(er, c.er) {
				t.Errorf("got %d %q %q\nwant %d %q %q", code, out, er, c.code, c.out, c.er)
			}
		})
	}
	code, out, er := ask(p, "query", "logs", "item:*", "--from", "0", "--explain")
	if code != 0 || !strings.Contains(out, "found  2 lines in") {
		t.Errorf("explain: %d %q %q", code, out, er)
	}
}

// TestQuerySpans asks a real appliance for metrics and traces.
func TestQuerySpans(t *testing.T) {
	p := launch(t, t.TempDir())
	for name, c := range map[string]struct {
		args    []string
		code    int
		out, er string // parts
	}{
		"a number":          {[]string{"query", "metrics", "vector(2)", "--since", "2m", "--to", "1000"}, 0, "SERIES  PLOT", ""},
		"as CSV":            {[]string{"query", "metrics", "-o", "csv", "vector(2)", "--step", "1m", "--since", "1m", "--to", "1000"}, 0, "1970-01-01T00:15:40.000Z,2\r\n1970-01-01T00:16:40.000Z,2\r\n", ""},
		"a wrong metric":    {[]string{"query", "metrics", "sum("}, 2, "", "parse error"},
		"no series":         {[]string{"query", "metrics", "nothing_here", "--since", "2m"}, 1, "", ""},
		"no traces":         {[]string{"query", "traces", "{ name = `nothing` }"}, 1, "", ""},
		"a wrong trace":     {[]string{"query", "traces", "{ bad }"}, 2, "", "scope"},
		"help of all three": {[]string{"query", "metrics", "--help"}, 0, "query traces 'TRACEQL'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, er := ask(p, c.args...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(er, c.er) {
				t.Errorf("got %d %q %q\nwant %d %q %q", code, out, er, c.code, c.out, c.er)
			}
		})
	}
}

func TestFaultsOfAsking(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		er   string
	}{
		"no pillar":         {[]string{"query"}, 2, "want tripod query logs"},
		"another pillar":    {[]string{"query", "profiles", "up"}, 2, "want tripod query logs"},
		"no query":          {[]string{"query", "metrics", "--since", "1h"}, 2, "want a query"},
		"a wrong end":       {[]string{"query", "traces", "--to", "soon", "{}"}, 2, "RFC 3339"},
		"a wrong since":     {[]string{"query", "metrics", "--since", "soon", "up"}, 2, "want a time"},
		"several faults":    {[]string{"query", "logs", "-o", "xml", "--limit", "-1"}, 2, "--limit -1"},
		"two beginnings":    {[]string{"query", "logs", "--since", "1h", "--from", "2h"}, 2, "want one of them"},
		"columns of text":   {[]string{"query", "logs", "--cols", "a"}, 2, "-o csv"},
		"an unknown flag":   {[]string{"tail", "--since", "1h"}, 2, "-since"},
		"a wrong address":   {[]string{"tail", "--addr", "ftp://x"}, 2, "want a URL"},
		"nobody there":      {[]string{"query", "logs", "--addr", "127.0.0.1:1"}, 3, "is tripod running there?"},
		"nobody to follow":  {[]string{"tail", "--addr", "127.0.0.1:1"}, 3, "connection refused"},
		"help of something": {[]string{"help", "nothing"}, 2, `no command "nothing"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out, er bytes.Buffer
			if code := run(c.args, nil, &out, &er); code != c.code || out.Len() > 0 || !strings.Contains(er.String(), c.er) {
				t.Errorf("got %d %q %q, want %d %q", code, out.String(), er.String(), c.code, c.er)
			}
		})
	}
}

func TestHelpOfCommands(t *testing.T) {
	for _, args := range [][]string{{"help", "query"}, {"query", "logs", "--help"}, {"help", "tail"}, {"tail", "-h"}} {
		var out, er bytes.Buffer
		if code := run(args, nil, &out, &er); code != 0 || !strings.Contains(out.String(), "Exit code") || er.Len() > 0 {
			t.Errorf("%v: %d %q", args, code, er.String())
		}
	}
}

// TestTailEndsQuietlyWithItsReader follows a real appliance into a reader that
// goes away, and then into its end.
func TestTailEndsQuietlyWithItsReader(t *testing.T) {
	p := launch(t, t.TempDir()) // its users make lines all the time
	cmd := exec.Command("sh", "-c", `"$0" tail service:planner-api --addr "$1" | head -2; echo "done"`, os.Args[0], p.url)
	cmd.Env = append(os.Environ(), asMain+"=1")
	out, err := cmd.CombinedOutput()
	if lines := strings.Split(string(out), "\n"); err != nil || len(lines) != 4 || !strings.Contains(lines[1], "planner-api") || lines[2] != "done" {
		t.Errorf("got %v\n%s", err, out)
	}
}

// TestTailIsToldWhenTheApplianceStops follows without a line ever coming.
func TestTailIsToldWhenTheApplianceStops(t *testing.T) {
	p := launch(t, t.TempDir())
	tail := exec.Command(os.Args[0], "tail", "-o", "json", "{} |= `stop now` or `never`", "--addr", p.url)
	tail.Env = append(os.Environ(), asMain+"=1")
	var er bytes.Buffer
	tail.Stderr = &er
	out, err := tail.StdoutPipe()
	if err == nil {
		err = tail.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	seen := make(chan bool, 1)
	go func() { seen <- lines.Scan() }()
	for follows := false; !follows; {
		send(t, p, `{"msg":"stop now"}`)
		select {
		case follows = <-seen:
		case <-time.After(50 * time.Millisecond): // it was not there yet
		}
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	err = tail.Wait()
	if code := tail.ProcessState.ExitCode(); code != exitNoReply || er.String() != "tripod: the answer ends here: the server stops\n" {
		t.Errorf("got %d %q (%v)", code, er.String(), err)
	}
}

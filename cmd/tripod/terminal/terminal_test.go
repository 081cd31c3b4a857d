package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// appliance answers with what a test says, and notes what was asked.
type appliance struct {
	kind   string
	status int
	body   string
	cut    bool // breaks off behind the body
	asked  string
}

func (a *appliance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = r.URL.RequestURI()
	w.Header().Set("Trailer", "Tripod-Lines")
	w.Header().Set("Tripod-Kind", a.kind)
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	io.WriteString(w, a.body)
	if a.cut {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Tripod-Lines", fmt.Sprint(strings.Count(a.body, "\n")))
}

// client asks an appliance.
func client(t *testing.T, a *appliance, color bool) (c *Client, stdout, stderr *bytes.Buffer) {
	t.Helper()
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	c, err := New(Options{Addr: srv.URL, Stdout: stdout, Stderr: stderr, Color: color})
	if err != nil {
		t.Fatal(err)
	}
	return c, stdout, stderr
}

const some = `{"time":"2026-03-12T14:03:00.123456789Z","level":"info","service":"shop","msg":"one","trace_id":"0af7","fields":{"log.file.id":"f1","log.file.offset":9,"z":"a b","took":12.5,"a":{"b":1}},"line":"{}"}
{"time":"2026-03-12T14:04:00Z","level":"error","service":"planner-api-with-a-name","msg":"panic: \u001b[2Jx\n\tat \u202ey()\n\tat z()","fields":{},"line":""}
{"time":"2026-03-12T14:05:00Z","level":"unset","service":"","msg":"","fields":{},"line":"{\"a\":[]}"}
`

func TestLinesAreReadable(t *testing.T) {
	c, out, _ := client(t, &appliance{kind: "lines", body: some}, false)
	found, err := c.Query(t.Context(), Query{Output: "text"})
	want := `2026-03-12T14:03:00.123Z INFO  shop     one z="a b" took=12.5 a={"b":1} trace_id=0af7
2026-03-12T14:04:00.000Z ERROR planner-api-with-a-name panic: \x1b[2Jx
    	at \u202ey()
    	at z()
2026-03-12T14:05:00.000Z -                             {"a":[]}
`
	if !found || err != nil || out.String() != want {
		t.Errorf("got %v %v\n%s want\n%s", found, err, out, want)
	}
}

func TestColorsAreForTerminals(t *testing.T) {
	c, out, _ := client(t, &appliance{kind: "lines", body: some}, true)
	if _, err := c.Query(t.Context(), Query{Output: "text"}); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[31mERROR\x1b[0m"; !strings.Contains(out.String(), want) || strings.Contains(out.String(), "\x1b[2J") {
		t.Errorf("got %q, want %q and nothing that a line brought", out, want)
	}
}

func TestQuestionsAreAskedAsTheyAre(t *testing.T) {
	for want, q := range map[string]Query{
		"/api/v1/logs/query?q=": {Output: "text"},
		"/api/v1/logs/query?from=1h&limit=5&order=oldest&q=a+b&to=now-5m":  {Text: "a b", From: "1h", To: "now-5m", Limit: 5, Order: "oldest"},
		"/api/v1/logs/query?cols=time%2Cmsg&format=csv&q=x&syntax=line":    {Text: "x", Syntax: "line", Output: "csv", Columns: "time,msg"},
		"/api/v1/logs/query?q=rate%28%7Ba%3D%22b%22%7D%5B1m%5D%29&step=1m": {Text: `rate({a="b"}[1m])`, Step: "1m"},
	} {
		a := &appliance{kind: "lines"}
		c, _, _ := client(t, a, false)
		if found, err := c.Query(t.Context(), q); found || err != nil || a.asked != want {
			t.Errorf("got %v %v for\n%s want\n%s", found, err, a.asked, want)
		}
	}
}

func TestJSONAndCSVPassThrough(t *testing.T) {
	for output, body := range map[string]string{"json": some, "csv": "time,msg\r\n1,\"a\r\nb\"\r\n"} {
		c, out, _ := client(t, &appliance{kind: "lines", body: body}, true)
		if found, err := c.Query(t.Context(), Query{Output: output}); !found || err != nil || out.String() != body {
			t.Errorf("%s: %v %v %q", output, found, err, out)
		}
	}
}

func TestNumbersAreATable(t *testing.T) {
	c, out, _ := client(t, &appliance{kind: "series", body: `{"time":"2026-03-12T14:03:00Z","labels":{"level":"info","service":"shop"},"value":12}
{"time":"2026-03-12T14:04:00Z","labels":{"level":"info","service":"shop"},"value":"+Inf"}
{"time":"2026-03-12T14:03:00Z","labels":{"level":"error"},"value":1e-7}
`}, false)
	found, err := c.Query(t.Context(), Query{Output: "text"})
	want := `TIME                      LEVEL  SERVICE  VALUE
2026-03-12T14:03:00.000Z  info   shop        12
2026-03-12T14:03:00.000Z  error  -         1e-7
2026-03-12T14:04:00.000Z  info   shop      +Inf
`
	if !found || err != nil || out.String() != want {
		t.Errorf("got %v %v\n%s want\n%s", found, err, out, want)
	}
}

func TestThePlanIsATable(t *testing.T) {
	body := `{"syntax":"line","kind":"lines","from":"2026-03-12T13:00:00Z","to":"2026-03-12T14:00:00Z","asked":"level:error","steps":[{"name":"time","parts":12,"blocks":310,"rows":1000000},{"name":"rows","parts":1,"blocks":2,"rows":42}],"stored_bytes":33900000,"read_bytes":1200,"took_ms":1.25,"rows":42}`
	a := &appliance{body: body}
	c, out, _ := client(t, a, false)
	if _, err := c.Query(t.Context(), Query{Text: "level:error", Output: "text", Explain: true}); err != nil {
		t.Fatal(err)
	}
	want := `asked  level:error
range  2026-03-12T13:00:00.000Z to 2026-03-12T14:00:00.000Z
found  42 lines in 1.2 ms
read   1.2 KB of 33.9 MB

STEP  PARTS  BLOCKS     ROWS
time  12     310     1000000
rows  1      2            42
`
	if out.String() != want || !strings.HasPrefix(a.asked, "/api/v1/logs/explain?") {
		t.Errorf("asked %s, got\n%s want\n%s", a.asked, out, want)
	}
}

func TestProblemsShowWhere(t *testing.T) {
	for name, c := range map[string]struct{ query, body, want string }{
		"a word": {"level:>=wrn x", `{"error":{"message":"no level","position":8,"end":11,"hint":"did you mean warn?"}}`,
			"no level\n  level:>=wrn x\n          ^^^\n  did you mean warn?"},
		"the end":         {"a and", `{"error":{"message":"missing","position":5}}`, "missing\n  a and\n       ^"},
		"behind letters":  {"größe:>x", `{"error":{"message":"no number","position":9,"end":10}}`, "no number\n  größe:>x\n         ^"},
		"a second line":   {"{a=\"b\"}\n\t| foo\n| x", `{"error":{"message":"bad","position":11,"end":14}}`, "bad\n   | foo\n     ^^^"},
		"far too far":     {"a", `{"error":{"message":"bad","position":99,"end":120}}`, "bad\n  a\n   ^"},
		"no place":        {"a", `{"error":{"message":"from=x: want a time"}}`, "from=x: want a time"},
		"escape sequence": {"a\x1bb", `{"error":{"message":"bad","position":2}}`, "bad\n  a\\x1bb\n       ^"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, _, _ := client(t, &appliance{status: 400, body: c.body}, false)
			_, err := cl.Query(t.Context(), Query{Text: c.query})
			if !errors.Is(err, ErrRefused) || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAnswersThatAreNotWhole(t *testing.T) {
	first := some[:strings.Index(some, "\n")+1]
	for name, c := range map[string]struct {
		a      appliance
		output string
		want   string
		out    string
	}{
		"an error at the end": {appliance{body: first + `{"error":{"message":"block 7 is damaged"}}` + "\n"}, "json", "block 7 is damaged", first},
		"broken off":          {appliance{body: first, cut: true}, "json", "broke off", first},
		"CSV broken off":      {appliance{body: "msg\r\n", cut: true}, "csv", "broke off", "msg\r\n"},
		"overloaded":          {appliance{status: 429, body: `{"error":{"message":"16 requests are already in work"}}`}, "json", "16 requests", ""},
		"another server":      {appliance{status: 404, body: "404 page not found\n"}, "json", "404 Not Found: 404 page not found", ""},
		"no JSON":             {appliance{body: "<html>\n"}, "text", "cannot be read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cl, out, _ := client(t, &c.a, false)
			_, err := cl.Query(t.Context(), Query{Output: c.output})
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), c.want) || out.String() != c.out {
				t.Errorf("got %v and %q, want %q and %q", err, out, c.want, c.out)
			}
		})
	}
}

func TestTailTellsOfLostLines(t *testing.T) {
	a := &appliance{body: `{"heartbeat":"2026-03-12T14:03:00Z"}` + "\n" + some + `{"dropped":7}` + "\n" + `{"error":{"message":"the server stops"}}` + "\n"}
	c, out, errs := client(t, a, false)
	err := c.Tail(t.Context(), Query{Text: "x", Output: "json"})
	if !errors.Is(err, ErrUnreachable) || err.Error() != "the answer ends here: the server stops" {
		t.Errorf("ended with %v", err)
	}
	if out.String() != some || !strings.Contains(errs.String(), "7 lines are missing") || a.asked != "/api/v1/logs/tail?q=x" {
		t.Errorf("asked %s, got %q and %q", a.asked, out, errs)
	}
}

// TestLinesAreShownWhileOthersAreAwaited reads a line from a client whose
// answer goes on.
func TestLinesAreShownWhileOthersAreAwaited(t *testing.T) {
	shown := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, some)
		http.NewResponseController(w).Flush()
		<-shown
	}))
	defer srv.Close()
	r, w := io.Pipe()
	c, err := New(Options{Addr: srv.URL, Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Tail(t.Context(), Query{Output: "json"}); w.Close() }()
	got := make([]byte, len(some))
	_, err = io.ReadFull(r, got)
	close(shown)
	if err != nil || string(got) != some {
		t.Errorf("got %q %v", got, err)
	}
	if err := <-ended; !errors.Is(err, ErrUnreachable) {
		t.Errorf("ended with %v", err)
	}
}

// closed is a pipe without a reader.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestAReaderThatGoesAwayIsTold(t *testing.T) {
	for _, output := range []string{"text", "json", "csv"} {
		c, _, _ := client(t, &appliance{kind: "lines", body: some}, false)
		c.o.Stdout = closed{}
		if _, err := c.Query(t.Context(), Query{Output: output}); !Closed(err) {
			t.Errorf("%s: got %v", output, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for addr, ok := range map[string]bool{"127.0.0.1:7333": true, "https://logs.example/tripod/": true, "ftp://x": false, "": false, "http://": false, ":7333": true} {
		if _, err := New(Options{Addr: addr}); (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

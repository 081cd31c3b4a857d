package alertapi

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tripod/alerting/config"
	"tripod/alerting/notify"
)

var update = flag.Bool("update", false, "rewrite answers in testdata")

const managed = `route:
  receiver: team
  group_by: [alertname]
  group_wait: 1h
  routes:
  - {receiver: pager, matchers: [severity="critical"], continue: true}
  - {receiver: team, matchers: [severity="critical"]}
receivers:
- name: team
  labels: {team: web}
  webhook_configs: [{url: "http://127.0.0.1:9/SECRET"}]
- name: pager
  pagerduty_configs: [{routing_key: "SECRET", url: "http://127.0.0.1:9/"}]
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [service]}
`

type taker struct{}

func (taker) Send(context.Context, notify.Notification) error { return nil }

var (
	uuid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	started = `"goVersion":"` + runtime.Version() + `"`
)

// TestAmtool plays what amtool sends against the real pipeline. In the bubble
// it is midnight of the first of January 2000.
func TestAmtool(t *testing.T) {
	script, err := os.ReadFile("testdata/amtool.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Parse([]byte(managed), config.Source{File: "am.yml"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := notify.Open(notify.Options{Dir: t.TempDir(), Config: cfg, Sender: func(string, string) notify.Sender { return taker{} }})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		mux := http.NewServeMux()
		NewManager(ManagerDoors{Alerts: p, Silences: p, Tester: p, Config: p.Config, Version: "1.2.3"}).Register(mux)
		ids := map[string]string{"00000000-0000-4000-8000-000000000000": "00000000-0000-4000-8000-000000000000"}
		for block := range strings.SplitSeq(strings.TrimSpace(string(script)), "\n\n") {
			lines := strings.Split(block, "\n")
			for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
				fmt.Fprintln(&out, lines[0])
				lines = lines[1:]
			}
			if len(lines) > 0 {
				play(t, mux, lines, ids, &out)
			}
			out.WriteString("\n")
		}
	})
	got := strings.TrimSpace(out.String()) + "\n"
	if strings.Contains(strings.ReplaceAll(got, "/SECRET", ""), "SECRET") {
		t.Error("a secret is shown")
	}
	if *update {
		if err := os.WriteFile("testdata/amtool.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(script) {
		t.Errorf("testdata/amtool.txt differs; got\n%s", got)
	}
}

// play sends one request and writes it down with its answer; ids are ID1, ID2
// in the order in which they come.
func play(t *testing.T, mux http.Handler, lines []string, ids map[string]string, out *strings.Builder) {
	method, path, _ := strings.Cut(lines[0], " ")
	body := ""
	if len(lines) > 1 && !strings.HasPrefix(lines[1], "→") {
		body = lines[1]
	}
	real := func(s string) string {
		for id, name := range ids {
			s = strings.ReplaceAll(s, name, id)
		}
		return s
	}
	if method == http.MethodDelete {
		time.Sleep(time.Second) // so that one silence ends after the other
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, real(path), strings.NewReader(real(body))))
	answer := uuid.ReplaceAllStringFunc(w.Body.String(), func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("ID%d", len(ids))
		}
		return ids[id]
	})
	fmt.Fprintln(out, lines[0])
	if body != "" {
		fmt.Fprintln(out, body)
	}
	fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("→ %d %s", w.Code, strings.ReplaceAll(strings.TrimSpace(answer), started, `"goVersion":"go"`))))
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What make prometheus builds: the server, and its client.
const (
	prometheusBinary = "../../bin/prometheus"
	promtoolBinary   = "../../bin/promtool"
)

// promtool runs the client of Prometheus and returns what it prints.
func promtool(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(promtoolBinary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("promtool %q: %v\n%.2000s", args, err, out)
	}
	return string(out)
}

// sender runs a Prometheus that scrapes itself each second and sends here.
func sender(t *testing.T, url, name, protocol string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	text := fmt.Sprintf(`global: {scrape_interval: 1s, external_labels: {via: %s}}
scrape_configs:
- {job_name: sender, scrape_native_histograms: true, static_configs: [{targets: [%q]}]}
remote_write:
- {url: %q, protobuf_message: %s, send_exemplars: true, send_native_histograms: true, metadata_config: {send_interval: 1s}, queue_config: {batch_send_deadline: 500ms}}
`, name, addr, url+"/api/v1/write", protocol)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(prometheusBinary, "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+addr, "--enable-feature=exemplar-storage,metadata-wal-records")
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		resp, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			t.Error(err)
		} else {
			page, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			for _, kind := range []string{"samples", "histograms", "exemplars", "metadata"} {
				if line := lineWith(string(page), "prometheus_remote_storage_"+kind+"_failed_total{"); !strings.HasSuffix(line, " 0") {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", name, err, &said)
		}
	})
}

func lineWith(text, prefix string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			return strings.TrimSpace(line)
		}
	}
	return prefix + "… is not there"
}

// TestPrometheusItself asks with the real promtool, and takes what real servers
// send by both versions of remote-write.
func TestPrometheusItself(t *testing.T) {
	for _, binary := range []string{prometheusBinary, promtoolBinary} {
		if _, err := os.Stat(binary); err != nil {
			t.Skip("no ../../bin/prometheus: make prometheus builds it, which takes too long for every test")
		}
	}
	url := launch(t, t.TempDir()).url
	sender(t, url, "v1", "prometheus.WriteRequest")
	sender(t, url, "v2", "io.prometheus.write.v2.Request")

	for _, what := range []string{"healthy", "ready"} {
		if out := promtool(t, "", "check", what, "--url="+url); !strings.Contains(out, "SUCCESS") {
			t.Errorf("check %s: %s", what, out)
		}
	}
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	promtool(t, string(page), "check", "metrics") // what its linter finds is an error

	asks := func(want string, args ...string) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for {
			out := promtool(t, "", args...)
			if strings.Contains(out, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("promtool %q: want %s in\n%.2000s", args, want, out)
			}
			time.Sleep(200 * time.Millisecond) // the next scrape
		}
	}
	now := func(expr string) []string { return []string{"query", "instant", url, expr} }
	for _, via := range []string{"v1", "v2"} {
		asks("=> 1 @", now(`min(up{job="sender", via="`+via+`"})`)...)
		asks("=> 1 @", now(`count_over_time(up{job="sender", via="`+via+`"}[1m]) > bool 3`)...)
		asks("=> 1 @", now(`histogram_count(prometheus_http_request_duration_seconds{handler="/metrics", via="`+via+`"}) > bool 2`)...)
	}
	asks("prometheus_remote_storage_samples_total", "query", "labels", url, "__name__")
	asks("v2", "query", "labels", url, "via")
	asks(`via="v1"`, "query", "series", url, "--match=up")
	asks("{} =>", "query", "range", url, "sum(up)", "--step=1s")
	if out := promtool(t, "", "query", "analyze", "--server="+url, "--type=histogram", "--match=prometheus_http_request_duration_seconds", "--duration=1m"); !strings.Contains(out, "histogram") {
		t.Errorf("query analyze: %s", out)
	}
	promtool(t, "pushed_total 7\n", "push", "metrics", url)
	asks("=> 7 @", now("pushed_total")...)
}

package appliance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tripod/store"
)

const shopDir = "../testdata/producers"

// TestProducers runs a real Node.js server with pino, prom-client and the
// OpenTelemetry SDK, and finds in every pillar what it sent, joined by trace id.
func TestProducers(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(shopDir, "node_modules")); err != nil {
		t.Skip("npm ci has not run in testdata/producers; make producers does both")
	}
	if inOwnProcess(t) {
		return
	}
	redis := redisServer(t)
	metrics := lateProxy(t)
	r := start(t, Options{Demo: true, Rate: -1, ScrapeConfigs: fmt.Sprintf(
		"- job_name: shop\n  scrape_interval: 1s\n  static_configs:\n    - targets: [%q]\n", metrics.addr())})
	t.Run("zipkin", func(t *testing.T) { (&running{t, r.Appliance, r.URL}).sendsZipkin(node) })
	for name, c := range map[string]struct {
		protocol string
		door     int  // of OTLP
		loki     bool // lines by Loki push; by OTLP otherwise
	}{
		"protobuf": {"http/protobuf", 2, true},
		"json":     {"http/json", 2, false},
		"grpc":     {"grpc", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &running{t, r.Appliance, r.URL}
			env := []string{"OTEL_SERVICE_NAME=shop-" + name, "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + r.doors[c.door].Addr, "OTEL_EXPORTER_OTLP_PROTOCOL=" + c.protocol}
			if c.loki {
				env = append(env, "LOKI_URL="+r.URL)
			}
			if redis != "" {
				env = append(env, "REDIS_URL=redis://"+redis)
			}
			s := startShop(t, node, env)
			metrics.to.Store(&s.url)

			want := []string{"shop-" + name}
			if redis != "" {
				want = []string{"redis", "shop-" + name}
			}
			ok, failed := s.work(t, ""), s.work(t, "?fail=1")
			r.findsTrace(ok.TraceID, want, false)
			r.findsTrace(failed.TraceID, want, true)
			r.findsLine("shop-"+name, "work done", ok)
			r.findsLine("shop-"+name, "work failed", failed)
			r.eventually("OTLP metrics", func() bool { return r.scalar(`sum(shop_orders_total{job="shop-`+name+`"})`) == 2 })
			r.eventually("scraped counters", func() bool {
				return r.scalar(`shop_work_total{outcome="ok",job="shop"}`) == 1 && r.scalar(`shop_work_total{outcome="error"}`) == 1
			})

			// What is on its way when the program ends arrives as well.
			last := s.work(t, "?user=last")
			s.stop(t)
			metrics.to.Store(nil)
			r.findsTrace(last.TraceID, want, false)
			r.findsLine("shop-"+name, "work done", last)
		})
	}
}

// sendsZipkin runs Zipkin's own client for Node.js, and finds its trace.
func (r *running) sendsZipkin(node string) {
	r.Helper()
	cmd := exec.Command(node, "zipkin.mjs")
	cmd.Dir, cmd.Env, cmd.Stderr = shopDir, append(os.Environ(), "ZIPKIN_URL="+r.URL), testWriter{r.T}
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("%v: %s", err, out)
	}
	var sent struct{ TraceID string }
	if err := json.Unmarshal(out, &sent); err != nil {
		r.Fatalf("%v: %s", err, out)
	}
	id, err := store.ParseTraceID(sent.TraceID)
	if err != nil {
		r.Fatal(err)
	}
	spans := map[string]store.Span{}
	r.eventually("the trace of Zipkin's client", func() bool {
		t, err := r.traces.Trace(context.Background(), id)
		for _, s := range t.Spans {
			spans[s.Name] = s
		}
		return err == nil && len(spans) == 3
	})
	root, child, failed := spans["get /cart"], spans["select"], spans["charge"]
	if root.Service != "zipkin-shop" || root.Kind != store.SpanServer || child.ParentID != root.SpanID || child.Kind != store.SpanClient ||
		child.Attrs.Text("peer.service") != "mysql" || failed.Status != store.StatusError || failed.StatusMessage != "card declined" || len(root.Events) != 1 {
		r.Errorf("%+v", spans)
	}
}

// inOwnProcess runs a test that starts an appliance in a process of its own,
// since scraping can be started once a process. It reports whether it did;
// within that process it does not.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	const own = "TEST_TRIPOD_OWN_PROCESS"
	if os.Getenv(own) != "" {
		return false
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), own+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return true
}

func (r *running) findsTrace(id string, want []string, failed bool) {
	r.Helper()
	var tree jaegerTrace
	r.eventually("the trace of the work with all its spans", func() bool {
		tree, _ = r.trace(id)
		names := make([]string, 0, len(tree.Spans))
		for _, s := range tree.Spans {
			names = append(names, s.OperationName)
		}
		return slices.Equal(tree.systems(), want) && len(tree.roots()) == 1 && slices.Contains(names, "pack") && strings.Count(strings.Join(names, " "), "GET") >= 3
	})
	wrong := false
	for _, s := range tree.Spans {
		for _, tag := range s.Tags {
			wrong = wrong || tag.Key == "error" && tag.Value == true
		}
	}
	if wrong != failed {
		r.Errorf("trace %s has an error: %v, want %v", id, wrong, failed)
	}
}

// findsLine finds the line of one answer by its trace id.
func (r *running) findsLine(service, text string, want worked) {
	r.Helper()
	r.eventually("the log line of trace "+want.TraceID, func() bool {
		q := url.Values{"query": {fmt.Sprintf(`{service_name=%q} |= %q`, service, text)}}
		req, err := http.NewRequest("GET", r.URL+"/loki/api/v1/query_range?"+q.Encode(), nil)
		if err != nil {
			r.Fatal(err)
		}
		req.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			r.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct {
			Data struct {
				Result []struct{ Values [][3]json.RawMessage }
			}
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			r.Fatal(err)
		}
		for _, s := range answer.Data.Result {
			for _, v := range s.Values {
				var with struct{ StructuredMetadata map[string]string }
				if err := json.Unmarshal(v[2], &with); err != nil {
					r.Fatal(err)
				}
				if with.StructuredMetadata["trace_id"] == want.TraceID && with.StructuredMetadata["span_id"] == want.SpanID {
					return strings.Contains(string(v[1])+with.StructuredMetadata["reqId"], want.ReqID)
				}
			}
		}
		return false
	})
}

// proxy stands where a program will listen, so that its address is known before.
type proxy struct {
	*httptest.Server
	to atomic.Pointer[url.URL]
}

func lateProxy(t *testing.T) *proxy {
	p := &proxy{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(p.to.Load()) }}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.to.Load() == nil {
			http.Error(w, "not there yet", http.StatusServiceUnavailable)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) addr() string { return p.Listener.Addr().String() }

// shop is a running testdata/producers/server.mjs.
type shop struct {
	cmd   *exec.Cmd
	url   url.URL
	ended chan struct{} // closed when it has ended
	err   error         // of its end
}

// worked is what /work answers.
type worked struct{ ReqID, TraceID, SpanID string }

func startShop(t *testing.T, node string, env []string) *shop {
	t.Helper()
	cmd := exec.Command(node, "server.mjs")
	cmd.Dir = shopDir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stderr = testWriter{t}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &shop{cmd: cmd, ended: make(chan struct{})}
	port := make(chan int, 1)
	go func() {
		defer close(s.ended)
		defer close(port)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var l struct {
				Ready bool
				Port  int
			}
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Ready {
				port <- l.Port
			}
		}
		s.err = cmd.Wait() // not before its stdout was read to the end
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-s.ended
	})
	select {
	case p := <-port:
		if p == 0 {
			t.Fatal("server.mjs ended before it was ready")
		}
		s.url = url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", p)}
	case <-time.After(patience):
		t.Fatal("server.mjs does not become ready")
	}
	return s
}

func (s *shop) work(t *testing.T, params string) worked {
	t.Helper()
	resp, err := http.Get(s.url.String() + "/work" + params)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var w worked
	if err := json.Unmarshal(b, &w); err != nil || w.TraceID == "" || w.ReqID == "" {
		t.Fatalf("/work%s answered %d %s", params, resp.StatusCode, b)
	}
	return w
}

// stop asks the program to end, which it does with success once all is sent.
func (s *shop) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
		if s.err != nil {
			t.Errorf("server.mjs ended with %v", s.err)
		}
	case <-time.After(patience):
		t.Fatal("server.mjs does not end")
	}
}

// redisServer runs Debian's, where it is installed.
func redisServer(t *testing.T) (addr string) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("redis-server is not installed: the trace has no Redis span")
		return ""
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close() // redis-server cannot be asked to choose a port
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(bin, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, out)
			return addr
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

package appliance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// found are the lines that a search line finds, oldest first.
func (r *running) found(query string) []store.Record {
	r.Helper()
	var out []store.Record
	for rec, err := range r.logs.Search(context.Background(), store.LogQuery{Text: query, Range: store.TimeRange{To: math.MaxInt64}, Oldest: true}) {
		if err != nil {
			r.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

// foundAfterAll waits until a search line finds so many lines, and not more.
func (r *running) foundAfterAll(query string, want int) (got []store.Record) {
	r.Helper()
	r.eventually(query, func() bool { got = r.found(query); return len(got) >= want })
	if len(got) != want {
		r.Fatalf("%s: found %d lines, want %d", query, len(got), want)
	}
	return got
}

// row is a receiver as Status has it.
func (r *running) row(protocol string) (accepted, rejected int64, problem string) {
	r.Helper()
	now, err := r.Status(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	for _, row := range now.Receivers {
		if row.Protocol == protocol {
			return row.Accepted, row.Rejected, row.Error
		}
	}
	r.Fatalf("Status has no %s", protocol)
	return 0, 0, ""
}

func (r *running) post(path, contentType, body string) int {
	r.Helper()
	resp, err := http.Post(r.URL+path, contentType, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestInputs sends lines and spans through protocols and finds them, counted, in
// one appliance.
func TestInputs(t *testing.T) {
	if inOwnProcess(t) {
		return
	}
	certFile, keyFile, client := certificate(t)
	logDir, ruleDir := t.TempDir(), t.TempDir()
	recordAs(t, ruleDir, "planner:up:sum")
	askInRules(t, ruleDir)
	r := start(t, Options{
		Rate:     -1,
		HostRoot: hostFiles(t),
		Rules:    []string{filepath.Join(ruleDir, "*.yml")}, EvalInterval: 500 * time.Millisecond, ScrapeInterval: time.Second,
		LogFiles:  []string{filepath.Join(logDir, "*.log")},
		SyslogUDP: "127.0.0.1:0", SyslogTCP: "127.0.0.1:0", SyslogTLS: "127.0.0.1:0", TLSCert: certFile, TLSKey: keyFile,
	})
	for name, test := range map[string]func(*testing.T, *running){
		"JSON lines":    jsonLinesAreFoundAndCounted,
		"Elasticsearch": bulkIsFoundAndCounted,
		"log files":     func(t *testing.T, r *running) { fileIsFoundAndCounted(t, r, logDir) },
		"syslog":        func(t *testing.T, r *running) { syslogIsFoundAndCounted(t, r, client) },
		"the machine":   theMachineIsMeasured,
		"recording":     func(t *testing.T, r *running) { rulesRecord(t, r, ruleDir) },
		"Zipkin":        zipkinIsFoundAndCounted,
		"reads":         everyReadHasItsDoor,
		"page rules":    rulesAreMadeOnThePage,
		"languages":     rulesAskLogsAndTraces,
	} {
		t.Run(name, func(t *testing.T) { test(t, &running{t, r.Appliance, r.URL}) })
	}
}

// certificate writes one for 127.0.0.1, and gives what a client needs to trust it.
func certificate(t *testing.T) (certFile, keyFile string, client *tls.Config) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, public, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	client = &tls.Config{RootCAs: x509.NewCertPool()}
	client.RootCAs.AddCert(cert)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", key), client
}

func syslogIsFoundAndCounted(t *testing.T, r *running, client *tls.Config) {
	for _, d := range r.syslog {
		var c net.Conn
		var err error
		switch d.name {
		case "Syslog UDP":
			c, err = net.Dial("udp", d.addr)
		case "Syslog TCP":
			c, err = net.Dial("tcp", d.addr)
		default:
			c, err = tls.Dial("tcp", d.addr, client)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "<11>1 - web-1 signup 7 - - %s says hi\n", d.name)
		rec := r.foundAfterAll(fmt.Sprintf("service:signup level:error facility:user %q", d.name), 1)[0]
		if want := d.name + " says hi"; rec.Message() != want || rec.Resource.Attrs.Text("host.name") != "web-1" {
			t.Errorf("got %+v", rec)
		}
		fmt.Fprint(c, "<11>\n")
		r.eventually("the loss of an empty message", func() bool { _, rejected, _ := r.row(d.name); return rejected == 1 })
		if accepted, _, why := r.row(d.name); accepted != 1 || why != "a message without text" {
			t.Errorf("Status counts %d, %q", accepted, why)
		}
		c.Close()
	}
	_, body := r.try("GET", "/metrics", "", nil)
	for _, want := range []string{
		`tripod_input_rejected_total{input="syslog_tls",reason="empty",signal="logs"} 1`,
		`tripod_input_accepted_total{input="syslog_udp",signal="logs"} 1`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

func fileIsFoundAndCounted(t *testing.T, r *running, dir string) {
	lines := `{"log":"panic: no\n","stream":"stderr","time":"2026-03-12T14:06:00Z"}` + "\n" + `{"log":"\tat main\n","stream":"stderr","time":"2026-03-12T14:06:00Z"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "till.log"), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	rec := r.foundAfterAll("service:till", 1)[0]
	if rec.Message() != "panic: no\n\tat main" || rec.Attrs.Text("log.iostream") != "stderr" || rec.Time != time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC).UnixNano() {
		t.Errorf("got %+v", rec)
	}
	if accepted, rejected, why := r.row("Log files"); accepted != 1 || rejected != 0 || why != "" {
		t.Errorf("Status counts %d, %d, %q", accepted, rejected, why)
	}
}

func TestInputSettings(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"TLS without a certificate": {Options{SyslogTLS: "127.0.0.1:0"}, "wants tls-cert and tls-key"},
		"no port":                   {Options{SyslogUDP: "127.0.0.1"}, "syslog-udp"},
		"no glob":                   {Options{LogFiles: []string{"/x/[a"}}, "log-files"},
		"no regular expression":     {Options{LogFilesContinue: "("}, "log-files-continue"},
		"no certificate file":       {Options{SyslogTLS: "127.0.0.1:0", TLSCert: "none.pem", TLSKey: "none.pem"}, "none.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Data, c.o.Listen, c.o.OTLPGRPC, c.o.OTLPHTTP = t.TempDir(), "127.0.0.1:0", "off", "off"
			if a, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
				if a != nil {
					a.Close()
				}
			}
		})
	}
}

func jsonLinesAreFoundAndCounted(t *testing.T, r *running) {
	lines := `{"_msg":"first","app":"shop","n":1}` + "\nbroken\n" + `{"_msg":"second","app":"shop","n":2}`
	if got := r.post("/insert/jsonline?_stream_fields=app", "", lines); got != 400 {
		t.Errorf("got %d", got)
	}
	if got := r.post("/api/v1/logs", "application/json", `[{"msg":"third","service":"shop"}]`); got != 200 {
		t.Errorf("got %d", got)
	}
	var got []string
	for _, rec := range r.found("service:shop") {
		got = append(got, rec.Message())
	}
	if want := []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if accepted, rejected, why := r.row("JSON lines"); accepted != 3 || rejected != 1 || why != "line 2: no JSON object" {
		t.Errorf("Status counts %d, %d, %q", accepted, rejected, why)
	}
}

func bulkIsFoundAndCounted(t *testing.T, r *running) {
	doc := `{"@timestamp":"2026-03-12T14:06:00Z","message":"%","log":{"level":"error"},"service":{"name":"shelf"}}` + "\n"
	for i, path := range []string{"/_bulk", "/logs-shop/_bulk", "/insert/elasticsearch/_bulk", "/insert/elasticsearch/logs-shop/_bulk"} {
		body := `{"create":{}}` + "\n" + strings.Replace(doc, "%", strconv.Itoa(i), 1) + `{"create":{}}` + "\nno document\n"
		if got := r.post(path, "application/x-ndjson", body); got != 200 {
			t.Errorf("%s: got %d", path, got)
		}
	}
	if got := r.found("service:shelf level:error"); len(got) != 4 || got[1].Resource.Attrs.Text("index") != "logs-shop" {
		t.Errorf("found %+v", got)
	}
	if accepted, rejected, why := r.row("Elasticsearch bulk"); accepted != 4 || rejected != 4 || why != "the document is no JSON object" {
		t.Errorf("Status counts %d, %d, %q", accepted, rejected, why)
	}
	r.want("GET", "/insert/elasticsearch/", "", nil, 200, nil)
	if resp := r.want("GET", "/", "", nil, 200, nil); resp.Header.Get("X-Elastic-Product") != "" {
		t.Error("the Overview went to Elasticsearch's clients")
	}
}

// Every path that Loki's, Tempo's and Jaeger's clients read answers: each of
// their rooms has all its doors.
func everyReadHasItsDoor(t *testing.T, r *running) {
	q := "query=%7Bservice_name%3D~%22.%2B%22%7D"
	for _, path := range []string{
		"/loki/api/v1/labels", "/loki/api/v1/label/service_name/values", "/loki/api/v1/series?match[]=%7Bservice_name%3D~%22.%2B%22%7D",
		"/loki/api/v1/query?query=vector(1)%2Bvector(1)", "/loki/api/v1/query_range?" + q, "/loki/api/v1/index/stats?" + q, "/loki/api/v1/index/volume?" + q,
		"/loki/api/v1/index/volume_range?" + q, "/loki/api/v1/patterns?" + q, "/loki/api/v1/detected_labels?" + q, "/loki/api/v1/detected_fields?" + q,
		"/loki/api/v1/detected_field/level/values?" + q, "/loki/api/v1/format_query?" + q, "/loki/api/v1/status/buildinfo",
		"/api/v1/logs/query?limit=1", "/api/v1/logs/explain?q=a",
		"/api/echo", "/api/status/buildinfo", "/api/search?q=%7B%7D", "/api/search/tags", "/api/v2/search/tags", "/api/search/tag/name/values",
		"/api/v2/search/tag/name/values", "/api/metrics/query_range?q=%7B%7D%7Crate()&step=60s", "/api/metrics/query?q=%7B%7D%7Crate()",
		"/api/services", "/api/operations?service=planner-web", "/api/traces?limit=1",
		"/api/v1/query?query=up", "/api/v1/parse_query?query=up", "/api/v1/status/config", "/api/v1/status/flags", "/api/v1/status/runtimeinfo", "/api/v1/status/tsdb", "/api/v1/status/tsdb/blocks",
		"/api/v1/status/walreplay", "/api/v1/status/self_metrics", "/api/v1/features", "/api/v1/notifications", "/api/v1/targets", "/api/v1/targets/metadata", "/api/v1/scrape_pools", "/api/v1/scrape_pools/config?scrapePool=tripod", "/api/v1/targets/relabel_steps?scrapePool=planner&labels=%7B%7D", "/api/v1/alertmanagers", "/api/v1/metadata", "/api/v1/rules", "/api/v1/alerts", "/federate?match[]=up",
		"/logs", "/logs/complete?q=%7B", "/traces", "/traces/complete?q=%7B", "/metrics",
	} {
		if resp, body := r.try("GET", path, "", nil); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %.200s", path, resp.Status, body)
		}
	}
	// A page of another site may not change anything.
	for _, path := range []string{"snapshot", "delete_series?match[]=up", "clean_tombstones"} {
		req, err := http.NewRequest("POST", r.URL+"/api/v1/admin/tsdb/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://elsewhere.example.com")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another origin: %s", path, resp.Status)
		}
	}
}

func zipkinIsFoundAndCounted(t *testing.T, r *running) {
	now := time.Now().UnixMicro()
	body := fmt.Sprintf(`[{"traceId":"5af7183fb1d4cf5f","id":"1","name":"get /","kind":"SERVER","timestamp":%d,"duration":2000,"localEndpoint":{"serviceName":"front"}},
		{"traceId":"5af7183fb1d4cf5f","id":"2","parentId":"1","name":"select","kind":"CLIENT","timestamp":%d,"duration":1000,"localEndpoint":{"serviceName":"front"},"remoteEndpoint":{"serviceName":"mysql"}},
		{"traceId":"5af7183fb1d4cf5f","id":"3","name":"no time"}]`, now-5000, now-4500)
	if code := r.post("/api/v2/spans", "application/json", body); code != http.StatusBadRequest {
		t.Errorf("got %d for a span without a time", code)
	}
	trace, err := r.traces.Trace(context.Background(), store.TraceID{8: 0x5a, 9: 0xf7, 10: 0x18, 11: 0x3f, 12: 0xb1, 13: 0xd4, 14: 0xcf, 15: 0x5f})
	if err != nil || len(trace.Spans) != 2 || trace.Spans[1].ParentID != trace.Spans[0].SpanID {
		t.Fatalf("%+v, %v", trace, err)
	}
	if accepted, rejected, problem := r.row("Zipkin"); accepted != 2 || rejected != 1 || !strings.Contains(problem, "timestamp") {
		t.Errorf("counted %d and %d, %s", accepted, rejected, problem)
	}
}

package pages

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func appliance() *Appliance {
	return &Appliance{
		Version: "0.1.0", Started: halfPastTwo.Add(-41 * 24 * time.Hour), Dir: "tripod-data", Memory: 312e6, Goroutines: 38, BytesRate: math.NaN(),
		Problems: []string{"OTLP HTTP is shut: 127.0.0.1:4318 is taken."},
		Logs: Pillar{
			Usage: store.Usage{Items: 1000, Bytes: 41e9, Oldest: halfPastTwo.Add(-10 * 24 * time.Hour).UnixNano(), Newest: halfPastTwo.UnixNano(), Accepted: 900, Rejected: 14},
			Rate:  39, Retention: 30 * 24 * time.Hour, MaxBytes: 60e9,
		},
		Receivers: []Receiver{
			{Protocol: "OTLP gRPC", Addr: "127.0.0.1:4317", Takes: "logs, metrics, traces", Accepted: 1284, Rate: 184, Trend: []float64{1, 2}},
			{Protocol: "OTLP HTTP", Addr: "127.0.0.1:4318", Shut: "address already in use"},
			{Protocol: "Loki push", Addr: "/loki/api/v1/push", Rejected: 14, Accepted: 3, Rate: math.NaN(), Error: "line 3 is too old"},
		},
		Targets: []store.Target{
			{Pool: "planner", URL: "http://127.0.0.1:8081/metrics", Up: true, Scraped: halfPastTwo.Add(-4 * time.Second).UnixNano(), Took: 14 * time.Millisecond, Samples: 812, Labels: map[string]string{"service_name": "planner-api"}},
			{Pool: "nodes", URL: "http://node-b:9100/metrics", Error: "<connection refused>", Scraped: halfPastTwo.UnixNano()},
		},
		LogLevel: "info", LogLevels: []string{"debug", "info", "warn", "error"},
		HTTP: "127.0.0.1:7333", OTLPGRPC: "127.0.0.1:4317", OTLPHTTP: "127.0.0.1:4318",
	}
}

func TestStatusShowsTheAppliance(t *testing.T) {
	status, _, page := pageOf(t, newPages(t, Options{Status: &overviewDoors{state: appliance()}}), "/status")
	if status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	wants(t, page,
		"1 problem", "OTLP HTTP is shut: 127.0.0.1:4318 is taken.", "up 41 days, 0.1.0",
		"14 rejected since the start", "of the appliance", "38 goroutines",
		"127.0.0.1:4317", "1,284", "address already in use", "line 3 is too old",
		"41 of 60 GB", "30 days kept", "full in 4 days",
		"1 up", "1 down", "node-b:9100", "&lt;connection refused&gt;", "812", "14 ms", "4 s ago",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", "http://127.0.0.1:7333/loki/api/v1/push",
	)
	if strings.Index(page, "node-b:9100") > strings.Index(page, "127.0.0.1:8081") {
		t.Error("a target that is down does not come first")
	}
}

func TestStatusThatCannotBeKnownStillShowsHowToSend(t *testing.T) {
	_, _, page := pageOf(t, newPages(t, Options{Status: &overviewDoors{}}), "/status")
	wants(t, page, "The appliance&#39;s state is not known", "input/output error", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317")
}

// The Host header is the sender's word, and snippets are pasted into shells.
func TestSnippetsTakeNoCommandsFromTheHost(t *testing.T) {
	for host, want := range map[string]string{
		"tripod.lan:7333": "http://tripod.lan:4317",
		"[::1]:7333":      "http://[::1]:4317",
		"tripod.lan":      "http://tripod.lan:4317",
		"$(reboot):80":    "http://127.0.0.1:4317",
		"a;reboot":        "http://127.0.0.1:4317",
		"a`reboot`:80":    "http://127.0.0.1:4317",
		"":                "http://127.0.0.1:4317",
	} {
		s := send(*appliance(), host)
		if !strings.Contains(s.Snippets[0].Code, "ENDPOINT="+want+"\n") {
			t.Errorf("%q: got %s", host, s.Snippets[0].Code)
		}
	}
}

func TestLogLevel(t *testing.T) {
	d := &overviewDoors{state: appliance()}
	h := newPages(t, Options{Status: d})
	post := func(level string) int {
		r := httptest.NewRequest(http.MethodPost, "/status/log-level", strings.NewReader("level="+level))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := post("debug"); got != http.StatusSeeOther || d.level != "debug" {
		t.Errorf("got %d, level %q", got, d.level)
	}
	if got := post("shout"); got != http.StatusBadRequest || d.level != "debug" {
		t.Errorf("an unknown level: got %d, level %q", got, d.level)
	}
}

package scrape_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store/metrics"
	"tripod/store/metrics/scrape"
)

// alone runs a test in a process of its own, because promscrape starts once in
// a process; it says whether the caller is the one that waits.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "TEST_TRIPOD_ALONE"
	if os.Getenv(mark) == t.Name() {
		return false
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || testing.Verbose() {
		t.Logf("%s", out)
	}
	if err != nil {
		t.Error(err)
	}
	return true
}

// page serves a text of metrics.
func page(t *testing.T, text string) *httptest.Server {
	t.Helper()
	return served(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) })
}

func served(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// gzipBomb is 115 MB of a metric in 300 KB.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	lines := strings.Repeat("bomb 1\n", 1<<14)
	for range 1000 {
		io.WriteString(z, lines)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestManyTargets scrapes many sound targets beside sick ones, each of which
// must fail by itself, with its reason, and keep no other back.
// TEST_TRIPOD_TARGETS=1000 makes it as many.
func TestManyTargets(t *testing.T) {
	if alone(t) {
		return
	}
	many := 60
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_TARGETS")); err == nil {
		many = n
	}
	st, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := &sink{st, make(chan struct{}, 1)}

	sound := page(t, strings.Repeat("# HELP a help\n", 3)+"a_total 1\nb{x=\"1\"} 2\nb{x=\"2\"} 3\n")
	ended := t.Context().Done()
	slow := served(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	})
	endless := served(t, func(w http.ResponseWriter, r *http.Request) {
		for i := 0; r.Context().Err() == nil; i++ {
			if _, err := fmt.Fprintf(w, "endless{i=\"%d\"} 1\n", i); err != nil {
				return
			}
		}
	})
	packed := gzipBomb(t)
	bomb := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed)
	})
	samples := page(t, "many{x=\"1\"} 1\nmany{x=\"2\"} 1\nmany{x=\"3\"} 1\n")
	wide := page(t, "wide{a=\"1\",b=\"1\",c=\"1\",d=\"1\"} 1\n")
	value := page(t, "long{a=\"short\"} 1\nlong{a=\""+strings.Repeat("x", 40)+"\"} 1\n")
	name := page(t, "long{"+strings.Repeat("n", 40)+"=\"1\"} 1\n")

	config := "global: {label_value_length_limit: 0}\nscrape_configs:\n- job_name: sound\n  scrape_interval: 1s\n  metrics_path: /m\n  static_configs:\n"
	for i := range many {
		config += fmt.Sprintf("  - targets: [%q]\n    labels: {n: '%d'}\n", sound.Listener.Addr(), i)
	}
	job := func(name, more string, srv *httptest.Server) {
		config += fmt.Sprintf("- job_name: %s\n  scrape_interval: 1s\n%s  static_configs: [{targets: [%q]}]\n", name, more, srv.Listener.Addr())
	}
	job("slow", "  scrape_timeout: 500ms\n", slow)
	job("endless", "  body_size_limit: 1MB\n", endless)
	job("bomb", "", bomb)
	job("samples", "  sample_limit: 2\n", samples)
	job("wide", "  label_limit: 5\n", wide)
	job("value", "  label_value_length_limit: 30\n", value)
	job("name", "  label_name_length_limit: 30\n", name)
	job("fits", "  label_name_length_limit: 60\n  label_value_length_limit: 60\n", value)

	config += fmt.Sprintf("- job_name: crowd\n  scrape_interval: 1s\n  target_limit: 1\n  static_configs: [{targets: [%q], labels: {n: '1'}}, {targets: [%[1]q], labels: {n: '2'}}]\n", samples.Listener.Addr())

	if ignored, err := scrape.Check([]byte(config), ""); err != nil || len(ignored) > 0 {
		t.Errorf("ignored %q: %v", ignored, err)
	}
	m, err := scrape.New(scrape.Options{
		Dir: t.TempDir(), Config: []byte(config), Sink: s,
		Log:    func(level, msg string) {},
		Failed: func(err error) { t.Error(err) }, Refused: func(n int) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- m.Run(ctx) }()

	s.until(t, `sum(up{job="sound"})`, fmt.Sprintf("{} => %d", many))
	s.until(t, `count(b)`, fmt.Sprintf("{} => %d", 2*many))
	s.until(t, `count(up{job!="sound"} == 0)`, "{} => 9")
	s.until(t, `count({__name__=~"endless|bomb|many|wide|long",job!="crowd"})`, "{} => 2")
	s.until(t, `sum(up{job="fits"})`, "{} => 1")
	s.until(t, `count({__name__="scrape_samples_limit"})`, "{} => 1") // of samples; others have none
	s.until(t, `min(count_over_time(up{job="sound"}[1m])) >= bool 3`, "{} => 1")
	var up []string
	for _, target := range m.Targets() {
		want := map[string]string{"slow": "", "endless": "1048576 bytes", "bomb": "exceeds", "samples": "sample_limit=2", "wide": "label", "value": `label_value_length_limit is 30`, "name": "label_name_length_limit is 30", "crowd": "job crowd has 2 targets, target_limit is 1"}
		if w, sick := want[target.Pool]; sick && (target.Up || target.Error == "" || !strings.Contains(target.Error, w)) {
			t.Errorf("%s: %q, want %q", target.Pool, target.Error, w)
		}
		if target.Up && target.Pool != "sound" {
			up = append(up, target.Pool)
		}
	}
	if got := strings.Join(up, " "); got != "fits" {
		t.Errorf("up besides the sound: %q", got)
	}
	for reason, n := range m.Skipped() {
		if n == 0 {
			t.Errorf("nothing is counted for %s", reason)
		}
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// While it scrapes, what is 47 hours old is still taken, by every way in.
func TestLateSamplesWhileScraping(t *testing.T) {
	if alone(t) {
		return
	}
	st, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := &sink{st, make(chan struct{}, 1)}
	srv := page(t, "temperature 20\n")
	m, err := scrape.New(scrape.Options{
		Dir: t.TempDir(), Sink: s, Log: func(level, msg string) {}, Failed: func(err error) { t.Error(err) },
		Config: []byte(fmt.Sprintf("scrape_configs:\n- {job_name: now, scrape_interval: 200ms, static_configs: [{targets: [%q]}]}\n", srv.Listener.Addr())),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- m.Run(ctx) }()
	s.until(t, `sum(temperature)`, "{} => 20")

	// an agent comes back and sends two days, newest hour first and then the rest
	now := time.Now().Truncate(time.Minute)
	hours := []int{0, 47, 12, 46, 1, 30, 2}
	for _, h := range hours {
		app := st.Appender(t.Context())
		for minute := range 60 {
			at := now.Add(-time.Duration(h)*time.Hour - time.Duration(60-minute)*time.Minute)
			if h == 47 {
				at = at.Add(time.Hour) // 47 h and not 48
			}
			if _, err := app.Append(0, agentSeries, at.UnixMilli(), float64(h)); err != nil {
				t.Fatalf("%d hours ago: %v", h, err)
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	s.until(t, `count_over_time(temperature{job="now"}[1m]) >= bool 5`, fmt.Sprintf(`{instance=%q, job="now"} => 1`, srv.Listener.Addr()))
	for _, h := range []int{0, 1, 2, 12, 30, 46} {
		at := now.Add(-time.Duration(h)*time.Hour - time.Minute)
		v, _, err := st.Instant(t.Context(), `sum(count_over_time(temperature{job="agent"}[59m]))`, at)
		if err != nil || !strings.HasPrefix(v.String(), "{} => 59 ") {
			t.Errorf("%d hours ago: %v, %v", h, v, err)
		}
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// TestFilesAreSeenSoon: a target that appears in a file of targets is scraped
// within seconds, one that goes from it ends.
func TestFilesAreSeenSoon(t *testing.T) {
	if alone(t) {
		return
	}
	st, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := &sink{st, make(chan struct{}, 1)}
	file := filepath.Join(t.TempDir(), "targets.json")
	list := func(n string, srv *httptest.Server) {
		text := fmt.Sprintf(`[{"targets": [%q], "labels": {"n": %q}}]`, srv.Listener.Addr(), n)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	complaints := make(chan string, 1)
	one, two := page(t, "seen 1\n"), page(t, "seen 2\n")
	list("one", one)
	m, err := scrape.New(scrape.Options{
		Dir: t.TempDir(), Sink: s, Failed: func(err error) { t.Error(err) },
		Log: func(level, msg string) {
			select {
			case complaints <- msg:
			default:
			}
		},
		Config: []byte("scrape_configs:\n- {job_name: files, scrape_interval: 200ms, relabel_configs: [{source_labels: [__meta_filepath], target_label: file}], file_sd_configs: [{files: ['" + file + "']}]}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- m.Run(ctx) }()
	s.until(t, `sum(seen)`, "{} => 1")
	list("two", two)
	s.until(t, `sum(seen)`, "{} => 2")
	if got := m.Targets()[0].Discovered["__meta_filepath"]; got != file {
		t.Errorf("the file is told as %s", got)
	}

	// half a file, as a writer leaves it that does not rename, ends nothing
	if err := os.WriteFile(file, []byte(`[{"targets": ["127.0.0.1`), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case msg := <-complaints:
		if !strings.Contains(msg, "the targets of "+file+" stay as they were: it is no JSON") {
			t.Error(msg)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody complains")
	}
	s.until(t, `count_over_time(seen{file=~"`+filepath.Dir(file)+`/.*"}[5s]) > bool 22`, fmt.Sprintf(`{file=%q, instance=%q, job="files", n="two"} => 1`, file, two.Listener.Addr()))
	if got := m.Targets(); len(got) != 1 {
		t.Errorf("%d targets while the file is broken", len(got))
	}
	list("one", one)
	s.until(t, `sum(seen)`, "{} => 1")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s.until(t, `absent(seen)`, "{} => 1")
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// Every kind of discovery that Prometheus knows is taken as it is written
// there; what cannot be followed is named.
func TestEveryKindOfDiscovery(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "discovery.yml"))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := scrape.Check(text, "")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ignored)
	const want = "ionos_sd_configs lightsail_sd_configs nerve_sd_configs refresh_interval scaleway_sd_configs serverset_sd_configs stackit_sd_configs triton_sd_configs uyuni_sd_configs"
	if got := strings.Join(slices.Compact(ignored), " "); got != want {
		t.Errorf("without effect:\n%s\nwant\n%s", got, want)
	}
}

func TestBoundsThatAreNoNumbers(t *testing.T) {
	for name, c := range map[string]struct{ job, want string }{
		"a length":       {"label_name_length_limit: many", `line 4: label_name_length_limit "many"`},
		"a size":         {"body_size_limit: 10XB", `line 4: body_size_limit "10XB": want a size such as 10MB`},
		"a negative one": {"label_value_length_limit: -1", `label_value_length_limit "-1"`},
		"none":           {"body_size_limit: 0", ""},
		"sizes":          {"body_size_limit: 1.5GiB", ""},
	} {
		_, err := scrape.Check([]byte("scrape_configs:\n- job_name: x\n  scrape_interval: 5s\n  "+c.job+"\n"), "")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

var agentSeries = labels.FromStrings("__name__", "temperature", "job", "agent")

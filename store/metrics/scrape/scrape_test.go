package scrape_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"tripod/store"
	"tripod/store/metrics"
	"tripod/store/metrics/scrape"
)

// sink tells when something was committed.
type sink struct {
	*metrics.Store
	commits chan struct{}
}

func (s *sink) Appender(ctx context.Context) storage.Appender {
	return &appender{s.Store.Appender(ctx), s.commits}
}

type appender struct {
	storage.Appender
	commits chan struct{}
}

func (a *appender) GetRef(ls labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	return a.Appender.(storage.GetRef).GetRef(ls, hash)
}

func (a *appender) Commit() error {
	err := a.Appender.Commit()
	select {
	case a.commits <- struct{}{}:
	default:
	}
	return err
}

// until waits for scrapes until a query gives what is wanted.
func (s *sink) until(t *testing.T, expr, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		v, _, err := s.Instant(ctx, expr, time.Now())
		got := ""
		if err == nil {
			got, _, _ = strings.Cut(v.String(), " @[")
		}
		if got == want {
			return
		}
		select {
		case <-s.commits:
		case <-ctx.Done():
			t.Fatalf("%s = %q, want %q (%v)", expr, got, want, err)
		}
	}
}

// promscrape runs once in a process, and so does this test.
func TestScrape(t *testing.T) {
	st, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := &sink{st, make(chan struct{}, 1)}

	reg := prometheus.NewRegistry()
	hits := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hits_total", Help: "How many hits."}, []string{"job", "path"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", Buckets: []float64{0.5, 1, 2.5}})
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "size", Objectives: map[float64]float64{0.5: 0.1, 1: 0}})
	reg.MustRegister(hits, took, summary)
	hits.WithLabelValues("own", "/a").Add(3)
	summary.Observe(7)
	took.(prometheus.ExemplarObserver).ObserveWithExemplar(0.7, prometheus.Labels{"trace_id": "abc"})
	app := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer app.Close()

	var sick atomic.Bool
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sick.Load() {
			http.Error(w, "sick", http.StatusInternalServerError)
			return
		}
		for i := range 12_000 { // over 1 MB, which is parsed by the workers
			fmt.Fprintf(w, "large{number=\"%d\",text=\"%s\"} %d\n", i, strings.Repeat("x", 80), i)
		}
	}))
	defer large.Close()

	job := func(name string, srv *httptest.Server) string {
		return fmt.Sprintf("- job_name: %s\n  scrape_interval: 200ms\n  fallback_scrape_protocol: PrometheusText0.0.4\n  static_configs:\n  - targets: [%q]\n", name, srv.Listener.Addr())
	}
	both := "scrape_configs:\n" + job("app", app) + job("large", large)
	dir := t.TempDir()
	m, err := scrape.New(scrape.Options{
		Dir: dir, Config: []byte(both), Sink: s, Family: st.SetMetadata,
		Log:    func(level, msg string) { t.Errorf("%s: %s", level, msg) },
		Failed: func(err error) { t.Error(err) }, Refused: func(n int) { t.Errorf("%d refused", n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	instance := app.Listener.Addr().String()

	// What is gathered in process before the first scrape lands in the scrape's
	// own series.
	fams, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	extra := labels.FromStrings("job", "app", "instance", instance)
	if err := st.AppendGathered(t.Context(), fams, extra, time.Now(), true); err != nil {
		t.Fatal(err)
	}
	before := st.Usage().Series

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()

	s.until(t, `sum(up)`, "{} => 2")
	s.until(t, `count(large)`, "{} => 12000")
	s.until(t, `hits_total{exported_job="own"}`, fmt.Sprintf(`{__name__="hits_total", exported_job="own", instance=%q, job="app", path="/a"} => 3`, instance))
	s.until(t, `scrape_samples_scraped{job="app"} > 0 and on () count_over_time(took_seconds_count[1m]) >= 3`, fmt.Sprintf(`{__name__="scrape_samples_scraped", instance=%q, job="app"} => 11`, instance))
	s.until(t, `count({job="app",__name__!~"up|scrape_.*"})`, fmt.Sprintf("{} => %d", before))
	if md := st.Metadata("hits_total")["hits_total"]; md.Help != "How many hits." || md.Type != "counter" {
		t.Errorf("metadata %+v", md)
	}
	if err := st.AppendGathered(t.Context(), fams, extra, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	ex, err := st.Exemplars(t.Context(), `took_seconds_bucket{le="1"}`, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil || len(ex) != 1 || len(ex[0].Exemplars) != 1 || ex[0].Exemplars[0].Labels.Get("trace_id") != "abc" {
		t.Errorf("exemplars %v, %v", ex, err)
	}

	// A target that fails is down, and its series end at once.
	sick.Store(true)
	s.until(t, `up{job="large"}`, fmt.Sprintf(`{__name__="up", instance=%q, job="large"} => 0`, large.Listener.Addr()))
	s.until(t, `count(large)`, "")
	if got := describe(m.Targets()); got != "app up 11, large down 0 unexpected status code returned" {
		t.Error(got)
	}

	// A bad configuration changes nothing.
	for name, bad := range map[string]string{
		"not YAML":       "scrape_configs: [",
		"a bad interval": "scrape_configs:\n- job_name: x\n  scrape_interval: tomorrow\n",
		"a job twice":    "scrape_configs:\n" + job("x", app) + job("x", app),
	} {
		if err := m.Reload([]byte(bad)); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := len(m.Targets()); got != 2 {
		t.Errorf("%d targets", got)
	}

	// A target that is taken out leaves no series behind.
	hangs := make(chan os.Signal, 8)
	notify(hangs)
	for range 3 { // only the first is a change
		if err := m.Reload([]byte("scrape_configs:\n" + job("large", large))); err != nil {
			t.Fatal(err)
		}
	}
	s.until(t, `{job="app"}`, "")
	<-hangs
	if len(hangs) != 0 {
		t.Error("a reload without a change sent a signal")
	}
	// a target has ended its series before it is off the list
	for got := ""; got != "large down 0 unexpected status code returned"; got = describe(m.Targets()) {
		select {
		case <-s.commits:
		case <-time.After(20 * time.Second):
			t.Fatal(got)
		}
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := m.Run(t.Context()); err == nil {
		t.Error("ran twice in a process")
	}
	if err := m.Reload([]byte(both)); err != nil { // writes, and does not send a signal that nobody takes
		t.Error(err)
	}
}

func describe(targets []store.Target) string {
	var out []string
	for _, t := range targets {
		health := map[bool]string{true: "up", false: "down"}[t.Up]
		msg, _, _ := strings.Cut(t.Error, " when")
		if i := strings.Index(msg, "unexpected"); i >= 0 {
			msg = msg[i:]
		}
		msg, _, _ = strings.Cut(msg, ":")
		msg, _, _ = strings.Cut(msg, ";")
		line := strings.TrimSpace(fmt.Sprintf("%s %s %d %s", t.Pool, health, t.Samples, msg))
		if t.Scraped == 0 || t.Labels["job"] != t.Pool || t.Discovered["__address__"] == "" {
			line += fmt.Sprintf(" %+v", t)
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func TestTheirFlagsAreNotOurs(t *testing.T) {
	flag.VisitAll(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") {
			t.Errorf("-%s is on the command line", f.Name)
		}
	})
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ config, want string }{
		"empty":                     {"", ""},
		"other sections":            {"global: {scrape_interval: 1m, evaluation_interval: 1m}\nrule_files: [a]\nscrape_configs: []\n", ""},
		"a relative path":           {"scrape_configs: [{job_name: x, basic_auth: {username: u, password_file: password}, file_sd_configs: [{files: [t.json]}]}]\n", ""},
		"not YAML":                  {"a: [", "line 1"},
		"a job without a name":      {"scrape_configs: [{scrape_interval: 1s}]", "job_name"},
		"a relabelling that is bad": {"scrape_configs: [{job_name: x, relabel_configs: [{action: jump}]}]", "jump"},
	} {
		_, err := scrape.Check([]byte(c.config), dir)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, store.ErrInvalid)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestFieldsThatAreNotKnownAreNamed(t *testing.T) {
	config := "rule_files: [a]\nglobal: {scrape_interval: 1m, evaluation_interval: 2m}\n" +
		"scrape_configs:\n- job_name: x\n  native_histogram_bucket_limit: 3\n  static_configs: [{targets: [a], labels: {native_histogram_bucket_limit: kept}}]\n" +
		"- {job_name: y, scrape_protocols: [PrometheusText0.0.4], fallback_scrape_protocol: x}\n"
	ignored, err := scrape.Check([]byte(config), "")
	slices.Sort(ignored)
	if got, want := strings.Join(ignored, " "), "evaluation_interval fallback_scrape_protocol native_histogram_bucket_limit rule_files scrape_protocols"; got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

package appliance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkMetrics sends a fleet's samples by remote-write to the binary, asks
// what dashboards ask, asks the same of the stock engine over the same files,
// and then lets the binary scrape. It prints a table with what is to be
// reached beside it; an answer that is not the stock engine's ends it.
// BENCH_SERIES says how many series have an hour of samples, 10,000 by default.
func BenchmarkMetrics(b *testing.B) {
	b.Run("write", benchWrite)
	b.Run("scrape", benchScrape)
}

func benchWrite(b *testing.B) {
	series := 10_000
	if s := os.Getenv("BENCH_SERIES"); s != "" {
		var err error
		if series, err = strconv.Atoi(s); err != nil || series < 100 {
			b.Fatalf("BENCH_SERIES=%q is no number from 100 on", s)
		}
	}
	dir := b.TempDir()
	p := launch(b, dir, "serve", "--host-metrics=false", "--scrape-interval", "1h")
	time.Sleep(2 * time.Second) // the planner has started, too
	memory := p.watchMemory(b)
	f := newFleet(series)
	before := p.cpu(b)
	start := time.Now()
	f.send(b, p.url+"/api/v1/write")
	took, cpu := time.Since(start), p.cpu(b)-before
	after := restCPU(b, p)
	peak := memory()

	perMillion := func(d time.Duration) float64 { return d.Seconds() * 1e6 / float64(f.samples()) }
	t := &table{}
	t.title("remote-write: %d series of an hour and %d of a day, each 15 s: %d samples, %d a request, %d senders; load %s",
		series, len(f.day), f.samples(), samplesARequest, senders, loadAverage())
	t.head("measured", "target")
	t.row("samples/s", fmt.Sprintf("%.0f", float64(f.samples())/took.Seconds()), "")
	t.row("CPU s per million, all in", fmt.Sprintf("%.2f", perMillion(cpu+after)), "1.0")
	t.row("  until all was accepted", fmt.Sprintf("%.2f", perMillion(cpu)), "")
	t.row("peak anonymous memory, MB", fmt.Sprintf("%.0f", peak), "")
	files := use(b, filepath.Join(dir, "metrics"))
	t.row("bytes per sample on disk", fmt.Sprintf("%.2f", float64(files.total())/float64(f.samples())), "")
	fmt.Print("\n", t)

	questions := f.questions()
	for _, q := range questions {
		q.ask(b, p)
	}
	p.stop()
	compareWithStock(b, filepath.Join(dir, "metrics"), questions)
	t = &table{}
	t.head("series", "p50 ms", "p95 ms", "engine ms", "stock ms", "faster", "target")
	for _, q := range questions {
		row := []string{strconv.Itoa(q.found), millis(q.p50), millis(q.p95)}
		if q.expr != "" {
			row = append(row, millis(q.ours), millis(q.stock), fmt.Sprintf("%.1f", q.stock.Seconds()/q.ours.Seconds()), q.target)
		}
		t.row(q.name, row...)
	}
	fmt.Print(t, "\n")
	for b.Loop() { // it is too long to be done twice
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perMillion(cpu+after), "CPU-s/M")
	b.ReportMetric(peak, "MB-peak-anon")
}

// restCPU is the CPU that goes on what was accepted, until a second passes in
// which the process does no more than at rest.
func restCPU(b *testing.B, p *process) time.Duration {
	var busy time.Duration
	for range 120 {
		before := p.cpu(b)
		time.Sleep(time.Second) // no event tells that nothing happens
		d := p.cpu(b) - before
		if d < atRest {
			return busy
		}
		busy += d
	}
	return busy
}

const (
	scrapeTargets = 100
	scrapeSeries  = 100 // of a target
	scrapeEvery   = 5 * time.Second
	scrapeFor     = time.Minute
)

// benchScrape counts the CPU of a minute of scrapes beyond that of a minute
// without, and of a minute in which the appliance scrapes its own page as 20
// targets. All is of the binary alone; the fleet is in this process.
func benchScrape(b *testing.B) {
	var page strings.Builder
	for i := range scrapeSeries {
		fmt.Fprintf(&page, "hits_total{route=\"/api/v1/r%d\",code=\"200\"} %d\n", i, i*7)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page.String()) }))
	b.Cleanup(server.Close)
	var config strings.Builder
	fmt.Fprintf(&config, "scrape_configs:\n- job_name: fleet\n  scrape_interval: %s\n  static_configs:\n", scrapeEvery)
	for i := range scrapeTargets {
		fmt.Fprintf(&config, "  - targets: [%q]\n    labels: {__metrics_path__: /t/%d, target: \"%d\"}\n", strings.TrimPrefix(server.URL, "http://"), i, i)
	}
	own := freeAddr(b)
	idle, scraping, self := scrapeCPU(b, ""), scrapeCPU(b, config.String()), scrapeCPU(b, ownFleet(own), "--listen", own)
	samples := float64(scrapeTargets*scrapeSeries) * scrapeFor.Seconds() / scrapeEvery.Seconds()
	t := &table{}
	t.title("scraping %d targets of %d series each %v; load %s", scrapeTargets, scrapeSeries, scrapeEvery, loadAverage())
	t.head("measured", "target")
	t.row("CPU s per million samples", fmt.Sprintf("%.2f", (scraping-idle).Seconds()*1e6/samples), "1.0")
	ofCore := func(d time.Duration) string { return fmt.Sprintf("%.2f", 100*d.Seconds()/scrapeFor.Seconds()) }
	t.row("of a core, %", ofCore(scraping), "")
	t.row("  without these targets, %", ofCore(idle), "")
	t.row("  with 20 that are its own page, %", ofCore(self), "1")
	fmt.Print("\n", t, "\n")
	for b.Loop() { // it is too long to be done twice
	}
	b.ReportMetric(0, "ns/op")
}

// scrapeCPU is what a minute of scraping by a configuration costs.
func scrapeCPU(b *testing.B, config string, args ...string) time.Duration {
	if config != "" {
		file := filepath.Join(b.TempDir(), "tripod.yaml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			b.Fatal(err)
		}
		args = append(args, "--config", file)
	}
	p := launch(b, b.TempDir(), append([]string{"serve"}, args...)...)
	defer p.stop()
	time.Sleep(4 * scrapeEvery) // every series is known, and what runs at the start only is over
	before := p.cpu(b)
	time.Sleep(scrapeFor)
	return p.cpu(b) - before
}

// ownFleet is 20 targets that are one page.
func ownFleet(addr string) string {
	var config strings.Builder
	config.WriteString("scrape_configs:\n- job_name: self\n  static_configs:\n")
	for i := range 20 {
		fmt.Fprintf(&config, "  - {targets: [%q], labels: {target: \"%d\"}}\n", addr, i)
	}
	return config.String()
}

// metricQuestion is one that people ask.
type metricQuestion struct {
	name, target string
	path         string // of the API, with parameters
	expr         string // empty for values of a label
	over, step   time.Duration

	found       int
	p50, p95    time.Duration // over HTTP
	ours, stock time.Duration // p50 of the two engines in this process
}

func (q *metricQuestion) ask(b *testing.B, p *process) {
	var took []time.Duration
	began := time.Now()
	for n := 0; n < askWarm+askTimes && (len(took) == 0 || time.Since(began) < askWithin); n++ {
		start := time.Now()
		body := get(b, p.url+q.path)
		if d := time.Since(start); n >= askWarm {
			took = append(took, d)
		}
		if q.found = answers(b, body); q.found == 0 {
			b.Fatalf("%s: nothing was found", q.name)
		}
	}
	slices.Sort(took)
	q.p50, q.p95 = took[len(took)/2], took[len(took)*95/100]
}

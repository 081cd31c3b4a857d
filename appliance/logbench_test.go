package appliance

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/testdata/weblog"
)

// logRuns are what BenchmarkLogs measures: a corpus on its way in.
var logRuns = []struct {
	name   string
	wire   logWire
	ownIDs bool
}{
	{"loki", lokiWire{}, false},
	{"otlp", otlpWire{}, false},
	{"loki-own-ids", lokiWire{}, true}, // each line has ids of its own: the harder corpus
}

// BenchmarkLogs sends a day of a web service's pino lines to the binary, waits
// until all is where it stays, and asks. It prints a table with what is to be
// reached beside it; an answer that is not exact ends it.
// BENCH_ROWS says how many lines, 1,000,000 by default.
func BenchmarkLogs(b *testing.B) {
	rows, yesterday := benchRows(b), yesterday()
	for _, run := range logRuns {
		b.Run(run.name, func(b *testing.B) {
			o := weblog.Options{Rows: rows, Start: yesterday, Span: 24 * time.Hour, Seed: 1, OwnIDs: run.ownIDs}
			benchLogs(b, run.name, run.wire, o)
		})
	}
}

// benchRows is BENCH_ROWS.
func benchRows(b *testing.B) int {
	rows, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_ROWS"), "1000000"))
	if err != nil || rows < 10_000 {
		b.Fatalf("BENCH_ROWS=%q: want a number from 10000 on", os.Getenv("BENCH_ROWS"))
	}
	return rows
}

// yesterday is when it began.
func yesterday() time.Time { return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1) }

func benchLogs(b *testing.B, name string, wire logWire, o weblog.Options) {
	dir := b.TempDir()
	p := launch(b, dir, "serve")
	time.Sleep(2 * time.Second) // the planner has started, too
	memory := p.watchMemory(b)
	in := send(b, p, wire, o)
	accept := p.cpu(b) - in.cpuBefore
	after := settle(b, p, filepath.Join(dir, "logs"))
	peak := memory()

	perMillion := func(d time.Duration) float64 { return d.Seconds() * 1e6 / float64(o.Rows) }
	t := &table{}
	t.title("%s: %d lines of %.1f bytes over %v in at %s, %d a request, %d senders; load %s",
		name, o.Rows, float64(in.raw)/float64(o.Rows), o.Span, wire.path(), linesARequest, senders, loadAverage())
	t.head("measured", "target")
	t.row("records/s", fmt.Sprintf("%.0f", float64(o.Rows)/in.took.Seconds()), "")
	t.row("pushed back (429)", strconv.Itoa(int(in.pushedBack.Load())), "")
	t.row("CPU s per million, all in", fmt.Sprintf("%.2f", perMillion(accept+after.cpu)), "6")
	t.row("  until all was accepted", fmt.Sprintf("%.2f", perMillion(accept)), "")
	t.row("  after that", fmt.Sprintf("%.2f", perMillion(after.cpu)), "")
	t.row("peak anonymous memory, MB", fmt.Sprintf("%.0f", peak), "160")
	t.row("  settled after, s", fmt.Sprintf("%.0f", after.took.Seconds()), "")
	after.files.print(t, o.Rows, "34")
	fmt.Print("\n", t)

	memory = p.watchMemory(b)
	answers := ask(b, p, wire, o, in)
	t = &table{}
	t.head("found", "runs", "p50 ms", "p95 ms", "target p50")
	for _, a := range answers {
		t.row(a.name, strconv.Itoa(a.found), strconv.Itoa(a.runs), millis(a.p50), millis(a.p95), a.target)
	}
	t.row("peak anonymous memory, MB", fmt.Sprintf("%.0f", memory()))
	fmt.Print(t, p.columns(dir), "\n")

	for b.Loop() { // it is too long to be done twice
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perMillion(accept+after.cpu), "CPU-s/M")
	b.ReportMetric(peak, "MB-peak-anon")
	b.ReportMetric(float64(after.files.total())/float64(o.Rows), "B/record")
	b.ReportMetric(float64(o.Rows)/in.took.Seconds(), "records/s")
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1e3) }

// loadAverage is the machine's of the last minute: others may use it too.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// table is text in columns, the first one for names.
type table struct{ strings.Builder }

func (t *table) title(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }
func (t *table) head(columns ...string)           { t.row("", columns...) }
func (t *table) row(name string, columns ...string) {
	fmt.Fprintf(t, "%-34s", name)
	for _, c := range columns {
		fmt.Fprintf(t, "%12s", c)
	}
	t.WriteByte('\n')
}

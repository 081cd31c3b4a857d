package appliance

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tripod/testdata/webshop"
)

// BenchmarkTraces sends a day of a shop's traces to the binary, over each of
// OTLP's two ways, waits until all is where it stays, and asks. It prints a
// table with what is to be reached beside it; an answer that is not exact ends
// it. BENCH_ROWS says how many spans, 1,000,000 by default.
func BenchmarkTraces(b *testing.B) {
	o := webshop.Options{Spans: benchRows(b), Start: yesterday(), Over: 24 * time.Hour, Seed: 1}
	b.Run("http", func(b *testing.B) { benchTraces(b, "OTLP/HTTP", httpWire, o) })
	b.Run("grpc", func(b *testing.B) { benchTraces(b, "OTLP/gRPC", grpcWire, o) })
}

func benchTraces(b *testing.B, name string, wire spanWire, o webshop.Options) {
	dir, grpcAt := b.TempDir(), freeAddr(b)
	p := launch(b, dir, "serve", "--otlp-grpc", grpcAt)
	time.Sleep(2 * time.Second) // the planner has started, too
	memory := p.watchMemory(b)
	in := sendSpans(b, p, wire(b, p, grpcAt), o)
	accept := p.cpu(b) - in.cpuBefore
	after := settle(b, p, filepath.Join(dir, "traces"))
	peak := memory()

	perMillion := func(d time.Duration) float64 { return d.Seconds() * 1e6 / float64(o.Spans) }
	t := &table{}
	t.title("%s: %d spans in %d traces over %v, %d or more a request, %d senders; load %s",
		name, o.Spans, len(in.traces), o.Over, spansARequest, senders, loadAverage())
	t.head("measured", "target")
	t.row("spans/s", fmt.Sprintf("%.0f", float64(o.Spans)/in.took.Seconds()), "")
	t.row("pushed back", strconv.Itoa(int(in.pushedBack.Load())), "")
	t.row("CPU s per million, all in", fmt.Sprintf("%.2f", perMillion(accept+after.cpu)), "9")
	t.row("  until all was accepted", fmt.Sprintf("%.2f", perMillion(accept)), "")
	t.row("  after that", fmt.Sprintf("%.2f", perMillion(after.cpu)), "")
	t.row("peak anonymous memory, MB", fmt.Sprintf("%.0f", peak), "")
	t.row("  settled after, s", fmt.Sprintf("%.0f", after.took.Seconds()), "")
	after.files.print(t, o.Spans, "36")
	fmt.Print("\n", t)

	memory = p.watchMemory(b)
	t = &table{}
	t.head("found", "runs", "p50 ms", "p95 ms", "target p50")
	for _, q := range traceQuestions(in, o) {
		q.ask(b, p)
		t.row(q.name, strconv.Itoa(q.found), strconv.Itoa(q.runs), millis(q.p50), millis(q.p95), q.target)
	}
	t.row("peak anonymous memory, MB", fmt.Sprintf("%.0f", memory()))
	fmt.Print(t, p.columns(dir), "\n")

	for b.Loop() { // it is too long to be done twice
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perMillion(accept+after.cpu), "CPU-s/M")
	b.ReportMetric(peak, "MB-peak-anon")
	b.ReportMetric(float64(after.files.total())/float64(o.Spans), "B/span")
	b.ReportMetric(float64(o.Spans)/in.took.Seconds(), "spans/s")
}

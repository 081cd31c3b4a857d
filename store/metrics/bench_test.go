package metrics_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store/metrics"
)

// BenchmarkOpen is what a first start pays: time, and memory that stays.
func BenchmarkOpen(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		b.StartTimer()
		s, err := metrics.Open(dir, metrics.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		s.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))/1e6, "MB-held")
}

// BenchmarkQuery asks over 100 series in an hour of 15 s steps.
func BenchmarkQuery(b *testing.B) {
	s := open(b, b.TempDir(), metrics.Options{})
	end := time.Now().Truncate(time.Minute)
	app := s.Appender(b.Context())
	for i := range 100 {
		ls := labels.FromStrings("__name__", "hits_total", "route", fmt.Sprint(i), "job", fmt.Sprint(i%4))
		for at := end.Add(-time.Hour); at.Before(end); at = at.Add(15 * time.Second) {
			if _, err := app.Append(0, ls, at.UnixMilli(), float64(at.Unix())); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		b.Fatal(err)
	}
	b.Run("instant", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Instant(b.Context(), "sum by (job) (rate(hits_total[5m]))", end); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("range", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Range(b.Context(), "sum by (job) (rate(hits_total[5m]))", end.Add(-time.Hour), end, 15*time.Second); err != nil {
				b.Fatal(err)
			}
		}
	})
}

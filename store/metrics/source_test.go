package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

func TestSourceEndsWhatItNoLongerTells(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	about := func(name string) (bool, string) { return name == "reads_total", "Help of " + name + "." }
	src := s.NewSource(labels.FromStrings("job", "host", "instance", "vm"), about)
	write := func(at time.Time, devices ...string) {
		t.Helper()
		if err := src.Write(t.Context(), at, func(emit func(string, float64, ...string)) {
			for i, d := range devices {
				emit("reads_total", float64(i), "device", d, "model", "")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(at time.Time, expr string, want float64) {
		t.Helper()
		v, _, err := s.Instant(t.Context(), "scalar("+expr+")", at)
		if err != nil || v.(promql.Scalar).V != want {
			t.Errorf("%s = %v, %v, want %v", expr, v, err, want)
		}
	}
	write(now.Add(-30*time.Second), "sda", "sdb")
	ask(now.Add(-30*time.Second), `count(reads_total{job="host",instance="vm",model=""})`, 2)
	write(now.Add(-15*time.Second), "sdb")
	ask(now.Add(-15*time.Second), `count(reads_total)`, 1)
	ask(now.Add(-15*time.Second), `scrape_samples_scraped`, 1)
	if md := s.Metadata("reads_total")["reads_total"]; md.Type != "counter" || md.Help != "Help of reads_total." {
		t.Errorf("metadata %+v", md)
	}
	if err := src.End(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	ask(now, `count({job="host"}) or vector(0)`, 0)
}

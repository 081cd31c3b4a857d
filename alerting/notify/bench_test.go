package notify

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tripod/alerting"
)

// BenchmarkTenThousandAlerts sends 10,000 firing alerts in 1,000 groups again
// and again, as rules do each minute, and has the groups open.
func BenchmarkTenThousandAlerts(b *testing.B) {
	p, err := Open(Options{Dir: b.TempDir(), Config: Default("http://127.0.0.1/", 0), MaxAlerts: 10_000, Sender: func(string, string) Sender { return &heard{} }})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	alerts := make([]alerting.Alert, 10_000)
	for i := range alerts {
		alerts[i] = alerting.Alert{
			Labels:   map[string]string{"alertname": fmt.Sprint("A", i%1000), "service_name": "planner-api", "instance": fmt.Sprint(i)},
			StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
		}
	}
	p.Send(context.Background(), alerts...)
	now := time.Now()
	for b.Loop() {
		p.Send(context.Background(), alerts...)
		now = now.Add(20 * time.Second) // every group opens once more
		p.mu.Lock()
		p.core.Advance(now)
		p.mu.Unlock()
	}
	b.ReportMetric(float64(len(alerts)*b.N)/b.Elapsed().Seconds(), "alerts/s")
}

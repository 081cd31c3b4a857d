package pages

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"tripod/store"
)

// BenchmarkLogLines is one fragment of further lines, far from the top.
func BenchmarkLogLines(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	records := make([]store.Record, 50_000)
	for i := range records {
		records[i].Time = noon.Add(-time.Duration(i) * 50 * time.Millisecond).UnixNano()
		records[i].SetLine(fmt.Sprintf(`{"level":"warn","service":"planner-api","msg":"db pool: retrying query (attempt %d of 3)","stmt":"tasks.insert","pool.wait":"1.%03ds","reqId":"%016x"}`, 1+i%3, rnd.IntN(1000), rnd.Uint64()))
		records[i].Service = "planner-api"
	}
	s := keep(b, records)
	mux := screenOf(b, Options{Logs: s})
	target := "/logs/lines?q=pool&cursor=" + placeOf(&records[25_000]).String()
	bytes := 0
	for b.Loop() {
		w := ask(mux, target)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		bytes = w.Body.Len()
	}
	b.ReportMetric(float64(moreRows*b.N)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(bytes)/moreRows, "B/line")
}

package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tripod/store"
)

// benchLines are records of a web service's pino lines over an hour, with ids
// as random as real ones.
func benchLines(r *rand.Rand, from, n, of int, start int64) []store.Record {
	routes := []string{"/api/v1/tasks", "/api/v1/tasks/{id}", "/api/v1/streak", "/api/v1/me", "/healthz"}
	records := make([]store.Record, n)
	for i := range records {
		level, msg := "info", "request completed"
		switch r.IntN(100) {
		case 0:
			level, msg = "error", fmt.Sprintf("connection refused by db-%d after %d ms", r.IntN(4), r.IntN(5000))
		case 1, 2:
			level, msg = "warn", "retrying after 503"
		}
		at := start + int64(float64(from+i)/float64(of)*3600e9)
		line := fmt.Sprintf(`{"level":"%s","time":%d,"pid":4711,"hostname":"node-%d","reqId":"req-%08x","userId":"u_%d","msg":"%s","service":"planner-api","trace_id":"%016x%016x","span_id":"%016x","http_method":"POST","http_route":"%s","http_status_code":%d,"duration_ms":%d.%03d}`,
			level, at/1e6, r.IntN(3), r.Uint32(), r.IntN(2000), msg, r.Uint64(), r.Uint64(), r.Uint64(), routes[r.IntN(len(routes))], 200+100*r.IntN(4), r.IntN(90), r.IntN(1000))
		records[i] = store.Record{Time: at, Service: "planner-api", Resource: &store.Resource{Attrs: store.Attrs{{Key: "job", Value: store.String("planner")}}}}
		records[i].SetLine(line)
	}
	return records
}

const benchRows = 300_000

// BenchStore is a store of benchRows lines of an hour, and two ids in it.
func BenchStore(b *testing.B) (s *Store, hour store.TimeRange, reqID, trace string) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	b.Cleanup(func() { stop(); <-ended; s.Close() })
	start := time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC).UnixNano()
	r := rand.New(rand.NewPCG(1, 2))
	for from := 0; from < benchRows; {
		batch := benchLines(r, from, 1000, benchRows, start)
		if from == 100_000 {
			reqID, trace = batch[500].Attrs.Text("reqId"), batch[500].TraceID.String()
		}
		if s.Append(ctx, batch) == nil {
			from += len(batch)
		}
	}
	return s, store.TimeRange{From: start, To: start + 3600e9}, reqID, trace
}

// BenchmarkAsk asks search lines.
func BenchmarkAsk(b *testing.B) {
	s, hour, reqID, trace := BenchStore(b)
	ctx, u := b.Context(), s.Usage()
	for _, c := range []struct {
		name, text string
		limit      int
	}{
		{"request id", "reqId:" + reqID, 100}, {"any word that is an id", `"` + reqID + `"`, 100}, {"trace id", "trace_id:" + trace, 100},
		{"absent id", "trace_id:00f067aa0ba902b700f067aa0ba902b7", 100}, {"phrase", `"connection refused by db-3"`, 100},
		{"two words", "refused 4711", 100}, {"newest 100 errors", "level:error", 100}, {"newest 100", "", 100},
		{"number", "http_status_code:500", 100}, {"rare number", "duration_ms:>89.99", 100},
	} {
		b.Run(c.name, func(b *testing.B) {
			found := 0
			for b.Loop() {
				found = 0
				for _, err := range s.Search(ctx, store.LogQuery{Range: hour, Text: c.text, Limit: c.limit}) {
					if err != nil {
						b.Fatal(err)
					}
					found++
				}
			}
			b.ReportMetric(float64(found), "found")
		})
	}
	for name, text := range map[string]string{"levels by minute": "", "phrase by minute": `"connection refused"`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Volume(ctx, store.LogQuery{Range: hour, Text: text}, time.Minute); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(u.Bytes)/float64(u.Items), "B/line")
		})
	}
}

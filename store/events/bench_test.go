package events

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tripod/store"
)

// benchEvent is about what a log line of a web service weighs: 400 bytes.
func benchEvent(r *rand.Rand, i int) Event {
	class := uint8(3)
	if r.IntN(50) == 0 {
		class = 5
	}
	id := fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	return Event{Time: testDay + int64(i)*18e6, Class: class, Fields: []Field{
		{"service", store.String([]string{"planner-web", "planner-api", "streak-worker"}[r.IntN(3)])},
		{"msg", store.String(fmt.Sprintf("request completed in %d ms with %d rows", r.IntN(900), r.IntN(50)))},
		{"trace_id", store.String(id)},
		{"span_id", store.String(id[:16])},
		{"level", store.String("info")},
		{"pid", store.Int(4711)},
		{"hostname", store.String("node-1")},
		{"reqId", store.String(fmt.Sprintf("req-%08x", r.Uint32()))},
		{"userId", store.Int(int64(r.IntN(2000)))},
		{"http.route", store.String([]string{"/tasks", "/tasks/{id}", "/streak", "/me"}[r.IntN(4)])},
		{"http.method", store.String("GET")},
		{"status", store.Int(int64(200 + 100*r.IntN(4)))},
		{"took", store.Float(float64(r.IntN(100000)) / 100)},
	}}
}

func benchBatches(rows, batch int) [][]Event {
	r := rand.New(rand.NewPCG(1, 2))
	var out [][]Event
	for i := 0; i < rows; {
		b := make([]Event, batch)
		for j := range b {
			b[j] = benchEvent(r, i)
			i++
		}
		out = append(out, b)
	}
	return out
}

func BenchmarkAppend(b *testing.B) {
	batches := benchBatches(20_000, 500)
	s, err := Open(b.TempDir(), Options{HeadBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	n := 0
	for b.Loop() {
		if err := s.Append(b.Context(), batches[n%len(batches)]); err != nil {
			b.StopTimer()
			if _, err := s.flushOne(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		n++
	}
	b.ReportMetric(float64(500*n)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkFlush(b *testing.B) {
	batches := benchBatches(20_000, 500)
	s, err := Open(b.TempDir(), Options{HeadBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		b.StopTimer()
		for _, batch := range batches {
			if err := s.Append(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.rotate(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := s.flushOne(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "records/s")
	p := s.parts[0].info
	b.ReportMetric(float64(p.size)/float64(p.rows), "B/record")
}

// BenchmarkQuery asks a store of an hour with 200,000 records, nine tenths of
// them in parts.
func BenchmarkQuery(b *testing.B) {
	s, err := Open(b.TempDir(), Options{HeadBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batches := benchBatches(200_000, 500)
	for i, batch := range batches {
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		if i%40 == 39 && i < 360 {
			if err := s.rotate(); err != nil {
				b.Fatal(err)
			}
			if _, err := s.flushOne(); err != nil {
				b.Fatal(err)
			}
		}
	}
	old, _ := batches[3][7].Get("trace_id")
	fresh, _ := batches[390][7].Get("trace_id")
	hour := store.TimeRange{From: testDay - 1, To: testDay + int64(time.Hour) + 1}
	for _, c := range []struct {
		name string
		q    Query
	}{
		{"newest 100", Query{Range: everything, Limit: 100}},
		{"newest 100 errors", Query{Range: everything, Limit: 100, Where: ClassIn(1 << 5)}},
		{"trace in a part", Query{Range: everything, Where: Equal{"trace_id", old.Str()}}},
		{"trace in the head", Query{Range: everything, Where: Equal{"trace_id", fresh.Str()}}},
		{"common word", Query{Range: everything, Where: Word{nil, "streak"}}},
		{"rare phrase", Query{Range: everything, Where: Phrase{nil, "in 77 ms with 7 rows"}}},
		{"all", Query{Range: everything}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, err := range s.Scan(b.Context(), c.q) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n/b.N), "found")
		})
	}
	for _, c := range []struct {
		name  string
		where Expr
		step  time.Duration
	}{
		{"count by minute", nil, time.Minute},
		{"count by 10 s", nil, 10 * time.Second},
		{"count a word by minute", Word{nil, "streak"}, time.Minute},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Count(b.Context(), Query{Range: hour, Where: c.where}, c.step); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package traces

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tripod/store"
)

var benchStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano()

// benchTrace is one request through four services, of eight spans.
func benchTrace(r *rand.Rand, at int64, resources []*store.Resource) []store.Span {
	var id store.TraceID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	spans := make([]store.Span, 8)
	for i := range spans {
		s := &spans[i]
		res := resources[i/2]
		*s = store.Span{
			TraceID: id, SpanID: store.SpanID{1, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 4: byte(i + 1)},
			Name: []string{"GET /tasks", "POST /tasks", "SELECT", "redis GET"}[i%4], Kind: store.SpanKind(2 + i%2),
			Start: at + int64(i)*1e5, End: at + int64(20-i)*1e6 + r.Int64N(1e6), Service: res.Attrs.Text("service.name"), Resource: res,
			Attrs: store.Attrs{
				{Key: "http.request.method", Value: store.String("GET")}, {Key: "http.route", Value: store.String("/tasks/{id}")},
				{Key: "http.response.status_code", Value: store.Int(200)}, {Key: "user.id", Value: store.Int(int64(r.IntN(5000)))},
				{Key: "url.path", Value: store.String(fmt.Sprint("/tasks/", r.IntN(100000)))},
			},
		}
		if i > 0 {
			s.ParentID = spans[i-1].SpanID
		}
		if r.IntN(100) == 0 {
			s.Status = store.StatusError
		}
	}
	return spans
}

func benchResources() (out []*store.Resource) {
	for _, name := range []string{"planner-web", "planner-api", "streak-worker", "reminder-worker"} {
		out = append(out, &store.Resource{Attrs: store.Attrs{
			{Key: "service.name", Value: store.String(name)}, {Key: "service.version", Value: store.String("1.4.2")},
			{Key: "host.name", Value: store.String("node-1")}, {Key: "telemetry.sdk.language", Value: store.String("go")},
			{Key: "telemetry.sdk.name", Value: store.String("opentelemetry")}, {Key: "process.pid", Value: store.Int(4711)},
		}})
	}
	return out
}

func BenchmarkAppend(b *testing.B) {
	s, err := Open(b.TempDir(), Options{HeadBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r, resources := rand.New(rand.NewPCG(1, 1)), benchResources()
	var batch []store.Span
	for i := range 60 {
		batch = append(batch, benchTrace(r, benchStart+int64(i)*1e6, resources)...)
	}
	n := 0
	for b.Loop() {
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		n += len(batch)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "spans/s")
}

// BenchmarkQuery asks a store of an hour with 100,000 spans.
func BenchmarkQuery(b *testing.B) {
	s, err := Open(b.TempDir(), Options{HeadBytes: 8 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	go s.Run(b.Context())
	r, resources := rand.New(rand.NewPCG(1, 1)), benchResources()
	var ids []store.TraceID
	for i := 0; i < 12_500; i += 50 {
		var batch []store.Span
		for j := range 50 {
			batch = append(batch, benchTrace(r, benchStart+int64(i+j)*288e6, resources)...)
			ids = append(ids, batch[len(batch)-1].TraceID)
		}
		for s.Append(b.Context(), batch) != nil {
			time.Sleep(10 * time.Millisecond) // both heads are full
		}
	}
	hour := store.TimeRange{From: benchStart, To: benchStart + int64(time.Hour)}
	ask := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	ask("trace by id", func() error {
		_, err := s.Trace(b.Context(), ids[r.IntN(len(ids))])
		return err
	})
	ask("RED of an hour", func() error {
		_, err := s.RED(b.Context(), hour, time.Minute)
		return err
	})
	ask("RED of 15 min by 10 s", func() error {
		_, err := s.RED(b.Context(), store.TimeRange{From: hour.To - int64(15*time.Minute), To: hour.To}, 10*time.Second)
		return err
	})
	for name, q := range map[string]store.TraceQuery{
		"search newest":      {Range: hour},
		"search a service":   {Range: hour, Service: "planner-api", Operation: "SELECT"},
		"search errors":      {Range: hour, Errors: true},
		"search a user":      {Range: hour, Tags: map[string]string{"user.id": "77"}},
		"search none":        {Range: hour, Tags: map[string]string{"user.id": "nobody"}},
		"search slow traces": {Range: hour, MinDuration: 20950 * time.Microsecond},
	} {
		ask(name, func() error {
			_, err := s.Search(b.Context(), q)
			return err
		})
	}
	for name, text := range map[string]string{
		"structure":          `{ resource.service.name = "planner-web" } >> { name = "SELECT" && status = error }`,
		"an attribute":       `{ span.user.id = 77 }`,
		"none":               `{ span.url.path = "/nothing" }`,
		"a range of numbers": `{ span.http.response.status_code >= 500 }`,
		"grouped":            `{ status = error } | by(resource.service.name) | count() > 1`,
	} {
		ask("TraceQL "+name, func() error {
			_, err := s.FindSpans(b.Context(), store.SpanQuery{Text: text, Range: hour})
			return err
		})
	}
	for name, text := range map[string]string{
		"all":       `{} | rate() by (resource.service.name)`,
		"rate":      `{ status = error } | rate() by (resource.service.name)`,
		"quantile":  `{ resource.service.name = "planner-api" } | quantile_over_time(duration, .5, .99)`,
		"structure": `{ resource.service.name = "planner-web" } >> { status = error } | count_over_time()`,
		"compare":   `{} | compare({ status = error })`,
	} {
		ask("TraceQL metrics "+name, func() error {
			_, err := s.SpanMetrics(b.Context(), store.SpanMetricQuery{Text: text, Range: hour, Step: time.Minute})
			return err
		})
	}
}

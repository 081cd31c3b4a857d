package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"tripod/store"
)

// Start is the time at which the corpora begin: ten minutes before a UTC day
// ends, so that they lie in two days.
var Start = time.Date(2026, 3, 1, 23, 50, 0, 0, time.UTC)

var (
	services   = []string{"planner-web", "planner-api", "streak-worker", "reminder-worker"}
	operations = []string{"GET /tasks", "POST /tasks/{id}/complete", "SELECT tasks", "GET streak", "übung"}
	sentences  = []string{
		"request completed", "connection refused by db-3", "Cache MISS for user_7", "slow query: naïve plan",
		"job taken", "retry 3 of 5", "task completed", "session expired",
	}
)

// values is one value of every kind and shape that must come back as it was.
func values(r *rand.Rand) store.Attrs {
	all := store.Attrs{
		{Key: "text", Value: store.String("plain ünïcode \x00 \" \\ \n")},
		{Key: "empty.text", Value: store.String("")},
		{Key: "int", Value: store.Int(-1 << 63)},
		{Key: "float", Value: store.Float(0.1)},
		{Key: "yes", Value: store.Bool(true)},
		{Key: "no", Value: store.Bool(false)},
		{Key: "bytes", Value: store.Bytes([]byte{0, 1, 0xff})},
		{Key: "nothing", Value: store.Value{}},
		{Key: "list", Value: store.List(store.Int(1), store.String("two"), store.List())},
		{Key: "map", Value: store.Map(store.Attrs{{Key: "k", Value: store.Int(7)}, {Key: "k", Value: store.String("again")}})},
		{Key: "twice", Value: store.Int(1)},
		{Key: "twice", Value: store.String("other")},
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:r.IntN(len(all)+1)]
}

// SpanCorpus makes n spans of many traces, in order of neither time nor trace;
// equal seeds make equal spans. They start in the 20 min behind Start.
func SpanCorpus(seed uint64, n int) []store.Span {
	r := rand.New(rand.NewPCG(seed, 1))
	var resources []*store.Resource
	for i, s := range services {
		attrs := store.Attrs{{Key: "service.name", Value: store.String(s)}, {Key: "host.name", Value: store.String(fmt.Sprintf("node-%d", i%2))}}
		resources = append(resources, &store.Resource{Attrs: attrs, SchemaURL: "https://opentelemetry.io/schemas/1.26.0", Dropped: uint32(i)})
	}
	scope := &store.Scope{Name: "http", Version: "1.2", Dropped: 3, Attrs: store.Attrs{{Key: "scope.kind", Value: store.String("auto")}}}
	var spans []store.Span
	for len(spans) < n {
		spans = append(spans, oneTrace(r, resources, scope)...)
	}
	spans = spans[:n]
	r.Shuffle(n, func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	return spans
}

func oneTrace(r *rand.Rand, resources []*store.Resource, scope *store.Scope) []store.Span {
	id := newTraceID(r)
	start := Start.UnixNano() + r.Int64N(int64(20*time.Minute))
	spans := make([]store.Span, 1+r.IntN(12))
	for i := range spans {
		s := &spans[i]
		at := r.IntN(len(services))
		*s = store.Span{
			TraceID: id, SpanID: newSpanID(r), Name: operations[r.IntN(len(operations))],
			Kind: store.SpanKind(r.IntN(6)), Service: services[at], Resource: resources[at],
			Start: start, End: start + r.Int64N(int64(2*time.Second)), Attrs: values(r),
		}
		s.Attrs = append(s.Attrs, store.Attr{Key: "http.response.status_code", Value: store.Int(int64(200 + r.IntN(4)*100))})
		if i > 0 {
			parent := &spans[r.IntN(i)]
			s.ParentID = parent.SpanID
			s.Start = parent.Start + r.Int64N(int64(time.Second))
			s.End = s.Start + r.Int64N(int64(time.Second))
		}
		if r.IntN(8) == 0 {
			s.Status, s.StatusMessage = store.StatusError, "it broke"
		}
		if r.IntN(2) == 0 {
			s.Scope = scope
		}
		if r.IntN(4) == 0 {
			decorate(r, s)
		}
	}
	return spans
}

// decorate fills what most spans do not have.
func decorate(r *rand.Rand, s *store.Span) {
	s.TraceState, s.Flags = "vendor=1,other=2", 0x101
	s.Dropped, s.DroppedEvents, s.DroppedLinks = r.Uint32(), r.Uint32(), r.Uint32()
	for range r.IntN(3) {
		s.Events = append(s.Events, store.SpanEvent{Time: s.Start + 5, Name: "exception", Attrs: values(r), Dropped: r.Uint32()})
		s.Links = append(s.Links, store.SpanLink{
			TraceID: newTraceID(r), SpanID: newSpanID(r), TraceState: "a=b", Flags: 1, Attrs: values(r), Dropped: 2,
		})
	}
}

func newTraceID(r *rand.Rand) (id store.TraceID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] |= 1
	return id
}

func newSpanID(r *rand.Rand) (id store.SpanID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] |= 1
	return id
}

// RecordCorpus makes n log records, roughly in order of time; equal seeds make
// equal records. Each has an attribute n that counts them.
func RecordCorpus(seed uint64, n int) []store.Record {
	r := rand.New(rand.NewPCG(seed, 2))
	var resources []*store.Resource
	for _, s := range services {
		attrs := store.Attrs{{Key: "service.name", Value: store.String(s)}, {Key: "host.name", Value: store.String("node-1")}}
		resources = append(resources, &store.Resource{Attrs: attrs})
	}
	levels := []store.Level{store.LevelUnset, store.LevelDebug, store.LevelInfo, store.LevelInfo, store.LevelInfo, store.LevelWarn, store.LevelError, 24}
	records := make([]store.Record, n)
	for i := range records {
		at, level := r.IntN(len(services)), levels[r.IntN(len(levels))]
		records[i] = store.Record{
			Time:  Start.UnixNano() + int64(i)*int64(20*time.Minute)/int64(n) - r.Int64N(int64(time.Second)),
			Level: level, LevelText: level.Word(), Service: services[at], Resource: resources[at],
			Body:  store.String(sentences[r.IntN(len(sentences))]),
			Attrs: append(values(r), store.Attr{Key: "n", Value: store.Int(int64(i))}),
		}
		if r.IntN(2) == 0 {
			records[i].TraceID, records[i].SpanID = newTraceID(r), newSpanID(r)
		}
	}
	return records
}

package logs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
)

func appendAll(t testing.TB, s *logs.Store, records ...store.Record) {
	t.Helper()
	if err := s.Append(context.Background(), records); err != nil {
		t.Fatal(err)
	}
}

func TestAppendRefusesWhatIsTooLargeAndKeepsTheRest(t *testing.T) {
	deep := store.Int(1)
	for range 30 {
		deep = store.List(deep)
	}
	at := scriptStart.UnixNano()
	many := make(store.Attrs, 9000)
	for i := range many {
		many[i] = store.Attr{Key: fmt.Sprint(i)}
	}
	for name, bad := range map[string]store.Record{
		"long body":     {Time: at, Body: store.String(strings.Repeat("x", 2<<20))},
		"deep value":    {Time: at, Attrs: store.Attrs{{Key: "a", Value: deep}}},
		"many fields":   {Time: at, Attrs: many},
		"long resource": {Time: at, Resource: &store.Resource{Attrs: store.Attrs{{Key: "a", Value: store.Bytes(make([]byte, 2<<20))}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			good := store.Record{Time: at, Body: store.String("good")}
			err := s.Append(context.Background(), []store.Record{good, bad, good})
			var p *store.PartialError
			if !errors.As(err, &p) || p.Rejected != 1 || p.Reason == "" {
				t.Fatalf("got %v", err)
			}
			if got := search(t, s, store.LogQuery{Range: scriptRange()}); len(got) != 2 {
				t.Errorf("%d records kept, want 2", len(got))
			}
		})
	}
}

func TestAppendGivesATimeToRecordsWithout(t *testing.T) {
	now := scriptStart.Add(time.Minute)
	s, err := logs.Open(t.TempDir(), logs.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := scriptStart.Add(time.Second).UnixNano()
	appendAll(t, s, store.Record{Body: store.String("a")}, store.Record{Body: store.String("b"), Observed: seen})
	var got []int64
	for r, err := range s.Search(context.Background(), store.LogQuery{Range: scriptRange()}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Time)
	}
	if want := []int64{now.UnixNano(), seen}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	r := store.Record{
		Time: scriptStart.UnixNano(), Observed: 5, Level: 11, LevelText: "INFO+2", Service: "s", Body: store.Map(store.Attrs{{Key: "k", Value: store.Value{}}}),
		EventName: "e", TraceID: store.TraceID{1}, SpanID: store.SpanID{2}, Flags: 1, Dropped: 3, Raw: "{\xff}",
		Attrs: store.Attrs{{Key: "", Value: store.Value{}}, {Key: "\x00msg", Value: store.String("x")}, {Key: "\x03", Value: store.Bytes([]byte{0, 255})},
			{Key: "a", Value: store.Float(-0.5)}, {Key: "a", Value: store.List(store.Bool(true), store.String(""))}},
		Resource: &store.Resource{Attrs: store.Attrs{{Key: "\x00", Value: store.Int(-1)}}, Dropped: 1, SchemaURL: "u"},
		Scope:    &store.Scope{Name: "n", Version: "v", Attrs: store.Attrs{{Key: "b", Value: store.Map(nil)}}, Dropped: 2, SchemaURL: "w"},
	}
	every := []store.Record{r}
	for level := range 26 {
		every = append(every, store.Record{Time: r.Time, Level: store.Level(level)})
	}
	s := open(t, t.TempDir())
	appendAll(t, s, every...)
	i := 0
	for got, err := range s.Search(context.Background(), store.LogQuery{Range: scriptRange(), Oldest: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if g, w := normal(got), normal(every[i]); g != w {
			t.Errorf("got  %s\nwant %s", g, w)
		}
		i++
	}
	if i != len(every) {
		t.Errorf("%d records came back of %d", i, len(every))
	}
}

func TestSearchGivesRecordsAway(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 50 {
		appendAll(t, s, store.Record{Time: scriptStart.UnixNano() + int64(i), Body: store.String(fmt.Sprint("body ", i)), Service: fmt.Sprint("s", i),
			Attrs: store.Attrs{{Key: fmt.Sprint("k", i), Value: store.List(store.String(fmt.Sprint("v", i)))}}})
	}
	var kept []store.Record
	for r := range s.Search(context.Background(), store.LogQuery{Range: scriptRange(), Oldest: true}) {
		kept = append(kept, r)
	}
	for i, r := range kept {
		if want := fmt.Sprintf("body %d s%d k%d [\"v%d\"]", i, i, i, i); fmt.Sprintf("%s %s %s %s", r.Message(), r.Service, r.Attrs[0].Key, r.Attrs[0].Value.Text()) != want {
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

func TestQueriesOfAWrongLanguageOrTextAreRefused(t *testing.T) {
	s, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, q := range []store.LogQuery{{Text: "level:nope"}, {Narrow: "level:nope"}, {Text: "{}", Syntax: store.LogQL}, {Syntax: 9}} {
		var qe *store.QueryError
		for _, err := range s.Search(context.Background(), q) {
			if !errors.As(err, &qe) {
				t.Errorf("%+v: %v", q, err)
			}
		}
		if _, err := s.Volume(context.Background(), q, time.Second); !errors.As(err, &qe) {
			t.Errorf("%+v: volume: %v", q, err)
		}
		if _, err := s.Values(context.Background(), store.FacetQuery{LogQuery: q}); !errors.As(err, &qe) {
			t.Errorf("%+v: values: %v", q, err)
		}
		if _, err := s.Facets(context.Background(), q, 1); !errors.As(err, &qe) {
			t.Errorf("%+v: facets: %v", q, err)
		}
	}
	for _, step := range []time.Duration{0, -1, 1} {
		if _, err := s.Volume(context.Background(), store.LogQuery{Range: scriptRange()}, step); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("step %d: %v", step, err)
		}
	}
}

func TestLabelsInEveryState(t *testing.T) {
	var records []store.Record
	for i := range 300 {
		records = append(records, store.Record{Time: scriptStart.UnixNano() + int64(i), Level: []store.Level{0, 9, 17}[i%3], Service: []string{"api", "web"}[i%2],
			Body: store.String(strings.Repeat("x", 300)), Attrs: store.Attrs{{Key: "http.method", Value: store.String("GET")}},
			Resource: &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("api")}, {Key: "host.name", Value: store.String(fmt.Sprint("n", i%2))}}}})
	}
	ctx := context.Background()
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		names, err := s.LabelNames(ctx, scriptRange())
		if want := []string{"host_name", "level", "service_name"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("got %q, %v, want %q", names, err, want)
		}
		for name, want := range map[string][]string{
			"service_name": {"api", "web"}, "service": {"api", "web"}, "level": {"error", "info", "unset"}, "detected_level": {"error", "info", "unset"},
			"host_name": {"n0", "n1"}, "host.name": {"n0", "n1"}, "http_method": {"GET"}, "nothing": nil,
		} {
			if got, err := s.LabelValues(ctx, name, scriptRange()); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
			}
		}
		if got, err := s.LabelNames(ctx, store.TimeRange{From: 1, To: 2}); err != nil || len(got) != 0 {
			t.Errorf("outside of the range: %q, %v", got, err)
		}
	})
}

func TestVolumeHasEveryStep(t *testing.T) {
	s := open(t, t.TempDir())
	minute := int64(time.Minute)
	at := scriptStart.UnixNano()
	for i, l := range []store.Level{0, 1, 5, 9, 13, 17, 21, 21} {
		appendAll(t, s, store.Record{Time: at + 2*minute + int64(i), Level: l})
	}
	got, err := s.Volume(context.Background(), store.LogQuery{Range: store.TimeRange{From: at, To: at + 4*minute}}, time.Minute)
	want := []store.LogBucket{{Start: at}, {Start: at + minute}, {Start: at + 2*minute, Counts: [7]int64{1, 1, 1, 1, 1, 1, 2}}, {Start: at + 3*minute}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// benchRecords are lines of the planner's form, a millisecond apart.
func benchRecords(n int) []store.Record {
	res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("planner-api")}, {Key: "host.name", Value: store.String("node-b")}}}
	out := make([]store.Record, n)
	for i := range out {
		out[i] = store.Record{Service: "planner-api", Resource: res}
		out[i].SetLine(fmt.Sprintf(`{"level":"%s","time":%d,"pid":7,"hostname":"node-b","reqId":"req-%x","userId":%d,"msg":"%s %d ms","trace_id":"%032x","span_id":"%016x","http.route":"/api/tasks","http.status":%d}`,
			store.LevelNames[1+i%4], scriptStart.UnixMilli()+int64(i), i*7919, i%5000, []string{"request completed in", "db pool: timed out after", "cache miss for tasks in"}[i%3], i%977, i+1, i+1, 200+i%300))
	}
	return out
}

func BenchmarkAppend(b *testing.B) {
	records := benchRecords(1000)
	s, err := logs.Open(b.TempDir(), logs.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for s.Append(ctx, records) != nil { // overloaded: the flusher is behind
			time.Sleep(time.Millisecond)
		}
		n += len(records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkSearch(b *testing.B) {
	records := benchRecords(50_000)
	dir := b.TempDir()
	s, err := logs.OpenTuned(dir, logs.Options{}, events.Options{HeadBytes: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for batch := range slices.Chunk(records, 1000) {
		appendAll(b, s, batch...)
	}
	for name, q := range map[string]store.LogQuery{
		"newest100":  {Limit: 100},
		"phrase":     {Text: `"pool: timed out" -level:error`, Limit: 100_000},
		"needle":     {Text: `req-deadbeef`},
		"field":      {Text: `http.status:499`},
		"loose":      {Text: `http_status:499`},
		"errors":     {Text: `level:>=error`, Limit: 100},
		"linefilter": {Text: `line:~"req-deadbeef"`},
	} {
		q.Range = scriptRange()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, err := range s.Search(context.Background(), q) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
		})
	}
	b.Run("volume", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Volume(context.Background(), store.LogQuery{Range: scriptRange()}, time.Minute); err != nil {
				b.Fatal(err)
			}
		}
	})
}

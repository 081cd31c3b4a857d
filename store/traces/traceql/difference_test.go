package traceql

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tripod/store"
)

// TestCompareCounts counts spans in no order, with texts that look like other
// values, keys in changing places and some that come twice.
func TestCompareCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []store.Value{store.Int(5), store.String("5"), store.Float(5), store.Bool(true), store.String("true"), store.List(store.Int(5)), store.String(""), store.Int(-5)}
	q, err := Parse(`{} | compare({ status = error }, 1000)`)
	if err != nil {
		t.Fatal(err)
	}
	const steps = 20
	s, err := q.NewSeries(store.TimeRange{From: scriptStart, To: scriptStart + steps}, 1, 0, scriptStart)
	if err != nil {
		t.Fatal(err)
	}
	want, resources := map[string]float64{}, []*store.Resource{nil, {}, {}}
	attrs := func() (out store.Attrs) {
		for range r.IntN(4) {
			out = append(out, store.Attr{Key: string(rune('a' + r.IntN(3))), Value: values[r.IntN(len(values))]})
		}
		return out
	}
	resources[1].Attrs, resources[2].Attrs = attrs(), attrs()
	for range 3000 {
		span := store.Span{SpanID: numberedSpan(1), Name: fmt.Sprint("op", r.IntN(3)), Kind: store.SpanKind(r.IntN(6)), Status: store.StatusCode(r.IntN(3)),
			Start: scriptStart + r.Int64N(steps), Attrs: attrs(), Resource: resources[r.IntN(3)]}
		if err := s.Add(Alone(span), 0, 1); err != nil {
			t.Fatal(err)
		}
		count := func(field, text string) {
			want[fmt.Sprint(sideNames[oneIf(span.Status == store.StatusError)], field, text, span.Start)]++
		}
		count("name", span.Name)
		count("status", statusWord(int64(span.Status)))
		count("kind", span.Kind.String())
		for _, a := range span.Attrs {
			count("span."+a.Key, of(a.Value).text())
		}
		if span.Resource != nil {
			for _, a := range span.Resource.Attrs {
				count("resource."+a.Key, of(a.Value).text())
			}
		}
	}
	series, err := s.Answer()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, one := range series {
		for _, p := range one.Points {
			got[fmt.Sprint(one.Labels[0].Value.Str(), one.Labels[1].Key, one.Labels[1].Value.Text(), p.Time)] += p.Value
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d numbers, want %d", len(got), len(want))
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: got %v, want %v", key, got[key], n)
		}
	}
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func BenchmarkCompare(b *testing.B) {
	const n = 100_000
	spans := benchTree(n).Spans
	resource := &store.Resource{}
	for _, key := range []string{"service.name", "service.version", "host.name", "telemetry.sdk.language"} {
		resource.Attrs = append(resource.Attrs, store.Attr{Key: key, Value: store.String(key + " of all")})
	}
	q, err := Parse(`{} | compare({ status = error })`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := q.NewSeries(store.TimeRange{From: scriptStart, To: scriptStart + n}, time.Microsecond, 0, scriptStart)
		if err != nil {
			b.Fatal(err)
		}
		t := Alone(store.Span{})
		for i := range spans {
			t.Spans[0] = spans[i]
			t.Spans[0].Resource = resource
			if err := s.Add(t, 0, 1); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := s.Answer(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
}

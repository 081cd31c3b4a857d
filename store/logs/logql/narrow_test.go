package logql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

func TestNarrowedQueriesSeeFewerRecords(t *testing.T) {
	s, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	en, ctx := logql.New(s), context.Background()
	start := time.Unix(1_700_000_000, 0)
	var batch []store.Record
	for i := range 10 {
		batch = append(batch, store.Record{Time: start.UnixNano() + int64(i), Service: "api", Body: store.String("x"), Attrs: store.Attrs{{Key: "n", Value: store.Int(int64(i))}}})
	}
	if err := s.Append(ctx, batch); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{"": 10, "n:<3": 3, "n:<3 or n:9": 4, "service:web": 0} {
		q := store.LogQuery{Text: `{service_name="api"}`, Narrow: line, Range: store.Between(start, start.Add(time.Second))}
		got := 0
		for _, err := range en.Lines(ctx, q) {
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		if got != want {
			t.Errorf("%q: got %d lines, want %d", line, got, want)
		}
		for _, text := range []string{`sum(count_over_time({service_name="api"}[1h]))`, `sum(count_over_time({service_name="api"} | n >= 0 [1h]))`} {
			series, err := en.Metric(ctx, store.LogMetricQuery{Text: text, Narrow: line, From: start.Add(time.Minute).UnixNano(), To: start.Add(time.Minute).UnixNano()})
			if err != nil {
				t.Fatal(err)
			}
			if want == 0 && len(series) == 0 {
				continue
			}
			if len(series) != 1 || series[0].Points[0].Value != float64(want) {
				t.Errorf("%q: %s: got %+v, want %d", line, text, series, want)
			}
		}
	}
	var qe *store.QueryError
	if _, err := en.Metric(ctx, store.LogMetricQuery{Text: `count_over_time({}[1h])`, Narrow: "level:nope"}); !errors.As(err, &qe) || qe.Query != "level:nope" {
		t.Errorf("a broken line: %v", err)
	}
}

package logql_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs/logql"
)

func TestMetricsAreBounded(t *testing.T) {
	s := openStore(t)
	var batch []store.Record
	for i := range 10_001 {
		batch = append(batch, store.Record{Time: scriptStart.UnixNano() + int64(i), Body: store.String(fmt.Sprintf("id=%d", i))})
	}
	if err := s.Append(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query string
		steps int
		want  error
	}{
		"too many series":        {`count_over_time({} | logfmt [1h])`, 1, store.ErrTooLarge},
		"few series of them all": {`count(sum by (id) (count_over_time({} |= "id=1" | logfmt [1h])))`, 2, nil},
		"too many values":        {`count_over_time({} |= "id=1" | logfmt [1h])`, 10_000, store.ErrTooLarge},
		"too many steps":         {`vector(1)`, 11_001, store.ErrInvalid},
		"as many steps as may":   {`vector(1)`, 11_000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := store.LogMetricQuery{Text: c.query, From: scriptStart.Add(time.Minute).UnixNano(), Step: time.Millisecond}
			q.To = q.From + int64(c.steps-1)*int64(time.Millisecond)
			if _, err := logql.New(s).Metric(context.Background(), q); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// Every stage in one query, over JSON lines as pino writes them.
func BenchmarkMetric(b *testing.B) {
	s := openStore(b)
	const lines = 20_000
	var batch []store.Record
	for i := range lines {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i)*int64(time.Millisecond), Service: "planner-api"}
		r.SetLine(fmt.Sprintf(`{"level":30,"time":1773324000000,"pid":7,"reqId":"req-%d","req":{"method":"GET","url":"/api/tasks"},"responseTime":%d,"msg":"request completed"}`, i, i%97))
		batch = append(batch, r)
	}
	if err := s.Append(context.Background(), batch); err != nil {
		b.Fatal(err)
	}
	for name, query := range map[string]string{
		"level":  `sum by (level) (count_over_time({}[1m]))`,
		"line":   `sum by (service_name) (count_over_time({} |= "request"[1m]))`,
		"json":   `sum by (req_method) (count_over_time({} | json [1m]))`,
		"unwrap": `quantile_over_time(0.95, {} | json | unwrap responseTime [1m]) by (req_url)`,
	} {
		b.Run(name, func(b *testing.B) {
			q := store.LogMetricQuery{Text: query, From: scriptStart.UnixNano(), To: scriptStart.Add(time.Minute).UnixNano(), Step: time.Second}
			for b.Loop() {
				if _, err := logql.New(s).Metric(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

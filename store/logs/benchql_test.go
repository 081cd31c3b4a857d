package logs_test

import (
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// BenchmarkLogQL asks with and without pushing down.
func BenchmarkLogQL(b *testing.B) {
	s, hour, _, trace := logs.BenchStore(b)
	engines := map[string]*logql.Engine{"pushed": logql.New(s), "naive": logql.NewNaive(s)}
	for _, c := range []struct {
		name, text string
		step       time.Duration
		limit      int
	}{
		{"top routes", `topk(10, sum by (http_route) (count_over_time({} | json [1h])))`, 0, 0},
		{"top routes of errors", `topk(10, sum by (http_route) (count_over_time({} | json | http_status_code >= 500 [1h])))`, 0, 0},
		{"quantile by route", `quantile_over_time(0.95, {} | json | unwrap duration_ms [1h]) by (http_route)`, 0, 0},
		{"levels", `sum by (detected_level) (count_over_time({} [15s]))`, 15 * time.Second, 0},
		{"levels of a word", `sum by (detected_level) (count_over_time({} |= "refused by" [15s]))`, 15 * time.Second, 0},
		{"levels behind json", `sum by (level, detected_level) (count_over_time({} | json [15s]))`, 15 * time.Second, 0},
		{"bytes by service", `sum by (service_name) (bytes_over_time({} [1h]))`, 0, 0},
		{"lines by number", `{} | json | http_status_code = 500`, 0, 100},
		{"rare lines by number", `{} | json | duration_ms > 89.99`, 0, 100},
		{"lines by text", `{} | json | hostname = "node-1" | level = "error"`, 0, 100},
		{"trace", `{} | json | trace_id = "` + trace + `"`, 0, 100},
		{"lines of a template", `{} |> "<_>refused by db-<_> after <_>"`, 0, 100},
	} {
		for name, engine := range engines {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if c.limit == 0 {
						q := store.LogMetricQuery{Text: c.text, From: hour.To, To: hour.To, Step: c.step}
						if c.step > 0 {
							q.From = hour.From + int64(c.step)
						}
						if _, err := engine.Metric(b.Context(), q); err != nil {
							b.Fatal(err)
						}
						continue
					}
					for _, err := range engine.Lines(b.Context(), store.LogQuery{Range: hour, Text: c.text, Limit: c.limit}) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

package parallel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"tripod/store/metrics/parallel"
)

// fleet is an hour of 15 s samples of 10,000 series: 6,400 counters and 300
// histograms of 12 buckets.
func fleet(b *testing.B) storage.Queryable {
	o := tsdb.DefaultOptions()
	o.StripeSize = 1 << 10
	db, err := tsdb.Open(b.TempDir(), nil, nil, o, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	rnd := rand.New(rand.NewPCG(1, 1))
	var series []labels.Labels
	for i := range 6400 {
		series = append(series, labels.FromStrings("__name__", "hits_total", "job", fmt.Sprint("job", i%8), "instance", fmt.Sprint("host", i/64), "route", fmt.Sprint("/r", i%64), "group", fmt.Sprint(i*4/6400)))
	}
	for i := range 3600 {
		series = append(series, labels.FromStrings("__name__", "lat_bucket", "job", fmt.Sprint("job", i/12%4), "instance", fmt.Sprint("host", i/12), "le", fmt.Sprint(float64(i%12+1)/10)))
	}
	values, refs := make([]float64, len(series)), make([]storage.SeriesRef, len(series))
	for n := range int64(240) {
		app := db.Appender(b.Context())
		for i, ls := range series {
			values[i] += float64(rnd.IntN(100))
			if refs[i], err = app.Append(refs[i], ls, base+n*15_000, values[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

// BenchmarkInstant asks for one moment.
func BenchmarkInstant(b *testing.B) {
	db := fleet(b)
	stock := stockEngine(20_000_000)
	at := time.UnixMilli(base + 239*15_000)
	for name, e := range map[string]interface {
		NewInstantQuery(context.Context, storage.Queryable, promql.QueryOpts, string, time.Time) (promql.Query, error)
	}{"stock": stock, "ours": parallel.New(stock, parallel.Options{MaxSamples: 20_000_000})} {
		b.Run("sum_rate_6400/"+name, func(b *testing.B) {
			for b.Loop() {
				q, err := e.NewInstantQuery(b.Context(), db, nil, `sum by (job) (rate(hits_total[5m]))`, at)
				if err != nil {
					b.Fatal(err)
				}
				if res := q.Exec(b.Context()); res.Err != nil {
					b.Fatal(res.Err)
				}
				q.Close()
			}
		})
	}
}

// BenchmarkQueries asks what dashboards ask, of the stock engine and of ours.
func BenchmarkQueries(b *testing.B) {
	db := fleet(b)
	const maxSamples = 20_000_000
	stock := stockEngine(maxSamples)
	from, to := time.UnixMilli(base), time.UnixMilli(base+239*15_000)
	engines := []struct {
		name   string
		engine promql.QueryEngine
	}{{"stock", stock}, {"ours", parallel.New(stock, parallel.Options{MaxSamples: maxSamples})},
		{"again", parallel.New(stock, parallel.Options{MaxSamples: maxSamples, Changes: &since{version: 1}})}}
	for name, expr := range map[string]string{
		"rate_1600":     `rate(hits_total{group="1"}[5m])`,
		"sum_rate_6400": `sum by (job) (rate(hits_total[5m]))`,
		"quantile_3600": `histogram_quantile(0.95, sum by (le, job) (rate(lat_bucket[5m])))`,
		"topk_rate":     `topk(5, rate(hits_total{group="1"}[5m]))`,
		"avg_6400":      `avg by (route) (hits_total)`,
		"avg_over_time": `avg by (job) (avg_over_time(hits_total[10m]))`,
		"max_over_time": `max by (job) (max_over_time(hits_total[10m]))`,
		"count_regex":   `count by (job) (hits_total{route=~"/r[1-5].*",instance=~"host.*[02468]"})`,
	} {
		for _, e := range engines {
			b.Run(name+"/"+e.name, func(b *testing.B) {
				for b.Loop() {
					q, err := e.engine.NewRangeQuery(b.Context(), db, nil, expr, from, to, 15*time.Second)
					if err != nil {
						b.Fatal(err)
					}
					if res := q.Exec(b.Context()); res.Err != nil {
						b.Fatal(res.Err)
					}
					q.Close()
				}
			})
		}
	}
}

package observed

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// depthTimeout bounds what a scrape waits for the queue.
const depthTimeout = 200 * time.Millisecond

// Pool is the state of a connection pool.
type Pool struct {
	InUse, Max int
	Waiting    int // callers that wait for a connection now
}

// Watch reads the pool and the queues at each scrape. A queue that does not
// answer has no sample.
func (m *Metrics) Watch(reg prometheus.Registerer, pool func() Pool, queues []string, depth func(ctx context.Context, queue string) (int64, error)) {
	reg.MustRegister(&gauges{
		pool: pool, queues: queues, depth: depth,
		inUse:   prometheus.NewDesc("planner_db_pool_in_use", "Database connections in use.", nil, nil),
		max:     prometheus.NewDesc("planner_db_pool_max", "Most database connections allowed.", nil, nil),
		waiting: prometheus.NewDesc("planner_db_pool_waiting", "Callers that wait for a connection.", nil, nil),
		queue:   prometheus.NewDesc("planner_queue_depth", "Jobs that are not finished.", []string{"queue"}, nil),
	})
}

type gauges struct {
	pool                       func() Pool
	queues                     []string
	depth                      func(context.Context, string) (int64, error)
	inUse, max, waiting, queue *prometheus.Desc
}

func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- g.inUse
	ch <- g.max
	ch <- g.waiting
	ch <- g.queue
}

func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	p := g.pool()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(g.inUse, float64(p.InUse))
	gauge(g.max, float64(p.Max))
	gauge(g.waiting, float64(p.Waiting))
	ctx, cancel := context.WithTimeout(context.Background(), depthTimeout)
	defer cancel()
	for _, q := range g.queues {
		if n, err := g.depth(ctx, q); err == nil {
			gauge(g.queue, float64(n), q)
		}
	}
}

package appliance

import "github.com/prometheus/client_golang/prometheus"

// seriesMetrics tells at the time of the scrape which samples the metric store
// refused, and how many series it made.
type seriesMetrics struct {
	store interface {
		Refusals() map[string]int64
		Born() int64
	}
	refused, born *prometheus.Desc
}

func newSeriesMetrics(store interface {
	Refusals() map[string]int64
	Born() int64
}) *seriesMetrics {
	return &seriesMetrics{
		store:   store,
		refused: prometheus.NewDesc("tripod_metrics_samples_refused_total", "Samples refused since start, by reason.", []string{"reason"}, nil),
		born:    prometheus.NewDesc("tripod_metrics_series_created_total", "Series made since start.", nil, nil),
	}
}

func (m *seriesMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.refused
	ch <- m.born
}

func (m *seriesMetrics) Collect(ch chan<- prometheus.Metric) {
	for reason, n := range m.store.Refusals() {
		ch <- prometheus.MustNewConstMetric(m.refused, prometheus.CounterValue, float64(n), reason)
	}
	ch <- prometheus.MustNewConstMetric(m.born, prometheus.CounterValue, float64(m.store.Born()))
}

package appliance

import "github.com/prometheus/client_golang/prometheus"

// seriesMetrics tells at the time of the scrape which samples the metric store
// refused, and how many series it made.
type seriesMetrics struct {
	store interface {
		Refusals() map[string]int64
		Born() int64
	}
	skipped                      func() map[string]int64 // scrapes, by reason
	refused, born, skippedScrape *prometheus.Desc
}

func newSeriesMetrics(store interface {
	Refusals() map[string]int64
	Born() int64
}, skipped func() map[string]int64) *seriesMetrics {
	return &seriesMetrics{
		store: store, skipped: skipped,
		skippedScrape: prometheus.NewDesc("tripod_scrapes_refused_total", "Scrapes of which nothing was kept because of a limit of their job, since start.", []string{"reason"}, nil),
		refused:       prometheus.NewDesc("tripod_metrics_samples_refused_total", "Samples refused since start, by reason.", []string{"reason"}, nil),
		born:          prometheus.NewDesc("tripod_metrics_series_created_total", "Series made since start.", nil, nil),
	}
}

func (m *seriesMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.refused
	ch <- m.born
	ch <- m.skippedScrape
}

func (m *seriesMetrics) Collect(ch chan<- prometheus.Metric) {
	for reason, n := range m.store.Refusals() {
		ch <- prometheus.MustNewConstMetric(m.refused, prometheus.CounterValue, float64(n), reason)
	}
	for reason, n := range m.skipped() {
		ch <- prometheus.MustNewConstMetric(m.skippedScrape, prometheus.CounterValue, float64(n), reason)
	}
	ch <- prometheus.MustNewConstMetric(m.born, prometheus.CounterValue, float64(m.store.Born()))
}

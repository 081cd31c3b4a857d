package appliance

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tripod/alerting/notify"
)

// alertMeters count what the pipeline of alerts does, under Alertmanager's
// names where it has one.
type alertMeters struct {
	attempts, failed *prometheus.CounterVec   // by receiver
	took             *prometheus.HistogramVec // by receiver
	refused          prometheus.Counter
	gathered         prometheus.Histogram // evidence
	missing          prometheus.Counter   // parts of it
}

func newAlertMeters() *alertMeters {
	by := []string{"receiver_name"}
	return &alertMeters{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alertmanager_notification_requests_total", Help: "Attempts to deliver a notification."}, by),
		failed:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "alertmanager_notification_requests_failed_total", Help: "Attempts that failed; they are made again."}, by),
		took:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "alertmanager_notification_latency_seconds", Help: "Time of an attempt.", Buckets: []float64{0.1, 1, 5, 15}}, by),
		refused:  prometheus.NewCounter(prometheus.CounterOpts{Name: "tripod_alerts_refused_total", Help: "Alerts that were refused because too many fire at one time."}),
		gathered: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tripod_alert_evidence_seconds", Help: "Time in which the evidence of an alert was gathered.", Buckets: []float64{0.1, 0.5, 1, 2, 5}}),
		missing:  prometheus.NewCounter(prometheus.CounterOpts{Name: "tripod_alert_evidence_missing_total", Help: "Parts of the evidence of alerts that could not be had."}),
	}
}

// Describe fits prometheus.Collector.
func (m *alertMeters) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(out)
	}
}

// Collect fits prometheus.Collector.
func (m *alertMeters) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(out)
	}
}

func (m *alertMeters) all() []prometheus.Collector {
	return []prometheus.Collector{m.attempts, m.failed, m.took, m.refused, m.gathered, m.missing}
}

func (m *alertMeters) evidence(took time.Duration, missing int) {
	m.gathered.Observe(took.Seconds())
	m.missing.Add(float64(missing))
}

func (m *alertMeters) events() notify.Events {
	return notify.Events{
		Attempt: func(receiver string, took time.Duration, err error) {
			m.attempts.WithLabelValues(receiver).Inc()
			m.took.WithLabelValues(receiver).Observe(took.Seconds())
			if err != nil {
				m.failed.WithLabelValues(receiver).Inc()
			}
		},
		Refused: m.refused.Inc,
	}
}

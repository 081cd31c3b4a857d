package observed

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// buckets are in seconds, around what is felt as instant, quick and slow.
var buckets = []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are the planner's, for all of its services. Process and runtime
// metrics come with the program, not from here.
type Metrics struct {
	duration *prometheus.HistogramVec
	requests *prometheus.CounterVec
	errors   *prometheus.CounterVec
	build    *prometheus.GaugeVec

	signups, created, completed, streaks, reminders prometheus.Counter

	jobs       *prometheus.CounterVec
	jobTime    *prometheus.HistogramVec
	cacheFails prometheus.Counter
}

// NewMetrics registers everything with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	red := []string{"http_route", "http_request_method", "http_response_status_code", "service_name"}
	m := &Metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_server_request_duration_seconds",
			Help: "Time from the request's headers to the end of the answer.", Buckets: buckets}, red),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_server_requests_total",
			Help: "Requests answered."}, red),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_server_request_errors_total",
			Help: "Requests answered with a status of 500 or above."}, red),
		build: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "planner_build_info",
			Help: "1 for each running service and its version."}, []string{"service_name", "service_version"}),
		signups:   counter("planner_signups_total", "Accounts made."),
		created:   counter("planner_tasks_created_total", "Tasks created by people; occurrences of repeating tasks are not counted."),
		completed: counter("planner_tasks_completed_total", "Tasks completed."),
		streaks:   counter("planner_streaks_updated_total", "Streaks counted anew."),
		reminders: counter("planner_reminders_sent_total", "Reminders sent."),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "planner_jobs_total",
			Help: "Jobs taken from a queue, by outcome."}, []string{"queue", "outcome", "service_name"}),
		jobTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "planner_job_duration_seconds",
			Help: "Time that a job took.", Buckets: buckets}, []string{"queue", "service_name"}),
		cacheFails: counter("planner_cache_failures_total", "Times that the cache did not answer and the database did."),
	}
	reg.MustRegister(m.duration, m.requests, m.errors, m.build, m.signups, m.created, m.completed,
		m.streaks, m.reminders, m.jobs, m.jobTime, m.cacheFails)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// request counts one answer, with the trace as exemplar.
func (m *Metrics) request(ctx context.Context, route, method string, status int, service string, took time.Duration) {
	labels := []string{route, method, strconv.Itoa(status), service}
	ex := exemplar(ctx)
	observe(m.duration.WithLabelValues(labels...), took, ex)
	add(m.requests.WithLabelValues(labels...), ex)
	if status >= 500 {
		add(m.errors.WithLabelValues(labels...), ex)
	}
}

func exemplar(ctx context.Context) prometheus.Labels {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": sc.TraceID().String()}
}

func observe(o prometheus.Observer, took time.Duration, ex prometheus.Labels) {
	if e, ok := o.(prometheus.ExemplarObserver); ok && ex != nil {
		e.ObserveWithExemplar(took.Seconds(), ex)
		return
	}
	o.Observe(took.Seconds())
}

func add(c prometheus.Counter, ex prometheus.Labels) {
	if e, ok := c.(prometheus.ExemplarAdder); ok && ex != nil {
		e.AddWithExemplar(1, ex)
		return
	}
	c.Inc()
}

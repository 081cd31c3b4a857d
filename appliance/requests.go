package appliance

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requestMetrics tells how the main door does, by route pattern.
type requestMetrics struct{ took *prometheus.HistogramVec }

func newRequestMetrics() *requestMetrics {
	return &requestMetrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tripod_http_request_duration_seconds",
		Help:    "Time to answer a request on the main listener.",
		Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
	}, []string{"route", "code"})}
}

func (m *requestMetrics) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, answer := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		route := r.Pattern // set by the mux; bounded, unlike paths
		if route == "" {
			route = "none"
		}
		m.took.WithLabelValues(route, strconv.Itoa(answer.status)).Observe(time.Since(start).Seconds())
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the real writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

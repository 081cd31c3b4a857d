package promread_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/store/metrics"
	"tripod/web/promread"
)

type server struct {
	*httptest.Server
	store *metrics.Store
	now   time.Time
}

// newServer holds an hour of every kind of sample, the last a minute old.
func newServer(t testing.TB, o promread.Options) *server {
	t.Helper()
	s, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	o.Now = func() time.Time { return now }
	seed(t, s, now.Add(-time.Minute))
	mux := http.NewServeMux()
	promread.New(s, o).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{srv, s, now}
}

func seed(t testing.TB, s *metrics.Store, end time.Time) {
	t.Helper()
	app := s.Appender(t.Context())
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	float := func(at time.Time, v float64, kv ...string) {
		_, err := app.Append(0, labels.FromStrings(kv...), at.UnixMilli(), v)
		check(err)
	}
	whole := func(at time.Time, h *histogram.Histogram, fh *histogram.FloatHistogram, kv ...string) {
		_, err := app.AppendHistogram(0, labels.FromStrings(kv...), at.UnixMilli(), h, fh)
		check(err)
	}
	n := int64(0)
	for at := end.Add(-time.Hour); !at.After(end); at = at.Add(15 * time.Second) {
		n++
		for _, host := range []string{"a", "b", "c"} {
			float(at, float64(n), "__name__", "requests_total", "instance", host, "job", "api")
		}
		float(at, float64(n%7), "__name__", "local")
		whole(at, tsdbutil.GenerateTestHistogram(n), nil, "__name__", "native", "job", "api")
		whole(at, nil, tsdbutil.GenerateTestFloatHistogram(n), "__name__", "native_float", "job", "api")
		whole(at, nil, tsdbutil.GenerateTestGaugeFloatHistogram(n), "__name__", "native_gauge", "job", "api")
		whole(at, tsdbutil.GenerateTestCustomBucketsHistogram(n), nil, "__name__", "custom", "job", "api")
	}
	float(end, math.Inf(1), "__name__", "odd", "kind", "inf")
	float(end, 1, "__name__", "utf8.metric", "label.with.dots", "x\"y\\\n")
	float(end.Add(-time.Second), 1, "__name__", "gone")
	float(end, math.Float64frombits(value.StaleNaN), "__name__", "gone")
	float(end.Add(-10*time.Minute), 1, "__name__", "old")
	check(app.Commit())
	app = s.Appender(t.Context())
	float(end.Add(-30*time.Minute-time.Second), 77, "__name__", "requests_total", "instance", "a", "job", "api") // late
	check(app.Commit())
}

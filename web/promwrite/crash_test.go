package promwrite_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"tripod/store/metrics"
	"tripod/store/storetest"
	"tripod/web/promwrite"
)

// A request that was answered with 204 is there after a kill, all series of it.
func TestCrashKeepsRemoteWritesThatWereAnswered(t *testing.T) {
	const series = 50
	storetest.Crash(t, storetest.CrashTest{
		Child: func(dir string, ack func(id string)) error {
			s, err := metrics.Open(dir, metrics.Options{})
			if err != nil {
				return err
			}
			mux := http.NewServeMux()
			promwrite.New(promwrite.Doors{Sink: s, Families: s}, promwrite.Options{}).Register(mux)
			for ms := time.Now().UnixMilli(); ; ms++ {
				req := &prompb.WriteRequest{}
				for i := range series {
					req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
						Labels:  pairs("__name__", "sent", "i", fmt.Sprint(i)),
						Samples: []prompb.Sample{{Value: float64(ms), Timestamp: ms}},
					})
				}
				body, err := req.Marshal()
				if err != nil {
					return err
				}
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/write", bytes.NewReader(snappy.Encode(nil, body))))
				if w.Code != http.StatusNoContent {
					return fmt.Errorf("%d %s", w.Code, w.Body)
				}
				ack(strconv.FormatInt(ms, 10))
			}
		},
		Verify: func(t *testing.T, dir string, acked []string) {
			s, err := metrics.Open(dir, metrics.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			found := count(t, s)
			for _, id := range acked {
				if found[id] != series {
					t.Fatalf("of %s there are %d series, want %d", id, found[id], series)
				}
			}
		},
	})
}

// count is how many series have a sample at each moment.
func count(t *testing.T, s *metrics.Store) map[string]int {
	t.Helper()
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	out := map[string]int{}
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "sent"))
	for set.Next() {
		for it := set.At().Iterator(nil); it.Next() != 0; {
			at, _ := it.At()
			out[strconv.FormatInt(at, 10)]++
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

package metrics_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"tripod/store/metrics"
	"tripod/store/storetest"
)

// Each batch holds one sample of three series at one moment: one that the head
// takes in order, one that is new, and one an hour late. An id is the moment.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{
		Child: func(dir string, ack func(id string)) error {
			s, err := metrics.Open(dir, metrics.Options{})
			if err != nil {
				return err
			}
			for ms := time.Now().UnixMilli(); ; ms++ {
				if err := crashBatch(t, s, ms); err != nil {
					return err
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
			known, late, fresh := read(t, s, "known"), read(t, s, "late"), read(t, s, "fresh")
			last := int64(0)
			for _, id := range acked {
				ms, err := strconv.ParseInt(id, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				if known[ms] != float64(ms) || late[ms-lateness] != float64(ms) || fresh[ms] != float64(ms) {
					t.Fatalf("%d is lost: known %g, late %g, fresh %g", ms, known[ms], late[ms-lateness], fresh[ms])
				}
				last = max(last, ms)
			}
			if last == 0 {
				return
			}
			ex, err := s.Exemplars(t.Context(), "known", time.UnixMilli(last), time.UnixMilli(last))
			if err != nil || len(ex) != 1 || ex[0].Exemplars[0].Labels.Get("trace_id") != fmt.Sprint(last) {
				t.Errorf("exemplar of %d: %v, %v", last, ex, err)
			}
		},
	})
}

const lateness = int64(time.Hour / time.Millisecond)

func crashBatch(t *testing.T, s *metrics.Store, ms int64) error {
	app := s.Appender(t.Context())
	known := labels.FromStrings("__name__", "known")
	for _, x := range []struct {
		ls labels.Labels
		at int64
	}{
		{known, ms},
		{labels.FromStrings("__name__", "late"), ms - lateness},
		{labels.FromStrings("__name__", "fresh", "id", strconv.FormatInt(ms, 10)), ms},
	} {
		if _, err := app.Append(0, x.ls, x.at, float64(ms)); err != nil {
			return err
		}
	}
	e := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", strconv.FormatInt(ms, 10)), Ts: ms, HasTs: true}
	if _, err := app.AppendExemplar(0, known, e); err != nil {
		return err
	}
	return app.Commit()
}

// read is all samples of all series of a metric, by their time.
func read(t *testing.T, s *metrics.Store, name string) map[int64]float64 {
	t.Helper()
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	out := map[int64]float64{}
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			at, v := it.At()
			out[at] = v
		}
		if err := it.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

package scrape_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"tripod/store/metrics"
	"tripod/store/metrics/scrape"
	"tripod/store/storetest"
)

// acking is a sink that says which pages were committed: each series of a page
// has the page's number for a value.
type acking struct {
	*metrics.Store
	ack func(id string)
}

func (s *acking) Appender(ctx context.Context) storage.Appender {
	return &ackingAppender{Appender: s.Store.Appender(ctx), ack: s.ack}
}

type ackingAppender struct {
	storage.Appender
	ack  func(id string)
	page float64
}

func (a *ackingAppender) GetRef(ls labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	return a.Appender.(storage.GetRef).GetRef(ls, hash)
}

func (a *ackingAppender) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if v > firstPage {
		a.page = v
	}
	return a.Appender.Append(ref, ls, t, v)
}

func (a *ackingAppender) Commit() error {
	err := a.Appender.Commit()
	if err == nil && a.page > 0 {
		a.ack(strconv.FormatInt(int64(a.page), 10))
	}
	return err
}

// firstPage is above every value that is no page's number.
const firstPage = 1e12

// A scrape that was committed is there after a kill, all series of it.
func TestCrashKeepsWhatWasScraped(t *testing.T) {
	const series, targets = 50, 20
	storetest.Crash(t, storetest.CrashTest{
		Longest: 1500 * time.Millisecond, // targets are asked at their moments within 50 ms, by a scraper that has to start
		Child: func(dir string, ack func(id string)) error {
			s, err := metrics.Open(dir, metrics.Options{})
			if err != nil {
				return err
			}
			var page atomic.Int64
			page.Store(time.Now().UnixMicro())
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := page.Add(1)
				for i := range series {
					fmt.Fprintf(w, "sent{i=\"%d\"} %d\n", i, n)
				}
			}))
			config := "scrape_configs:\n- job_name: crash\n  scrape_interval: 50ms\n  scrape_timeout: 50ms\n  static_configs:\n"
			for i := range targets {
				config += fmt.Sprintf("  - {targets: [%q], labels: {n: '%d'}}\n", srv.Listener.Addr(), i)
			}
			m, err := scrape.New(scrape.Options{Dir: t.TempDir(), Config: []byte(config), Sink: &acking{s, ack}})
			if err != nil {
				return err
			}
			return m.Run(context.Background())
		},
		Verify: func(t *testing.T, dir string, acked []string) {
			s, err := metrics.Open(dir, metrics.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			found := pages(t, s)
			for _, id := range acked {
				if found[id] != series {
					t.Fatalf("of %s there are %d series, want %d", id, found[id], series)
				}
			}
			t.Logf("%d scrapes were committed", len(acked))
		},
	})
}

// pages is how many series have the number of each page.
func pages(t *testing.T, s *metrics.Store) map[string]int {
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
			_, v := it.At()
			out[strconv.FormatInt(int64(v), 10)]++
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/store"
	"tripod/store/metrics"
)

func open(t testing.TB, dir string, o metrics.Options) *metrics.Store {
	t.Helper()
	s, err := metrics.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type sample struct {
	ls labels.Labels
	at time.Time
	v  float64
}

func write(t testing.TB, s *metrics.Store, samples ...sample) {
	t.Helper()
	app := s.Appender(t.Context())
	for _, x := range samples {
		if _, err := app.Append(0, x.ls, x.at.UnixMilli(), x.v); err != nil {
			t.Fatalf("append %v: %v", x, err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// ask returns an instant query's answer as text.
func ask(t testing.TB, s *metrics.Store, expr string, at time.Time) string {
	t.Helper()
	v, _, err := s.Instant(t.Context(), expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return v.String()
}

func TestWhatIsWrittenIsAnsweredAfterReopening(t *testing.T) {
	dir, now := t.TempDir(), time.Now().Truncate(time.Second)
	s, err := metrics.Open(dir, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	up := labels.FromStrings("__name__", "up", "job", "api")
	write(t, s, sample{up, now.Add(-time.Minute), 0}, sample{up, now, 1})
	app := s.Appender(t.Context())
	h := tsdbutil.GenerateTestHistogram(3)
	if _, err := app.AppendHistogram(0, labels.FromStrings("__name__", "native"), now.UnixMilli(), h, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AppendExemplar(0, up, exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "abc"), Value: 1, Ts: now.UnixMilli(), HasTs: true}); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, metrics.Options{})
	for expr, want := range map[string]string{
		`sum(up)`:                 fmt.Sprintf("{} => 1 @[%d]", now.UnixMilli()),
		`sum_over_time(up[2m])`:   fmt.Sprintf(`{job="api"} => 1 @[%d]`, now.UnixMilli()),
		`histogram_count(native)`: fmt.Sprintf("{} => %d @[%d]", h.Count, now.UnixMilli()),
	} {
		if got := ask(t, s, expr, now); got != want {
			t.Errorf("%s = %s, want %s", expr, got, want)
		}
	}
	found, err := s.Exemplars(t.Context(), `rate(up{job="api"}[5m])`, now.Add(-time.Minute), now)
	if err != nil || len(found) != 1 || found[0].Exemplars[0].Labels.Get("trace_id") != "abc" {
		t.Errorf("exemplars = %v, %v", found, err)
	}
	u := s.Usage()
	if u.Items != 3 || u.Series != 2 || u.Bytes == 0 || u.Newest != now.UnixNano() {
		t.Errorf("usage = %+v", u)
	}
}

func TestAppendRefusesOneSampleAndKeepsTheOthers(t *testing.T) {
	now := time.Now()
	s := open(t, t.TempDir(), metrics.Options{})
	a := labels.FromStrings("__name__", "a")
	write(t, s, sample{a, now, 1})
	app := s.Appender(t.Context())
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"another value for the same moment": {now, storage.ErrDuplicateSampleForTimestamp},
		"older than the window":             {now.Add(-49 * time.Hour), storage.ErrTooOldSample},
		"far ahead":                         {now.Add(time.Hour), storage.ErrOutOfBounds},
		"late, within the window":           {now.Add(-47 * time.Hour), nil},
	} {
		_, err := app.Append(0, a, c.at.UnixMilli(), 2)
		if !errors.Is(err, c.want) || metrics.Refused(err) != (c.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	if u := s.Usage(); u.Accepted != 2 || u.Rejected != 3 {
		t.Errorf("accepted %d, rejected %d, want 2 and 3", u.Accepted, u.Rejected)
	}
	if got, want := ask(t, s, "count_over_time(a[48h])", now), fmt.Sprintf("{} => 2 @[%d]", now.UnixMilli()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestQueriesFailWithWhatTheCallerCanDecideOn(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s := open(t, t.TempDir(), metrics.Options{MaxSamples: 10})
	var many []sample
	for i := range 50 {
		many = append(many, sample{labels.FromStrings("__name__", "m", "i", fmt.Sprint(i)), now, 1})
	}
	write(t, s, many...)
	var q *store.QueryError
	if _, _, err := s.Instant(t.Context(), "sum by (", now); !errors.As(err, &q) || !errors.Is(err, store.ErrInvalid) || q.Pos == 0 {
		t.Errorf("broken query: %v", err)
	}
	if _, _, err := s.Instant(t.Context(), "m", now); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("too many samples: %v", err)
	}
	if _, _, err := s.Instant(t.Context(), `label_replace(vector(1), "a", "$1", "b", "(")`, now); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("cannot be executed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Instant(ctx, "m", now); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, _, err := s.Range(t.Context(), "m", now, now.Add(-time.Hour), time.Second); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("range backwards: %v", err)
	}
}

func TestRuleQueriesGiveVectors(t *testing.T) {
	s := open(t, t.TempDir(), metrics.Options{})
	query := s.QueryFunc()
	for expr, want := range map[string]promql.Vector{
		"1 + 1":         {{T: 5000, F: 2}},
		"vector(3) > 2": {{T: 5000, F: 3}},
		"vector(1) > 2": {},
	} {
		got, err := query(t.Context(), expr, time.Unix(5, 0))
		if err != nil || got.String() != want.String() {
			t.Errorf("%s = %v, %v, want %v", expr, got, err, want)
		}
	}
	if _, err := query(t.Context(), `"text"`, time.Now()); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a string: %v", err)
	}
}

func TestNamesAndSeries(t *testing.T) {
	now := time.Now()
	s := open(t, t.TempDir(), metrics.Options{})
	write(t, s,
		sample{labels.FromStrings("__name__", "up", "job", "b"), now, 1},
		sample{labels.FromStrings("__name__", "up", "job", "a"), now, 1},
		sample{labels.FromStrings("__name__", "down", "job", "c", "zone", "x"), now, 1})
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	names, err := s.LabelNames(t.Context(), from, to)
	if got := fmt.Sprint(names, err); got != "[__name__ job zone] <nil>" {
		t.Error(got)
	}
	values, err := s.LabelValues(t.Context(), "job", from, to)
	if got := fmt.Sprint(values, err); got != "[a b c] <nil>" {
		t.Error(got)
	}
	series, err := s.Series(t.Context(), []string{"up", `{job=~"a|c"}`}, from, to, 0)
	if got := fmt.Sprint(series, err); got != `[{__name__="down", job="c", zone="x"} {__name__="up", job="a"} {__name__="up", job="b"}] <nil>` {
		t.Error(got)
	}
	if series, err = s.Series(t.Context(), []string{"up"}, from, to, 1); len(series) != 1 || err != nil {
		t.Error(series, err)
	}
	if _, err = s.Series(t.Context(), []string{"up{"}, from, to, 0); !errors.Is(err, store.ErrInvalid) {
		t.Error(err)
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	_, err := metrics.Open(t.TempDir(), metrics.Options{Retention: -1, MaxSamples: -1})
	if err == nil {
		t.Fatal("opened")
	}
	for _, want := range []string{"retention is negative", "max samples is negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q", err, want)
		}
	}
}

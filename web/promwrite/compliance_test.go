package promwrite_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
)

// symbols are those of every request of TestRemoteWrite2Specification.
var symbols = []string{"", "__name__", "good", "m", "job", "a", "b", "trace_id", "abc", "help", "seconds", "x\xff"}

const (
	refName = uint32(iota + 1)
	refGood
	refM
	refJob
	refA
	refB
	refTrace
	refABC
	refHelp
	refUnit
	refBroken
	refBehind
)

// What https://prometheus.io/docs/specs/prw/remote_write_spec_2_0 asks of a
// receiver: each case sends one series between two good samples, which are kept
// whatever becomes of it.
func TestRemoteWrite2Specification(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	ms := now.UnixMilli()
	m := []uint32{refName, refM}
	one := []writev2.Sample{{Value: 7, Timestamp: ms}}
	fine := tsdbutil.GenerateTestHistogram(1)
	fine.Schema = 20
	type test struct {
		series  writev2.TimeSeries
		status  int
		written [3]int // of the series alone: samples, histograms, exemplars
		says    string
		stored  map[string]string // value of an expression now
	}
	for name, c := range map[string]test{
		"a sample":             {series: writev2.TimeSeries{LabelsRefs: m, Samples: one}, status: 204, written: [3]int{1, 0, 0}, stored: map[string]string{"m": "7"}},
		"a stale marker":       {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 1, Timestamp: ms - 1000}, {Value: math.Float64frombits(value.StaleNaN), Timestamp: ms}}}, status: 204, written: [3]int{2, 0, 0}, stored: map[string]string{"m": "", "count_over_time(m[1m])": "1"}},
		"unsorted labels":      {series: writev2.TimeSeries{LabelsRefs: []uint32{refJob, refB, refName, refM, refA, refB}, Samples: one}, status: 204, written: [3]int{1, 0, 0}, stored: map[string]string{`m{a="b",job="b"}`: "7"}},
		"an empty label":       {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refM, refJob, 0}, Samples: one}, status: 204, written: [3]int{1, 0, 0}, stored: map[string]string{`m{job=""}`: "7"}},
		"samples out of order": {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 7, Timestamp: ms}, {Value: 6, Timestamp: ms - 5000}}}, status: 204, written: [3]int{2, 0, 0}, stored: map[string]string{"m": "7", "count_over_time(m[1m])": "2"}},
		"the same twice":       {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{one[0], one[0]}}, status: 204, written: [3]int{2, 0, 0}, stored: map[string]string{"count_over_time(m[1m])": "1"}},
		"a start time": {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 7, Timestamp: ms, StartTimestamp: ms - 30_000}}}, status: 204, written: [3]int{1, 0, 0},
			stored: map[string]string{"count_over_time(m[1m])": "2", "min_over_time(m[1m])": "0", fmt.Sprintf("m @ %d", ms/1000-30): "0"}},
		"a start time after it":  {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 7, Timestamp: ms, StartTimestamp: ms + 1}}}, status: 204, written: [3]int{1, 0, 0}, stored: map[string]string{"count_over_time(m[1m])": "1"}},
		"the same start, twice":  {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 1, Timestamp: ms - 10_000, StartTimestamp: ms - 30_000}, {Value: 7, Timestamp: ms, StartTimestamp: ms - 30_000}}}, status: 204, written: [3]int{2, 0, 0}, stored: map[string]string{"count_over_time(m[1m])": "3", "sum_over_time(m[1m])": "8"}},
		"a histogram":            {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, ms, tsdbutil.GenerateTestHistogram(2))}}, status: 204, written: [3]int{0, 1, 0}, stored: map[string]string{"histogram_count(m)": "30"}},
		"a float histogram":      {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{writev2.FromFloatHistogram(0, ms, tsdbutil.GenerateTestFloatHistogram(2))}}, status: 204, written: [3]int{0, 1, 0}, stored: map[string]string{"histogram_count(m)": "30"}},
		"custom buckets":         {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, ms, tsdbutil.GenerateTestCustomBucketsHistogram(2))}}, status: 204, written: [3]int{0, 1, 0}, stored: map[string]string{"histogram_count(m)": fmt.Sprint(tsdbutil.GenerateTestCustomBucketsHistogram(2).Count)}},
		"a histogram's start":    {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{writev2.FromIntHistogram(ms-30_000, ms, tsdbutil.GenerateTestHistogram(2))}}, status: 204, written: [3]int{0, 1, 0}, stored: map[string]string{"count_over_time(m[1m])": "2", fmt.Sprintf("histogram_count(m @ %d)", ms/1000-30): "0"}},
		"too fine a histogram":   {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, ms, fine)}}, status: 204, written: [3]int{0, 1, 0}, stored: map[string]string{"histogram_count(m)": fmt.Sprint(fine.Count)}},
		"an unknown schema":      {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{{Schema: 99, Timestamp: ms, Count: &writev2.Histogram_CountInt{}}}}, status: 400, says: "of m"},
		"a count that is wrong":  {series: writev2.TimeSeries{LabelsRefs: m, Histograms: []writev2.Histogram{{Timestamp: ms, Count: &writev2.Histogram_CountInt{CountInt: 9}, PositiveSpans: []writev2.BucketSpan{{Length: 5}}}}}, status: 400, says: "of m"},
		"an exemplar":            {series: writev2.TimeSeries{LabelsRefs: m, Samples: one, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{refTrace, refABC}, Value: 1, Timestamp: ms}}}, status: 204, written: [3]int{1, 0, 1}},
		"an exemplar's bad ref":  {series: writev2.TimeSeries{LabelsRefs: m, Samples: one, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{refTrace, refBehind}, Value: 1, Timestamp: ms}}}, status: 400, written: [3]int{1, 0, 0}, says: "exemplar of m with a label that refers behind the 12 symbols", stored: map[string]string{"m": "7"}},
		"metadata":               {series: writev2.TimeSeries{LabelsRefs: m, Samples: one, Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE, HelpRef: refHelp, UnitRef: refUnit}}, status: 204, written: [3]int{1, 0, 0}},
		"metadata's bad ref":     {series: writev2.TimeSeries{LabelsRefs: m, Samples: one, Metadata: writev2.Metadata{HelpRef: refBehind}}, status: 400, written: [3]int{1, 0, 0}, says: "metadata of m that refers behind the 12 symbols", stored: map[string]string{"m": "7"}},
		"a label's bad ref":      {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refBehind}, Samples: one}, status: 400, says: "1 rejected: series with a label that refers behind the 12 symbols"},
		"no pairs":               {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refM, refJob}, Samples: one}, status: 400, says: "1 rejected: series with 3 label references, which are no pairs"},
		"a label twice":          {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refM, refA, refB, refA, refJob}, Samples: one}, status: 400, says: `"a" is not unique`},
		"no name":                {series: writev2.TimeSeries{LabelsRefs: []uint32{refJob, refB}, Samples: one}, status: 400, says: "no metric name"},
		"an empty name":          {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, 0}, Samples: one}, status: 400, says: "no metric name"},
		"a label without a name": {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refM, 0, refB}, Samples: one}, status: 400, says: "not valid"},
		"a broken name":          {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refBroken}, Samples: one}, status: 400, says: "not valid"},
		"a broken label":         {series: writev2.TimeSeries{LabelsRefs: []uint32{refName, refM, refBroken, refB}, Samples: one}, status: 400, says: "not valid"},
		"no labels":              {series: writev2.TimeSeries{Samples: one}, status: 400, says: "no metric name"},
		"nothing in it":          {series: writev2.TimeSeries{LabelsRefs: m}, status: 400, says: "series m without a sample or a histogram"},
		"an exemplar alone":      {series: writev2.TimeSeries{LabelsRefs: m, Exemplars: []writev2.Exemplar{{Value: 1, Timestamp: ms}}}, status: 400, says: "series m without a sample or a histogram"},
		"too old":                {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 1, Timestamp: ms - 49*3600_000}}}, status: 400, says: "too old sample of m"},
		"too far ahead":          {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 1, Timestamp: ms + 3600_000}}}, status: 400, says: "out of bounds"},
		"two values at once":     {series: writev2.TimeSeries{LabelsRefs: m, Samples: []writev2.Sample{{Value: 1, Timestamp: ms}, {Value: 2, Timestamp: ms}}}, status: 400, written: [3]int{1, 0, 0}, says: "twice with different values", stored: map[string]string{"m": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			good := func(at int64) writev2.TimeSeries {
				return writev2.TimeSeries{LabelsRefs: []uint32{refName, refGood}, Samples: []writev2.Sample{{Value: 1, Timestamp: at}}}
			}
			status, h, body := s.send(t, proto2, &writev2.Request{Symbols: symbols, Timeseries: []writev2.TimeSeries{good(ms - 2000), c.series, good(ms - 1000)}})
			if status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%d %s, want %d with %q", status, body, c.status, c.says)
			}
			for i, kind := range []string{"Samples", "Histograms", "Exemplars"} {
				want := c.written[i]
				if i == 0 {
					want += 2
				}
				if got := h.Get("X-Prometheus-Remote-Write-" + kind + "-Written"); got != fmt.Sprint(want) {
					t.Errorf("%s written: %s, want %d", kind, got, want)
				}
			}
			if got := valueOf(s.ask(t, "count_over_time(good[1m])", now)); got != "2" {
				t.Errorf("%s good samples are kept", got)
			}
			for expr, want := range c.stored {
				if got := valueOf(s.ask(t, expr, now)); got != want {
					t.Errorf("%s is %q, want %q", expr, got, want)
				}
			}
		})
	}
}

// valueOf is the number in the text of a vector of one, or empty.
func valueOf(vector string) string {
	_, v, _ := strings.Cut(vector, "=> ")
	v, _, _ = strings.Cut(v, " @")
	return v
}

// What is wrong with all of a request is an answer of its own, with nothing
// written; 5xx is only what may go well when it comes again.
func TestRemoteWrite2RefusesAsAWhole(t *testing.T) {
	s := newServer(t)
	ok := &writev2.Request{Symbols: []string{"", "__name__", "m"}, Timeseries: []writev2.TimeSeries{{LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}}}}}
	first := &writev2.Request{Symbols: []string{"__name__", "m", "x"}, Timeseries: []writev2.TimeSeries{{LabelsRefs: []uint32{0, 1}, Samples: ok.Timeseries[0].Samples}}}
	for name, c := range map[string]struct {
		typ    string
		req    marshaler
		status int
	}{
		"good":                   {proto2, ok, http.StatusNoContent},
		"the first symbol":       {proto2, first, http.StatusBadRequest},
		"a message of version 1": {proto2, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{Labels: pairs("__name__", "m"), Samples: []prompb.Sample{{Value: 1, Timestamp: 1}}}}}, http.StatusBadRequest},
		"another message":        {"application/x-protobuf;proto=io.prometheus.write.v3.Request", ok, http.StatusUnsupportedMediaType},
		"another type":           {"application/json", ok, http.StatusUnsupportedMediaType},
		"a type that is no type": {";;", ok, http.StatusUnsupportedMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			status, h, body := s.send(t, c.typ, c.req)
			if status != c.status {
				t.Fatalf("%d %s", status, body)
			}
			if got := h.Get("X-Prometheus-Remote-Write-Samples-Written"); status == 400 && got != "0" {
				t.Errorf("%s samples written", got)
			}
		})
	}
	if err := s.store.Close(); err != nil { // from now on nothing can be written
		t.Fatal(err)
	}
	status, h, body := s.send(t, proto2, ok)
	if status < 500 || h.Get("X-Prometheus-Remote-Write-Samples-Written") != "0" {
		t.Errorf("%d %s, %v", status, body, h)
	}
}

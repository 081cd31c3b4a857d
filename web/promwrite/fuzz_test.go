package promwrite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/web/promwrite"
)

type appender = storage.Appender

// book is a store that writes down what it is told.
type book struct {
	appender
	series []string // reference n is series[n-1]
	lines  []string
}

func (b *book) Appender(context.Context) storage.Appender { return b }

func (b *book) ref(ref storage.SeriesRef, ls labels.Labels) storage.SeriesRef {
	if ref != 0 {
		return ref
	}
	b.series = append(b.series, ls.String())
	return storage.SeriesRef(len(b.series))
}

func (b *book) line(ref storage.SeriesRef, format string, args ...any) {
	b.lines = append(b.lines, b.series[ref-1]+" "+fmt.Sprintf(format, args...))
}

func (b *book) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	ref = b.ref(ref, ls)
	b.line(ref, "%d %x", t, math.Float64bits(v))
	return ref, nil
}

func (b *book) AppendHistogram(ref storage.SeriesRef, ls labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	ref = b.ref(ref, ls)
	b.line(ref, "%d %+v %+v", t, h, fh)
	return ref, nil
}

func (b *book) AppendExemplar(ref storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	return ref, errors.New("not wanted")
}

func (b *book) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, storage.ErrOutOfOrderST
}

func (b *book) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, storage.ErrOutOfOrderST
}

func (b *book) Metadata(string) map[string]metadata.Metadata { return nil }
func (b *book) SetMetadata(family string, _ metadata.Metadata) {
	b.lines = append(b.lines, "family "+family)
}
func (b *book) Commit() error   { return nil }
func (b *book) Rollback() error { b.lines = nil; return nil }

// FuzzRemoteWrite reads anything without a panic; from what upstream's decoder
// reads it takes the same samples and histograms of the same series, also the
// second time, when the series are known by the bytes of their labels.
func FuzzRemoteWrite(f *testing.F) {
	ms := int64(1_700_000_000_000)
	seed, err := (&prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{{
			Labels: pairs("__name__", "a", "b", "c"), Samples: []prompb.Sample{{Value: 1, Timestamp: ms}, {Value: math.NaN(), Timestamp: ms + 1}},
			Exemplars:  []prompb.Exemplar{{Labels: pairs("t", "x"), Value: 1, Timestamp: ms}},
			Histograms: []prompb.Histogram{prompb.FromIntHistogram(ms+2, tsdbutil.GenerateTestHistogram(1)), prompb.FromFloatHistogram(ms+3, tsdbutil.GenerateTestFloatHistogram(1))},
		}},
		Metadata: []prompb.MetricMetadata{{MetricFamilyName: "a", Type: 1, Help: "h"}},
	}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	two, err := (&writev2.Request{Symbols: []string{"", "__name__", "v", "help"}, Timeseries: []writev2.TimeSeries{{
		LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Value: 1, Timestamp: ms}}, Metadata: writev2.Metadata{Type: 1, HelpRef: 3},
		Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, ms, tsdbutil.GenerateTestHistogram(1))}}}}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, false)
	f.Add(two, true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, body []byte, second bool) {
		typ, want, ok := proto1, []string(nil), false
		if second {
			typ = proto2
			want, ok = expected2(body)
		} else {
			want, ok = expected1(body)
		}
		b := &book{}
		mux := http.NewServeMux()
		promwrite.New(promwrite.Doors{Sink: b, Families: b}, promwrite.Options{}).Register(mux)
		for _, round := range []string{"first", "second"} {
			b.lines = nil
			req := httptest.NewRequest("POST", "/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
			req.Header.Set("Content-Type", typ)
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, req)
			if w.Code != 204 && w.Code != 400 && w.Code != 413 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			got := slices.DeleteFunc(b.lines, func(s string) bool { return len(s) > 7 && s[:7] == "family " })
			if ok && !slices.Equal(got, want) {
				t.Errorf("%s time, %d %s\n got %q\nwant %q", round, w.Code, w.Body, got, want)
			}
		}
	})
}

// expected1 is what upstream reads; not ok when it reads nothing, or something
// that we bound or that a sender never sends (the same moment twice, labels
// behind samples, one message in two pieces).
func expected1(body []byte) (lines []string, ok bool) {
	var req prompb.WriteRequest
	if req.Unmarshal(body) != nil {
		return nil, false
	}
	if again, err := req.Marshal(); err != nil || !bytes.Equal(again, body) {
		return nil, false
	}
	var sb labels.ScratchBuilder
	for _, ts := range req.Timeseries {
		ls := ts.ToLabels(&sb, nil).WithoutEmpty()
		if len(ts.Labels) > 200 || !valid(ls) {
			continue
		}
		var last prompb.Sample
		for i, s := range ts.Samples {
			if i > 0 && s.Timestamp == last.Timestamp {
				return nil, false
			}
			last = s
			lines = append(lines, fmt.Sprintf("%s %d %x", ls, s.Timestamp, math.Float64bits(s.Value)))
		}
		for _, h := range ts.Histograms {
			if h.Schema > histogram.ExponentialSchemaMax { // made coarser
				return nil, false
			}
			if h.IsFloatHistogram() {
				lines = append(lines, fmt.Sprintf("%s %d %+v %+v", ls, h.Timestamp, (*histogram.Histogram)(nil), h.ToFloatHistogram()))
			} else {
				lines = append(lines, fmt.Sprintf("%s %d %+v %+v", ls, h.Timestamp, h.ToIntHistogram(), (*histogram.FloatHistogram)(nil)))
			}
		}
	}
	return lines, true
}

func expected2(body []byte) (lines []string, ok bool) {
	var req writev2.Request
	if req.Unmarshal(body) != nil || len(req.Symbols) > 0 && req.Symbols[0] != "" {
		return nil, false
	}
	if again, err := req.Marshal(); err != nil || !bytes.Equal(again, body) {
		return nil, false
	}
	var sb labels.ScratchBuilder
	for _, ts := range req.Timeseries {
		ls, err := ts.ToLabels(&sb, req.Symbols)
		if len(ts.Exemplars) > 0 {
			return nil, false
		}
		if err != nil {
			continue
		}
		ls = ls.WithoutEmpty()
		if len(ts.LabelsRefs) > 400 || !valid(ls) {
			continue
		}
		var last writev2.Sample
		for i, s := range ts.Samples {
			if i > 0 && s.Timestamp == last.Timestamp {
				return nil, false
			}
			last = s
			lines = append(lines, fmt.Sprintf("%s %d %x", ls, s.Timestamp, math.Float64bits(s.Value)))
		}
		for _, h := range ts.Histograms {
			if h.Schema > histogram.ExponentialSchemaMax { // made coarser
				return nil, false
			}
			if h.IsFloatHistogram() {
				lines = append(lines, fmt.Sprintf("%s %d %+v %+v", ls, h.Timestamp, (*histogram.Histogram)(nil), h.ToFloatHistogram()))
			} else {
				lines = append(lines, fmt.Sprintf("%s %d %+v %+v", ls, h.Timestamp, h.ToIntHistogram(), (*histogram.FloatHistogram)(nil)))
			}
		}
	}
	return lines, true
}

func valid(ls labels.Labels) bool {
	_, twice := ls.HasDuplicateLabelNames()
	return ls.Has(labels.MetricName) && !twice && ls.IsValid(model.UTF8Validation)
}

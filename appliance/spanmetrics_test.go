package appliance

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"tripod/store"
)

func TestSpanMetrics(t *testing.T) {
	m := newSpanMetrics()
	span := func(service, name string, kind store.SpanKind, ms int64, status store.StatusCode) store.Span {
		return store.Span{TraceID: store.TraceID{15: 7}, Service: service, Name: name, Kind: kind, Start: 1e18, End: 1e18 + ms*1e6, Status: status}
	}
	m.Count([]store.Span{
		span("shop", "GET /", store.SpanServer, 3, store.StatusUnset),
		span("shop", "GET /", store.SpanServer, 30_000, store.StatusUnset),
		span("shop", "GET /", store.SpanServer, 5, store.StatusError),
	}, []store.Call{
		{Callee: "shop", Took: 3e6},
		{Caller: "shop", Callee: "stock", Took: 5e6, Fails: true},
		{Caller: "shop", Callee: "mail", Kind: store.DependencyQueue, Took: 5e6},
		{Caller: "stock", Callee: "stock (sqlite)", Kind: store.DependencyDatabase, Took: 1e6},
	})
	want := `
# HELP traces_service_graph_request_failed_total Calls from one service to another whose span has the status error.
# TYPE traces_service_graph_request_failed_total counter
traces_service_graph_request_failed_total{client="shop",connection_type="",server="stock"} 1
traces_service_graph_request_failed_total{client="shop",connection_type="messaging_system",server="mail"} 0
traces_service_graph_request_failed_total{client="stock",connection_type="database",server="stock (sqlite)"} 0
traces_service_graph_request_failed_total{client="user",connection_type="",server="shop"} 0
# HELP traces_spanmetrics_calls_total Spans kept.
# TYPE traces_spanmetrics_calls_total counter
traces_spanmetrics_calls_total{service="shop",span_kind="SPAN_KIND_SERVER",span_name="GET /",status_code="STATUS_CODE_ERROR"} 1
traces_spanmetrics_calls_total{service="shop",span_kind="SPAN_KIND_SERVER",span_name="GET /",status_code="STATUS_CODE_UNSET"} 2
`
	if err := testutil.CollectAndCompare(m, strings.NewReader(want), "traces_service_graph_request_failed_total", "traces_spanmetrics_calls_total"); err != nil {
		t.Error(err)
	}
	h := histogramOf(t, m, "traces_spanmetrics_latency", "STATUS_CODE_UNSET")
	if h.GetSampleCount() != 2 || h.GetSampleSum() != 30.003 {
		t.Errorf("got %v", h)
	}
	seen := 0
	for _, b := range h.GetBucket() {
		if e := b.GetExemplar(); e != nil {
			seen++
			if got := e.GetLabel()[0].GetValue(); got != (store.TraceID{15: 7}).String() || e.GetValue() > b.GetUpperBound() {
				t.Errorf("bucket up to %v has exemplar %v", b.GetUpperBound(), e)
			}
		}
		if b.GetUpperBound() == 0.004 && b.GetCumulativeCount() != 1 {
			t.Errorf("up to 4 ms: %d", b.GetCumulativeCount())
		}
	}
	if seen != 2 {
		t.Errorf("%d buckets have exemplars, want 2", seen)
	}
}

func histogramOf(t *testing.T, c prometheus.Collector, name, status string) *dto.Histogram {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	fams, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fams {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetValue() == status {
					return m.GetHistogram()
				}
			}
		}
	}
	t.Fatalf("no %s of %s", name, status)
	return nil
}

func TestSpanMetricsAreBounded(t *testing.T) {
	m := newSpanMetrics()
	for i := range 3 * maxSpanKeys {
		s := store.Span{Service: fmt.Sprint("s", i%7), Name: fmt.Sprint("op", i)}
		m.Count([]store.Span{s}, []store.Call{{Caller: fmt.Sprint("a", i), Callee: "b"}})
	}
	if len(m.spans) > maxSpanKeys+3 || len(m.calls) > maxCallKeys+1 {
		t.Errorf("%d operations, %d dependencies", len(m.spans), len(m.calls))
	}
	if other := m.spans[spanKey{otherName, otherName, 0, 0}]; other == nil || other.count != 2*maxSpanKeys {
		t.Errorf("others: %+v", other)
	}
}

func BenchmarkSpanMetrics(b *testing.B) {
	m := newSpanMetrics()
	spans := make([]store.Span, 500)
	calls := make([]store.Call, 150)
	for i := range spans {
		spans[i] = store.Span{Service: fmt.Sprint("service-", i%8), Name: fmt.Sprint("GET /", i%90), Kind: store.SpanServer, End: int64(i) * 1e6}
	}
	for i := range calls {
		calls[i] = store.Call{Caller: fmt.Sprint("service-", i%8), Callee: fmt.Sprint("service-", i%5), Took: int64(i) * 1e6}
	}
	for b.Loop() {
		m.Count(spans, calls)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/span")
}

func TestBucketsOfDurations(t *testing.T) {
	took := []int64{0, 1, 1e9, 1 << 62, -1}
	for _, bound := range timeBounds {
		ns := int64(math.Round(bound * 1e9))
		took = append(took, ns-1, ns, ns+1)
	}
	for _, ns := range took {
		if got, want := bucketOf(ns), sort.SearchFloat64s(timeBounds[:], float64(ns)/1e9); got != want {
			t.Errorf("%d ns: got bucket %d, want %d", ns, got, want)
		}
	}
}

func TestSpanMetricsOfNamesThatAreNoText(t *testing.T) {
	m := newSpanMetrics()
	m.Count([]store.Span{{Service: "a\xff", Name: "\xc3"}}, []store.Call{{Caller: "b\xfe", Callee: "c"}})
	reg := prometheus.NewRegistry()
	reg.MustRegister(m)
	fams, err := reg.Gather()
	if err != nil || len(fams) == 0 {
		t.Fatalf("%d families, %v", len(fams), err)
	}
}

func TestSpanMetricsKeepNoMemoryOfTheirCallers(t *testing.T) {
	m := newSpanMetrics()
	buf := []byte("shopGET /")
	text := unsafe.String(&buf[0], len(buf))
	m.Count([]store.Span{{Service: text[:4], Name: text[4:]}}, []store.Call{{Caller: text[:4], Callee: text[4:]}})
	copy(buf, "xxxxxxxxx")
	if m.spans[spanKey{service: "shop", name: "GET /"}] == nil || m.calls[callKey{caller: "shop", callee: "GET /"}] == nil {
		t.Errorf("got %v, %v", m.spans, m.calls)
	}
}

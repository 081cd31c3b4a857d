package otlp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/protobuf/encoding/protowire"
)

// pb is a message of fields with bytes; b are number and value by turns.
func pb(b ...any) (out []byte) {
	for i := 0; i < len(b); i += 2 {
		out = protowire.AppendTag(out, protowire.Number(b[i].(int)), protowire.BytesType)
		out = protowire.AppendBytes(out, b[i+1].([]byte))
	}
	return out
}

// exemplarRequest has a metric of each kind, whose points have an exemplar with
// such ids between two without.
func exemplarRequest(traceID, spanID []byte) []byte {
	one := protowire.AppendFixed64(protowire.AppendTag(nil, 6, protowire.Fixed64Type), 3)
	with := func(field int) []byte {
		return pb(field, one, field, append(pb(5, traceID, 4, spanID), one...), field, one)
	}
	var metrics []byte
	for _, m := range []struct{ kind, exemplars int }{{5, 5}, {7, 5}, {9, 8}, {10, 11}} {
		metrics = append(metrics, pb(2, pb(1, fmt.Appendf(nil, "kind %d", m.kind), m.kind, pb(1, with(m.exemplars), 1, with(m.exemplars))))...)
	}
	return pb(1, pb(1, pb(), 2, metrics))
}

// exemplarCounts are those of each data point.
func exemplarCounts(md pmetric.Metrics) (out []int) {
	ms := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	for _, m := range ms.All() {
		switch m.Type() {
		case pmetric.MetricTypeGauge:
			for _, p := range m.Gauge().DataPoints().All() {
				out = append(out, p.Exemplars().Len())
			}
		case pmetric.MetricTypeSum:
			for _, p := range m.Sum().DataPoints().All() {
				out = append(out, p.Exemplars().Len())
			}
		case pmetric.MetricTypeHistogram:
			for _, p := range m.Histogram().DataPoints().All() {
				out = append(out, p.Exemplars().Len())
			}
		case pmetric.MetricTypeExponentialHistogram:
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				out = append(out, p.Exemplars().Len())
			}
		}
	}
	return out
}

// exemplarJSON is exemplarRequest in JSON.
func exemplarJSON(t *testing.T, traceID, spanID []byte) []byte {
	req := pmetricotlp.NewExportRequest()
	if err := req.UnmarshalProto(exemplarRequest(bytes.Repeat([]byte{0xaa}, 16), bytes.Repeat([]byte{0xbb}, 8))); err != nil {
		t.Fatal(err)
	}
	text := string(must[[]byte](t)(req.MarshalJSON()))
	text = strings.ReplaceAll(text, strings.Repeat("aa", 16), hex.EncodeToString(traceID))
	return []byte(strings.ReplaceAll(text, strings.Repeat("bb", 8), hex.EncodeToString(spanID)))
}

func TestExemplarsWithIDsOfAnyLength(t *testing.T) {
	id := bytes.Repeat([]byte{1}, 20)
	for traceLen := range 20 {
		for _, spanLen := range []int{0, 1, 7, 8, 9, 16} {
			fits := (traceLen == 0 || traceLen == 16) && (spanLen == 0 || spanLen == 8)
			want, dropped := "[3 3 3 3 3 3 3 3]", 0
			if !fits {
				want, dropped = "[2 2 2 2 2 2 2 2]", 8
			}
			for enc, body := range [...][]byte{protobuf: exemplarRequest(id[:traceLen], id[:spanLen]), jsonText: exemplarJSON(t, id[:traceLen], id[:spanLen])} {
				req, bad, exemplars, err := New(Doors{}, Options{}).readMetrics(encoding(enc), body)
				if err != nil || bad.N != 0 || exemplars.N != dropped {
					t.Fatalf("encoding %d, ids of %d and %d bytes: %d points and %d exemplars refused, %v", enc, traceLen, spanLen, bad.N, exemplars.N, err)
				}
				if got := fmt.Sprint(exemplarCounts(req.Metrics())); got != want {
					t.Errorf("encoding %d, ids of %d and %d bytes: exemplars %s, want %s", enc, traceLen, spanLen, got, want)
				}
			}
		}
	}
}

// What was dropped is counted, and told with no data point refused.
func TestDroppedExemplarsAreTold(t *testing.T) {
	var told []string
	e := &engine{}
	to := serve(t, e, Options{Rejected: func(signal, reason string, n int, why string) {
		told = append(told, fmt.Sprintf("%s %s %d %s", signal, reason, n, why))
	}}).URL + "/v1/metrics"
	resp, answer := post(t, to, typeProto, "", exemplarRequest([]byte{1, 2}, nil))
	got := pmetricotlp.NewExportResponse()
	if err := got.UnmarshalProto(answer); err != nil || resp.StatusCode != http.StatusOK || e.metrics != 8 {
		t.Fatalf("%d %s, %v, %d points", resp.StatusCode, answer, err, e.metrics)
	}
	const why = `exemplar of metric "kind 5": trace id is of 2 bytes, not of 16`
	if p := got.PartialSuccess(); p.RejectedDataPoints() != 0 || p.ErrorMessage() != "data points are kept without exemplars (8): "+why {
		t.Errorf("got %d, %q", p.RejectedDataPoints(), p.ErrorMessage())
	}
	if fmt.Sprint(told) != "[exemplars invalid 8 "+why+"]" {
		t.Errorf("counted %q", told)
	}
	// what else cannot be read is refused as before
	broken := append(exemplarRequest([]byte{1, 2}, nil), pb(1, pb(2, pb(2, pb(1, []byte("x"), 5, pb(1, []byte{0x1c})))))...)
	if resp, _ := post(t, to, typeProto, "", broken); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a request with a group is answered with %d", resp.StatusCode)
	}
}

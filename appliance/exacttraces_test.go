package appliance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
)

// TestTracesComeBackExactly sends traces of whatever OTLP can say, by each of
// its ways, and gets them back as they were: as JSON from Jaeger's API, as
// protobuf from Tempo's, from the head and after a restart.
func TestTracesComeBackExactly(t *testing.T) {
	const where, when = "TEST_TRIPOD_EXACT_TRACES", "TEST_TRIPOD_EXACT_TRACES_AT"
	dir := os.Getenv(where)
	if dir == "" {
		t.Setenv(where, t.TempDir())
		t.Setenv(when, time.Now().Add(-24*time.Hour).Format(time.RFC3339))
		inOwnProcess(t)
		inOwnProcess(t)
		return
	}
	first, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, os.Getenv(when))
	if err != nil {
		t.Fatal(err)
	}
	g := oddTraces{r: rand.New(rand.NewPCG(7, 4)), now: at}
	var traces []ptrace.Traces
	for range 60 {
		traces = append(traces, g.trace())
	}
	r := start(t, Options{Data: dir})
	if len(first) == 0 {
		r.sendTraces(traces)
	}
	for _, td := range traces {
		id := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceID().String()
		want := singly(t, td)
		sameSpans(t, "Jaeger's "+id, singly(t, r.traceAsJSON(id)), want)
		sameSpans(t, "Tempo's "+id, singly(t, r.traceAsProto(id)), want)
	}
}

func (r *running) sendTraces(traces []ptrace.Traces) {
	r.Helper()
	conn, err := grpc.NewClient(r.doors[1].Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close()
	for i, td := range traces {
		req := ptraceotlp.NewExportRequestFromTraces(td)
		marshal, kind := req.MarshalProto, "application/x-protobuf"
		switch i % 3 {
		case 0:
			resp, err := ptraceotlp.NewGRPCClient(conn).Export(r.Context(), req)
			if err != nil || resp.PartialSuccess().RejectedSpans() > 0 {
				r.Fatal(err, resp.PartialSuccess().ErrorMessage())
			}
			continue
		case 1:
			marshal, kind = req.MarshalJSON, "application/json"
		}
		body, err := marshal()
		if err == nil {
			err = postAll(r.URL+"/v1/traces", kind, "", body)
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}

// ask gets a trace.
func (r *running) ask(path, accept string) []byte {
	r.Helper()
	req, err := http.NewRequest("GET", r.URL+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.Fatalf("%s: %s %v %.300s", path, resp.Status, err, body)
	}
	return body
}

func (r *running) traceAsJSON(id string) ptrace.Traces {
	r.Helper()
	var a struct{ Result json.RawMessage }
	err := json.Unmarshal(r.ask("/api/v3/traces/"+id, "application/json"), &a)
	if err != nil {
		r.Fatal(err)
	}
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(a.Result)
	if err != nil {
		r.Fatal(err)
	}
	return td
}

func (r *running) traceAsProto(id string) ptrace.Traces {
	r.Helper()
	body := r.ask("/api/v2/traces/"+id, "application/protobuf")
	_, _, n := protowire.ConsumeTag(body)
	body, _ = protowire.ConsumeBytes(body[max(n, 0):])
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
	if err != nil {
		r.Fatal(err)
	}
	return td
}

// singly writes each span with its resource and scope in words, in order.
func singly(t *testing.T, td ptrace.Traces) (out []string) {
	t.Helper()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				one := ptrace.NewTraces()
				rs1 := one.ResourceSpans().AppendEmpty()
				rs.Resource().CopyTo(rs1.Resource())
				rs1.SetSchemaUrl(rs.SchemaUrl())
				ss1 := rs1.ScopeSpans().AppendEmpty()
				ss.Scope().CopyTo(ss1.Scope())
				ss1.SetSchemaUrl(ss.SchemaUrl())
				s.CopyTo(ss1.Spans().AppendEmpty())
				text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(one)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, string(text))
			}
		}
	}
	slices.Sort(out)
	return out
}

func sameSpans(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d spans, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s:\ngot  %s\nwant %s", what, got[i], want[i])
		}
	}
}

// oddTraces makes traces with everything that OTLP has, in every kind.
type oddTraces struct {
	r   *rand.Rand
	now time.Time
}

func (g *oddTraces) trace() ptrace.Traces {
	td := ptrace.NewTraces()
	var id pcommon.TraceID
	for i := 8 * g.r.IntN(2); i < len(id); i++ { // some have no upper half
		id[i] = byte(g.r.IntN(255) + 1)
	}
	n := byte(0)
	for range 1 + g.r.IntN(3) {
		rs := td.ResourceSpans().AppendEmpty()
		rs.SetSchemaUrl(g.text())
		if g.r.IntN(4) > 0 {
			rs.Resource().Attributes().PutStr("service.name", "odd-"+g.text())
		}
		g.attrs(rs.Resource().Attributes(), 3)
		rs.Resource().SetDroppedAttributesCount(g.count())
		for range 1 + g.r.IntN(2) {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.SetSchemaUrl(g.text())
			ss.Scope().SetName(g.text())
			ss.Scope().SetVersion(g.text())
			ss.Scope().SetDroppedAttributesCount(g.count())
			g.attrs(ss.Scope().Attributes(), 3)
			for range 1 + g.r.IntN(4) {
				n++
				g.span(ss.Spans().AppendEmpty(), id, n)
			}
		}
	}
	return td
}

func (g *oddTraces) span(s ptrace.Span, id pcommon.TraceID, n byte) {
	s.SetTraceID(id)
	s.SetSpanID(pcommon.SpanID{1, 7: n})
	if g.r.IntN(3) > 0 {
		s.SetParentSpanID(pcommon.SpanID{1, 7: byte(g.r.IntN(int(n) + 1))})
	}
	s.TraceState().FromRaw(g.text())
	s.SetFlags(g.count())
	s.SetName(g.text())
	s.SetKind(ptrace.SpanKind(g.r.IntN(6)))
	at := g.now.UnixNano() + g.r.Int64N(int64(time.Hour))
	s.SetStartTimestamp(pcommon.Timestamp(at))
	s.SetEndTimestamp(pcommon.Timestamp(at + g.r.Int64N(1e9) - 1e6)) // some end before they start
	s.Status().SetCode(ptrace.StatusCode(g.r.IntN(3)))
	s.Status().SetMessage(g.text())
	g.attrs(s.Attributes(), 8)
	s.SetDroppedAttributesCount(g.count())
	s.SetDroppedEventsCount(g.count())
	s.SetDroppedLinksCount(g.count())
	for range g.r.IntN(3) {
		e := s.Events().AppendEmpty()
		e.SetTimestamp(pcommon.Timestamp(g.r.Uint64()))
		e.SetName(g.text())
		e.SetDroppedAttributesCount(g.count())
		g.attrs(e.Attributes(), 3)
	}
	for range g.r.IntN(3) {
		l := s.Links().AppendEmpty()
		l.SetTraceID(pcommon.TraceID{3: byte(g.r.IntN(2))})
		l.SetSpanID(pcommon.SpanID{5: byte(g.r.IntN(2))})
		l.TraceState().FromRaw(g.text())
		l.SetFlags(g.count())
		l.SetDroppedAttributesCount(g.count())
		g.attrs(l.Attributes(), 3)
	}
}

func (g *oddTraces) count() uint32 {
	return [...]uint32{0, 1, g.r.Uint32(), math.MaxUint32}[g.r.IntN(4)]
}

func (g *oddTraces) text() string {
	return [...]string{"", "a", "GET /a/{id}", "ünïcode 😀", " ", "nul \x00 and \n", `"quoted" \`, "4bf92f3577b34da6a3ce929d0e0e4736", "-1", strings.Repeat("long ", 400), fmt.Sprint("n", g.r.IntN(1000))}[g.r.IntN(11)]
}

func (g *oddTraces) attrs(to pcommon.Map, most int) {
	for range g.r.IntN(most + 1) {
		g.value(to.PutEmpty([...]string{"", "a", "a.b", "service.name", "http.route", "ключ", "trace_id", ".", "r:a"}[g.r.IntN(9)]), 3)
	}
}

func (g *oddTraces) value(v pcommon.Value, depth int) {
	kind := g.r.IntN(9)
	if depth == 0 {
		kind %= 7
	}
	switch kind {
	case 0:
		return // empty
	case 1, 2:
		v.SetStr(g.text())
	case 3:
		v.SetInt([...]int64{0, -1, math.MinInt64, math.MaxInt64, g.r.Int64()}[g.r.IntN(5)])
	case 4:
		v.SetDouble([...]float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64, g.r.NormFloat64()}[g.r.IntN(9)])
	case 5:
		v.SetBool(g.r.IntN(2) == 0)
	case 6:
		v.SetEmptyBytes().FromRaw(bytes.Repeat([]byte{0, 0xff}, g.r.IntN(3)))
	case 7:
		list := v.SetEmptySlice()
		for range g.r.IntN(4) {
			g.value(list.AppendEmpty(), depth-1)
		}
	case 8:
		g.attrs(v.SetEmptyMap(), 3)
	}
}

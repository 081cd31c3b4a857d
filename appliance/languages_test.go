package appliance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/metrics/asked"
	"tripod/store/traces"
)

// TestSpansAreAskedByWindow asks for windows of many lengths before moments of
// many distances, and counts the spans of each by hand.
func TestSpansAreAskedByWindow(t *testing.T) {
	st, err := traces.Open(t.TempDir(), traces.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	base := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	spans := randomSpans(t, st, base, 40*time.Minute)
	for _, q := range []struct{ over, step, length time.Duration }{
		{0, time.Minute, 30 * time.Minute}, {5 * time.Minute, 5 * time.Minute, 30 * time.Minute}, {time.Minute, 5 * time.Minute, 30 * time.Minute},
		{7 * time.Minute, time.Minute, 20 * time.Minute}, {90 * time.Second, time.Minute, 12 * time.Minute}, {10 * time.Second, 5 * time.Second, 20 * time.Minute},
		{time.Second, 2 * time.Second, 10 * time.Minute}, {5 * time.Minute, time.Millisecond, 0},
		{5 * time.Minute, 90 * time.Second, 30 * time.Minute}, {5 * time.Minute, 7919 * time.Millisecond, 15 * time.Minute}, {10 * time.Minute, 6 * time.Minute, 30 * time.Minute},
		{45 * time.Second, 30 * time.Second, 30 * time.Minute},
	} {
		t.Run(fmt.Sprint(q.over, q.step, q.length), func(t *testing.T) {
			over := q.over
			if over == 0 {
				over = 5 * time.Minute
			}
			from := base.Add(6*time.Minute + 1234*time.Millisecond)
			m, err := askSpans(t.Context(), st, asked.Query{Text: `{} | count_over_time() by (resource.service.name)`, Over: q.over, From: from, To: from.Add(q.length), Step: q.step})
			if err != nil {
				t.Fatal(err)
			}
			got, want := map[string]float64{}, map[string]float64{}
			for _, s := range m {
				for _, p := range s.Floats {
					got[fmt.Sprint(s.Metric.Get("service_name"), p.T)] = p.F
				}
			}
			for at := from; !at.After(from.Add(q.length)); at = at.Add(q.step) {
				for i := range spans {
					if s := &spans[i]; s.Start >= at.Add(-over).UnixNano() && s.Start < at.UnixNano() {
						want[fmt.Sprint(s.Service, at.UnixMilli())]++
					}
				}
			}
			if !maps.Equal(got, want) || len(got) == 0 {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	if _, err := askSpans(t.Context(), st, asked.Query{Text: `{} | rate()`, Over: 400 * time.Minute, From: base, To: base.Add(400 * time.Minute), Step: time.Minute}); err == nil {
		t.Error("400 windows at a time were read")
	}
}

// randomSpans keeps spans of two services, each of a trace of its own.
func randomSpans(t *testing.T, st *traces.Store, from time.Time, length time.Duration) []store.Span {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 1))
	var spans []store.Span
	for i := range 3000 {
		name := []string{"cart", "web"}[r.IntN(2)]
		at := from.Add(time.Duration(r.Int64N(int64(length)))).UnixNano()
		spans = append(spans, store.Span{
			TraceID: store.TraceID{1, byte(i), byte(i >> 8)}, SpanID: store.SpanID{1, byte(i), byte(i >> 8)}, Name: "op", Service: name,
			Resource: &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String(name)}}}, Start: at, End: at + 1 + r.Int64N(1e9),
		})
	}
	if err := st.Append(t.Context(), slices.Clone(spans)); err != nil {
		t.Fatal(err)
	}
	return spans
}

// TestSpansOfOtherKindsOfValues counts groups together that have the same text.
func TestSpansOfOtherKindsOfValues(t *testing.T) {
	st, err := traces.Open(t.TempDir(), traces.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var spans []store.Span
	for i, v := range []store.Value{store.Int(200), store.String("200"), store.Int(200)} {
		spans = append(spans, store.Span{TraceID: store.TraceID{1}, SpanID: store.SpanID{byte(i + 1)}, Name: "op", Service: "s", Start: at.UnixNano(), End: at.UnixNano() + 1e9, Attrs: store.Attrs{{Key: "code", Value: v}}})
	}
	if err := st.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	ask := asked.Query{Text: `{} | count_over_time() by (span.code)`, From: at.Add(time.Minute), To: at.Add(time.Minute), Step: 1}
	m, err := askSpans(t.Context(), st, ask)
	if err != nil || len(m) != 1 || len(m[0].Floats) != 1 || m[0].Floats[0].F != 3 {
		t.Errorf("got %v, %v, want 3", m, err)
	}
	if ask.Text = `{} | max_over_time(duration) by (span.code)`; err == nil {
		if m, err := askSpans(t.Context(), st, ask); err == nil {
			t.Errorf("got %v of two groups with the same labels", m)
		}
	}
}

func TestSpanLabels(t *testing.T) {
	attr := func(key string) store.Attr { return store.Attr{Key: key, Value: store.String("v")} }
	for want, attrs := range map[string]store.Attrs{
		`{http_route="v", service_name="v"}`:       {attr("resource.service.name"), attr("span.http.route")},
		`{name="v"}`:                               {attr("name")},
		`{bucket="v"}`:                             {attr("__bucket")},
		`{resource_a="v", span_a="v"}`:             {attr("span.a"), attr("resource.a")},
		`{event_b_c="v", p="v", resource_b_c="v"}`: {attr("event.b.c"), attr("resource.b-c"), attr("p")},
	} {
		if got := spanLabels(attrs).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// askInRules writes rules that ask logs and traces.
func askInRules(t *testing.T, dir string) {
	t.Helper()
	const text = `groups:
- name: asking
  interval: 500ms
  rules:
  - alert: ManyRefusals
    expr: '{__logql__="sum by (service_name) (count_over_time({service_name=\"asked\"} |= \"refused\" [1h]))"} > 1'
  - alert: SlowCheckout
    expr: '{__traceql__="{ resource.service.name = \"asked\" } | max_over_time(duration) by (name)", __range__="1h"} > 0.5'
`
	if err := os.WriteFile(filepath.Join(dir, "asking.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rulesAskLogsAndTraces waits until rules in LogQL and TraceQL fire, and asks
// such a query through Prometheus's API.
func rulesAskLogsAndTraces(t *testing.T, r *running) {
	now := time.Now()
	res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("asked")}}}
	var lines []store.Record
	for i := range 3 {
		lines = append(lines, store.Record{Time: now.Add(time.Duration(-i) * time.Second).UnixNano(), Service: "asked", Resource: res, Body: store.String("connection refused")})
	}
	if err := r.logs.Append(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	slow := store.Span{TraceID: store.TraceID{9}, SpanID: store.SpanID{9}, Name: "POST /checkout", Service: "asked", Resource: res, Start: now.Add(-2 * time.Second).UnixNano(), End: now.Add(-time.Second).UnixNano()}
	if err := r.traces.Append(t.Context(), []store.Span{slow}); err != nil {
		t.Fatal(err)
	}
	fires := func(name string, want map[string]string, value string) bool {
		var answer struct {
			Data struct {
				Alerts []struct {
					Labels       map[string]string
					State, Value string
				}
			}
		}
		r.call("GET", "/api/v1/alerts", "", nil, &answer)
		for _, a := range answer.Data.Alerts {
			if a.Labels["alertname"] == name && a.State == "firing" && strings.HasPrefix(a.Value, value) {
				delete(a.Labels, "alertname")
				return maps.Equal(a.Labels, want)
			}
		}
		return false
	}
	r.eventually("an alert of lines", func() bool { return fires("ManyRefusals", map[string]string{"service_name": "asked"}, "3") })
	r.eventually("an alert of spans", func() bool { return fires("SlowCheckout", map[string]string{"name": "POST /checkout"}, "1") })
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	r.call("GET", "/api/v1/query?query="+url.QueryEscape(`sum({__logql__="count_over_time({service_name=\"asked\"}[1h])"}) + 1`), "", nil, &answer)
	if len(answer.Data.Result) != 1 || answer.Data.Result[0].Value[1] != "4" {
		t.Errorf("Prometheus's API answers %v", answer)
	}
	if _, err := CheckFile(writeRules(t, `{__logql__="{a=\"b\"}"} > 1`)); err == nil || !strings.Contains(err.Error(), "gives lines, not numbers") {
		t.Errorf("got %v", err)
	}
}

// writeRules writes a rule file of one alert.
func writeRules(t *testing.T, expr string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte("groups:\n- name: one\n  rules:\n  - alert: A\n    expr: '"+expr+"'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package appliance

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"tripod/testdata/webshop"
)

// sentTrace is what has to be found of a trace.
type sentTrace struct {
	id        [16]byte
	spans     int
	user      int
	failed    bool
	services  uint16 // a bit each
	operation bool   // askedOperation of askedService took askedDuration
	under     bool   // a failed askedName below a span of web
}

const (
	askedService   = 3 // cart
	askedOperation = "POST /v1/carts"
	askedDuration  = 100 * time.Millisecond
	askedUser      = 77
	askedName      = "INSERT cart"
)

// know keeps what questions are asked about.
func (in *sentSpans) know(t *webshop.Trace) {
	k := sentTrace{id: t.ID, spans: len(t.Spans), user: t.User, failed: t.Failed()}
	for i := range t.Spans {
		s := &t.Spans[i]
		k.services |= 1 << s.Service
		k.operation = k.operation || s.Service == askedService && s.Name == askedOperation && s.End-s.Start >= int64(askedDuration)
		k.under = k.under || s.Up >= 0 && s.Name == askedName && s.Failed // the root is web's
		in.operations[[2]string{webshop.Services[s.Service], s.Name}] = true
		if s.Up >= 0 && t.Spans[s.Up].Service != s.Service {
			in.calls[[2]int{t.Spans[s.Up].Service, s.Service}]++
		}
	}
	in.traces = append(in.traces, k)
}

// traceQuestion is one that people ask, and how its answer is checked.
type traceQuestion struct {
	name, target string
	path         func(run int) string
	check        func(run int, body []byte) (found int, err error)

	found, runs int
	p50, p95    time.Duration
}

func (q *traceQuestion) ask(b *testing.B, p *process) {
	var took []time.Duration
	began := time.Now()
	for n := 0; n < askWarm+askTimes && (len(took) == 0 || time.Since(began) < askWithin); n++ {
		at := p.url + q.path(n)
		start := time.Now()
		body := get(b, at)
		if d := time.Since(start); n >= askWarm {
			took = append(took, d)
		}
		var err error
		if q.found, err = q.check(n, body); err != nil {
			b.Fatalf("%s: %s: %v", q.name, at, err)
		}
	}
	slices.Sort(took)
	q.runs, q.p50, q.p95 = len(took), took[len(took)/2], took[len(took)*95/100]
}

// newest are the ids of the newest traces that fit, as an answer has them.
func (in *sentSpans) newest(n int, fits func(t *sentTrace) bool) []string {
	var ids []string
	for i := len(in.traces) - 1; i >= 0 && len(ids) < n; i-- {
		if t := &in.traces[i]; fits(t) {
			ids = append(ids, hex.EncodeToString(t.id[:]))
		}
	}
	return ids
}

const askTraces = 20

// traceQuestions are the questions of the table, over the whole time.
func traceQuestions(in *sentSpans, o webshop.Options) []*traceQuestion {
	always := func(path string) func(int) string { return func(int) string { return path } }
	search := func(name string, params url.Values, fits func(t *sentTrace) bool) *traceQuestion {
		params.Set("start", strconv.FormatInt(o.Start.UnixMicro(), 10))
		params.Set("end", strconv.FormatInt(o.Start.Add(o.Over).UnixMicro(), 10))
		params.Set("limit", strconv.Itoa(askTraces))
		want := in.newest(askTraces, fits)
		return &traceQuestion{name: name, target: "5", path: always("/api/traces?" + params.Encode()), check: func(_ int, body []byte) (int, error) {
			traces, err := tracesOf(body)
			var got []string
			for _, t := range traces {
				got = append(got, t.TraceID)
			}
			return len(got), sameIDs(got, want, err)
		}}
	}
	service := webshop.Services[askedService]
	return []*traceQuestion{
		byID(in),
		search("service, last 20", url.Values{"service": {service}}, func(t *sentTrace) bool { return t.services&(1<<askedService) != 0 }),
		search("service, operation, duration", url.Values{"service": {service}, "operation": {askedOperation}, "minDuration": {askedDuration.String()}},
			func(t *sentTrace) bool { return t.operation }),
		search("attribute", url.Values{"tags": {fmt.Sprintf(`{"user.id":"u_%d"}`, askedUser)}}, func(t *sentTrace) bool { return t.user == askedUser }),
		search("errors", url.Values{"tags": {`{"error":"true"}`}}, func(t *sentTrace) bool { return t.failed }),
		structural(in, o),
		dependencyGraph(in, o),
		{name: "services", target: "5", path: always("/api/services"), check: func(_ int, body []byte) (int, error) {
			return checkNames(body, func(name string) bool { return slices.Contains(webshop.Services[:], name) }, len(webshop.Services))
		}},
		{name: "operations", target: "5", path: always("/api/services/" + service + "/operations"), check: func(_ int, body []byte) (int, error) {
			want := 0
			for op := range in.operations {
				if op[0] == service {
					want++
				}
			}
			return checkNames(body, func(name string) bool { return in.operations[[2]string{service, name}] }, want)
		}},
	}
}

// byID asks for another trace each time.
func byID(in *sentSpans) *traceQuestion {
	which := func(run int) *sentTrace { return &in.traces[(run*7919+len(in.traces)/3)%len(in.traces)] }
	return &traceQuestion{name: "by id", target: "2",
		path: func(run int) string { return fmt.Sprintf("/api/traces/%x", which(run).id) },
		check: func(run int, body []byte) (int, error) {
			traces, err := tracesOf(body)
			if err != nil || len(traces) != 1 || len(traces[0].Spans) != which(run).spans {
				return 0, fmt.Errorf("%d traces, want one of %d spans: %v", len(traces), which(run).spans, err)
			}
			return len(traces[0].Spans), nil
		}}
}

func structural(in *sentSpans, o webshop.Options) *traceQuestion {
	params := url.Values{"q": {`{ resource.service.name = "web" } >> { name = "` + askedName + `" && status = error }`}, "limit": {strconv.Itoa(askTraces)},
		"start": {strconv.FormatInt(o.Start.Unix(), 10)}, "end": {strconv.FormatInt(o.Start.Add(o.Over).Unix(), 10)}}
	want := in.newest(askTraces, func(t *sentTrace) bool { return t.under })
	return &traceQuestion{name: "TraceQL, structural", target: "5", path: func(int) string { return "/api/search?" + params.Encode() },
		check: func(_ int, body []byte) (int, error) {
			var a struct {
				Traces []struct{ TraceID string }
			}
			err := json.Unmarshal(body, &a)
			var got []string
			for _, t := range a.Traces {
				got = append(got, t.TraceID)
			}
			return len(got), sameIDs(got, want, err)
		}}
}

// dependencyGraph wants every call counted, and no other.
func dependencyGraph(in *sentSpans, o webshop.Options) *traceQuestion {
	params := url.Values{"endTs": {strconv.FormatInt(o.Start.Add(o.Over).UnixMilli()-1, 10)}, "lookback": {strconv.FormatInt(o.Over.Milliseconds(), 10)}}
	return &traceQuestion{name: "dependency graph", target: "5", path: func(int) string { return "/api/dependencies?" + params.Encode() },
		check: func(_ int, body []byte) (int, error) {
			var a struct {
				Data []struct {
					Parent, Child string
					CallCount     int
				}
			}
			err := json.Unmarshal(body, &a)
			if err == nil && len(a.Data) != len(in.calls) {
				err = fmt.Errorf("want %d pairs of services", len(in.calls))
			}
			for _, d := range a.Data {
				pair := [2]int{slices.Index(webshop.Services[:], d.Parent), slices.Index(webshop.Services[:], d.Child)}
				if in.calls[pair] != d.CallCount && err == nil {
					err = fmt.Errorf("%d calls from %s to %s, want %d", d.CallCount, d.Parent, d.Child, in.calls[pair])
				}
			}
			return len(a.Data), err
		}}
}

type askedTrace struct {
	TraceID string
	Spans   []json.RawMessage
}

func tracesOf(body []byte) ([]askedTrace, error) {
	var a struct {
		Data   []askedTrace
		Errors []json.RawMessage
	}
	err := json.Unmarshal(body, &a)
	if err == nil && len(a.Errors) > 0 {
		err = fmt.Errorf("%s", a.Errors[0])
	}
	return a.Data, err
}

// sameIDs wants the newest, whatever their order.
func sameIDs(got, want []string, err error) error {
	if err != nil {
		return err
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if len(want) == 0 || !slices.Equal(got, want) {
		return fmt.Errorf("%d traces, want %d; or others than the newest", len(got), len(want))
	}
	return nil
}

// checkNames wants so many of which ok holds; the planner's own may be there.
func checkNames(body []byte, ok func(string) bool, want int) (int, error) {
	var a struct{ Data []string }
	if err := json.Unmarshal(body, &a); err != nil {
		return 0, err
	}
	got := 0
	for _, name := range a.Data {
		if ok(name) {
			got++
		}
	}
	if got != want {
		return got, fmt.Errorf("%d of ours among %q, want %d", got, a.Data, want)
	}
	return got, nil
}

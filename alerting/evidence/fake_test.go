package evidence

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"tripod/alerting"
	"tripod/store"
)

// fakes stand at all doors: they hold spans and log lines in memory, and find
// them by looking at each.
type fakes struct {
	mu      sync.Mutex
	plot    *alerting.Plot
	spans   []store.Span
	records []store.Record
	changes []alerting.Change
	err     error
	slow    bool // every door waits until nobody does
	asked   int
	limits  []int // of searches for traces
}

func (f *fakes) doors() Doors { return Doors{f, fakeTraces{f}, fakeLogs{f}, f} }

func (f *fakes) enter(ctx context.Context) error {
	f.mu.Lock()
	f.asked++
	slow, err := f.slow, f.err
	f.mu.Unlock()
	if slow {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (f *fakes) Plot(ctx context.Context, _ alerting.Alert, from, _ time.Time) (*alerting.Plot, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	if f.plot == nil {
		return nil, nil
	}
	p := *f.plot
	p.From = from
	return &p, nil
}

func (f *fakes) Changes(ctx context.Context, from, to time.Time) (out []alerting.Change, err error) {
	for _, c := range f.changes {
		if !c.Time.Before(from) && !c.Time.After(to) {
			out = append(out, c)
		}
	}
	return out, f.enter(ctx)
}

type fakeTraces struct{ *fakes }

func (f fakeTraces) Services(ctx context.Context) (out []string, err error) {
	for _, s := range f.spans {
		out = append(out, s.Service)
	}
	slices.Sort(out)
	return slices.Compact(out), f.enter(ctx)
}

func (f fakeTraces) Trace(ctx context.Context, id store.TraceID) (t store.Trace, err error) {
	t.ID = id
	for _, s := range f.spans {
		if s.TraceID == id {
			t.Spans = append(t.Spans, s)
		}
	}
	return t, f.enter(ctx)
}

// summaries are of all traces, newest first.
func (f fakeTraces) summaries() (out []store.TraceSummary) {
	at := map[store.TraceID]int{}
	for _, s := range f.spans {
		i, known := at[s.TraceID]
		if !known {
			i = len(out)
			at[s.TraceID] = i
			out = append(out, store.TraceSummary{ID: s.TraceID, RootService: s.Service, RootName: s.Name, Start: s.Start, End: s.End})
		}
		t := &out[i]
		if !slices.ContainsFunc(t.Services, func(o store.ServiceShare) bool { return o.Service == s.Service }) {
			t.Services = append(t.Services, store.ServiceShare{Service: s.Service})
		}
		t.Spans++
		t.End = max(t.End, s.End)
		if s.Status == store.StatusError {
			t.Errors++
		}
	}
	slices.SortStableFunc(out, func(a, b store.TraceSummary) int { return cmp.Compare(b.Start, a.Start) })
	return out
}

func (f fakeTraces) Search(ctx context.Context, q store.TraceQuery) (out []store.TraceSummary, err error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.limits = append(f.limits, q.Limit)
	f.mu.Unlock()
	for _, t := range f.summaries() {
		fits := slices.ContainsFunc(f.spans, func(s store.Span) bool {
			return s.TraceID == t.ID && (q.Service == "" || s.Service == q.Service) && (q.Operation == "" || s.Name == q.Operation) &&
				(!q.Errors || s.Status == store.StatusError)
		})
		if fits && q.Range.Has(t.Start) && t.Duration() >= int64(q.MinDuration) && len(out) < q.Limit {
			out = append(out, t)
		}
	}
	return out, nil
}

type fakeLogs struct{ *fakes }

// fits says whether a line answers a query: the fake reads only the forms that
// are asked here.
func fits(r *store.Record, q store.LogQuery) bool {
	text, named := q.Narrow+" "+q.Text, `service:"`+r.Service+`"`
	own, beside, _ := strings.Cut(text, " or level:>=warn ")
	if strings.Contains(text, "service:") && !strings.Contains(own, named) && !(strings.Contains(beside, named) && r.Level >= store.LevelWarn) {
		return false
	}
	if strings.Contains(text, "msg.pattern:") && !strings.Contains(text, quote(patternOf(r))) {
		return false
	}
	return q.Range.Has(r.Time)
}

// patternOf blanks the words with a digit.
func patternOf(r *store.Record) string {
	words := strings.Fields(r.Message())
	for i, w := range words {
		if strings.ContainsAny(w, "0123456789") {
			words[i] = store.Blank
		}
	}
	return strings.Join(words, " ")
}

func (f fakeLogs) Volume(ctx context.Context, q store.LogQuery, _ time.Duration) ([]store.LogBucket, error) {
	var b store.LogBucket
	for i := range f.records {
		if fits(&f.records[i], q) {
			b.Counts[store.LevelSlot(f.records[i].Level)]++
		}
	}
	return []store.LogBucket{b}, f.enter(ctx)
}

func (f fakeLogs) Patterns(ctx context.Context, q store.PatternQuery) (out store.LogPatterns, err error) {
	at := map[string]int{}
	for i := range f.records {
		r := &f.records[i]
		if !fits(r, q.LogQuery) {
			continue
		}
		text := patternOf(r)
		key := fmt.Sprint(text, r.Service, r.Level)
		n, known := at[key]
		if !known {
			n = len(out.List)
			at[key] = n
			out.List = append(out.List, store.LogPattern{Text: text, Parts: []store.PatternPart{{Text: text}}, Level: r.Level, Service: r.Service, First: r.Time})
		}
		out.List[n].Lines++
	}
	return out, f.enter(ctx)
}

func (f fakeLogs) Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		if err := f.enter(ctx); err != nil {
			yield(store.Record{}, err)
			return
		}
		n := 0
		for _, r := range slices.Backward(f.records) {
			if fits(&r, q) && n < q.Limit {
				if n++; !yield(r, nil) {
					return
				}
			}
		}
	}
}

// fired is when the alerts of the tests begin to fire.
var fired = time.Date(2026, 3, 12, 14, 12, 30, 0, time.UTC)

func alertOf(name string, at time.Time, more ...string) alerting.Alert {
	a := alerting.Alert{
		Labels:      map[string]string{"alertname": name, "service_name": "api"},
		Annotations: map[string]string{alerting.ValueAnnotation: "4.2 %", "summary": "it fails"}, StartsAt: at,
	}
	for i := 0; i+1 < len(more); i += 2 {
		a.Labels[more[i]] = more[i+1]
	}
	return a
}

// steps are those of an alert that begins to fire.
func steps(alerts ...alerting.Alert) (out []alerting.Step) {
	for i := range alerts {
		a := &alerts[i]
		out = append(out, alerting.Step{Time: a.StartsAt, Alert: a.Fingerprint(), Name: a.Name(), Kind: alerting.StepReceived, Of: a})
	}
	return out
}

// span is one of service, that takes ms from so many seconds before the alert.
func span(trace, id, parent byte, service, name string, before, ms int, failed bool) store.Span {
	start := fired.Add(-time.Duration(before) * time.Second).UnixNano()
	s := store.Span{
		TraceID: store.TraceID{15: trace}, SpanID: store.SpanID{7: id}, Name: name, Service: service, Start: start, End: start + int64(ms)*1e6,
	}
	if parent > 0 {
		s.ParentID = store.SpanID{7: parent}
	}
	if failed {
		s.Status, s.StatusMessage = store.StatusError, "no connection"
	}
	return s
}

func line(before int, service string, level store.Level, text string) store.Record {
	return store.Record{Time: fired.Add(-time.Duration(before) * time.Second).UnixNano(), Service: service, Level: level, Body: store.String(text)}
}

func somePlot() *alerting.Plot {
	limit := alerting.Value(0.01)
	return &alerting.Plot{
		Expr: "errors / requests", Op: ">", Threshold: &limit, For: 5 * time.Minute, Step: time.Minute,
		Lines: []alerting.PlotLine{{Labels: map[string]string{"service_name": "api"}, Own: true, Values: []alerting.Value{0, alerting.Value(math.NaN()), 0.042}}},
	}
}

package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// xrayTries is how often the bar asks for a trace that has not arrived: with
// half a second between, about as long as an exporter's batch may take.
const xrayTries = 12

// xray answers with the planner's bar: the request just made, as it was seen.
func (p *Pages) xray(mux *http.ServeMux) {
	p.get(mux, "GET /xray", func(w http.ResponseWriter, r *http.Request) error {
		x, err := p.xrayOf(r.Context(), r.URL.Query())
		if err != nil {
			return err
		}
		return p.fragment(w, r, http.StatusOK, screens.XRayBar(x))
	})
}

// xrayOf reads did (the trace of what the user did, if anything) and page (the
// trace of the page that showed the result).
func (p *Pages) xrayOf(ctx context.Context, q url.Values) (screens.XRay, error) {
	if p.o.Traces == nil {
		return screens.XRay{}, nil
	}
	shown := q.Get("did")
	if shown == "" {
		shown = q.Get("page")
	}
	id, err := store.ParseTraceID(shown)
	if err != nil {
		return screens.XRay{}, err
	}
	tr, err := p.o.Traces.Trace(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !rooted(tr) {
		n, _ := strconv.Atoi(q.Get("n"))
		if n >= xrayTries {
			return screens.XRay{}, nil
		}
		q.Set("n", strconv.Itoa(n+1))
		return screens.XRay{Again: "/xray?" + q.Encode()}, nil
	}
	if err != nil {
		return screens.XRay{}, err
	}
	x := p.xrayTrace(tr)
	x.Lines = p.xrayLines(ctx, tr)
	if page := q.Get("page"); page != "" && page != shown {
		x.Page = p.xrayPage(ctx, page)
	}
	return x, nil
}

// rooted says whether the span that began a trace is there; it ends last, so
// the rest is there too.
func rooted(tr store.Trace) bool {
	return slices.ContainsFunc(tr.Spans, func(s store.Span) bool { return s.ParentID.IsZero() })
}

func (p *Pages) xrayTrace(tr store.Trace) screens.XRay {
	root := tr.Spans[slices.IndexFunc(tr.Spans, func(s store.Span) bool { return s.ParentID.IsZero() })]
	x := screens.XRay{
		Request: root.Name,
		Took:    chart.Duration(time.Duration(root.Duration())).String(),
		Result:  "ok",
		Failed:  root.Status == store.StatusError,
		Trace:   "/traces/" + tr.ID.String(),
		Logs:    "/logs?" + url.Values{"q": {"trace_id:" + tr.ID.String()}, "from": {ms(root.Start, -time.Hour)}, "to": {ms(root.End, time.Hour)}}.Encode(),
	}
	if code := root.Attrs.Text("http.response.status_code"); code != "" {
		x.Result = code
	} else if x.Failed {
		x.Result = "failed"
	}
	self, total := selfTimes(tr.Spans), int64(0)
	for _, s := range self {
		total += s.Self
	}
	for i, s := range self {
		share := int(100 * s.Self / max(total, 1))
		x.Parts = append(x.Parts, screens.XRayPart{Service: s.Service, Slot: p.o.Slots(s.Service), Share: share})
		if i == mostSelf(self) {
			x.Most = fmt.Sprintf("%d %% in %s", share, s.Service)
		}
	}
	return x
}

func mostSelf(shares []store.ServiceShare) int {
	best := 0
	for i := range shares {
		if shares[i].Self > shares[best].Self {
			best = i
		}
	}
	return best
}

// selfTimes is the time of each service outside its spans' children, in order
// of first appearance.
func selfTimes(spans []store.Span) []store.ServiceShare {
	children := map[store.SpanID][]*store.Span{}
	for i := range spans {
		children[spans[i].ParentID] = append(children[spans[i].ParentID], &spans[i])
	}
	var out []store.ServiceShare
	for i := range spans {
		s := &spans[i]
		at := slices.IndexFunc(out, func(sh store.ServiceShare) bool { return sh.Service == s.Service })
		if at < 0 {
			at = len(out)
			out = append(out, store.ServiceShare{Service: s.Service})
		}
		out[at].Spans++
		out[at].Self += selfTime(s, children[s.SpanID])
	}
	return out
}

// selfTime is a span's duration in ns less the union of its children's within it.
func selfTime(s *store.Span, children []*store.Span) int64 {
	slices.SortFunc(children, func(a, b *store.Span) int { return int(min(max(a.Start-b.Start, -1), 1)) })
	self, until := s.Duration(), s.Start
	for _, c := range children {
		from, to := max(c.Start, until), min(c.End, s.End)
		if to > from {
			self -= to - from
			until = to
		}
	}
	return self
}

func (p *Pages) xrayLines(ctx context.Context, tr store.Trace) int {
	if p.o.Logs == nil {
		return 0
	}
	first, last := tr.Spans[0].Start, tr.Spans[0].End
	for _, s := range tr.Spans {
		first, last = min(first, s.Start), max(last, s.End)
	}
	n := 0
	around := store.TimeRange{From: first - int64(time.Minute), To: last + int64(time.Minute)}
	for _, err := range p.o.Logs.Search(ctx, store.LogQuery{Text: "trace_id:" + tr.ID.String(), Range: around, Limit: 1000}) {
		if err != nil {
			return n
		}
		n++
	}
	return n
}

func (p *Pages) xrayPage(ctx context.Context, page string) string {
	id, err := store.ParseTraceID(page)
	if err != nil {
		return ""
	}
	tr, err := p.o.Traces.Trace(ctx, id)
	if err != nil || !rooted(tr) {
		return ""
	}
	return fmt.Sprintf("page %s, %d spans", p.xrayTrace(tr).Took, len(tr.Spans))
}

func ms(ns int64, shift time.Duration) string {
	return strconv.FormatInt((ns+int64(shift))/int64(time.Millisecond), 10)
}

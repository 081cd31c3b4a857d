package pages

import (
	"context"
	"fmt"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

func (p *Pages) traceLogs(ctx context.Context, a *traceAsk) {
	if p.o.Logs == nil {
		a.err = errNoDoor
		return
	}
	q := store.LogQuery{
		Text:  "trace_id:" + a.id.String(),
		Range: store.TimeRange{From: a.t.start - int64(traceLogSlop), To: a.t.end + int64(traceLogSlop)},
		Limit: maxTraceLogs + 1, Oldest: true,
	}
	for rec, err := range p.o.Logs.Search(ctx, q) {
		if err != nil {
			a.err = err
			return
		}
		if len(a.logs) == maxTraceLogs {
			a.cut = true
			return
		}
		a.logs = append(a.logs, rec)
	}
}

func logCount(a *traceAsk) string {
	switch {
	case a.err != nil:
		return ""
	case a.cut:
		return chart.Count(maxTraceLogs) + "+"
	}
	return chart.Count(int64(len(a.logs)))
}

func (p *Pages) traceLogRows(ctx context.Context, a *traceAsk) ([]screens.TraceLog, string) {
	var out []screens.TraceLog
	for i := range a.logs {
		l := p.traceLog(&a.logs[i], a.t.start)
		l.Href = a.st.With("view", "", "sel", a.logs[i].SpanID.String())
		out = append(out, l)
	}
	switch {
	case a.err != nil:
		return out, "The lines could not be read. " + p.reason(ctx, "trace logs", a.err)
	case a.cut:
		return out, "These are the first " + chart.Count(maxTraceLogs) + " lines; Logs has all of them."
	}
	return out, ""
}

func (p *Pages) traceLog(r *store.Record, start int64) screens.TraceLog {
	return screens.TraceLog{
		At: offset(r.Time - start), Exact: chart.Exact(time.Unix(0, r.Time).UTC()), Level: r.Level.Word(),
		Service: ui.Service{Name: orDash(r.Service), Slot: p.o.Slots(r.Service)},
		Message: cut(oneLine(r.Message()), rowMessage),
	}
}

func offset(ns int64) string {
	if ns < 0 {
		return dur(ns)
	}
	return "+" + dur(ns)
}

// logsHref searches lines around the trace's time.
func (a *traceAsk) logsHref(q string) string {
	from := time.Unix(0, a.t.start).Add(-traceLogSlop).UnixMilli()
	to := time.Unix(0, a.t.end).Add(traceLogSlop).UnixMilli()
	c := a.st.Carry().Between(fmt.Sprint(from), fmt.Sprint(to))
	c.Services = nil
	return c.Href("/logs", "q", q)
}

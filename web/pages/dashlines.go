package pages

import (
	"context"
	"strings"
	"time"

	"tripod/dashboard"
	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	dashLogLines   = 50
	dashTraceLines = 20
)

// dashLogs lists the newest lines of a panel's first query.
func (p *Pages) dashLogs(ctx context.Context, v *dashView, one *dashboard.Scoped) screens.DashBody {
	if p.o.Logs == nil {
		return screens.DashBody{Failed: p.reason(ctx, "logs", errNoDoor)}
	}
	q, text := v.firstText(one)
	if q == nil {
		return screens.DashBody{Empty: "The panel asks nothing"}
	}
	limit := dashLogLines
	if one.Limit > 0 {
		limit = min(one.Limit, logRows)
	}
	ask := store.LogQuery{Text: text, Narrow: narrowTo(v.st.Services), Range: v.st.Range, Limit: limit}
	if isLogQL(text) {
		ask.Syntax = store.LogQL
	}
	if p.o.LogQL != nil && ask.Syntax == store.LogQL {
		if kind, err := p.o.LogQL.Kind(text); err == nil && kind != store.LogLines {
			return screens.DashBody{Failed: "The query asks for numbers, and this panel shows lines."}
		}
	}
	var b screens.DashBody
	for rec, err := range p.o.Logs.Search(ctx, ask) {
		if err != nil {
			b.Notes = append(b.Notes, p.dashReason(ctx, one, err))
			break
		}
		at := time.Unix(0, rec.Time).UTC()
		b.Logs = append(b.Logs, screens.DashLog{
			Time: at.Format("15:04:05"), Exact: chart.Exact(at), Level: rec.Level.Word(), Service: p.service(v.st, orDash(rec.Service), ""),
			Text: cut(strings.ReplaceAll(rec.Body.Text(), "\n", " "), 400), Href: v.explore(one, q),
		})
		if len(b.Logs) >= limit {
			break
		}
	}
	return settled(b, len(b.Logs), "No lines match in this time range")
}

// settled is a list's body: empty, or failed when there is nothing but a fault.
func settled(b screens.DashBody, n int, nothing string) screens.DashBody {
	switch {
	case n == 0 && len(b.Notes) > 0:
		return screens.DashBody{Failed: b.Notes[0]}
	case n == 0:
		b.Empty = nothing
	}
	return b
}

// firstText is the first query of a panel that asks something.
func (v *dashView) firstText(one *dashboard.Scoped) (*dashboard.Query, string) {
	for i := range one.Queries {
		q := &one.Queries[i]
		scope := v.scope(one, q)
		if text := strings.TrimSpace(scope.Query(q.Language, q.Text)); text != "" && !q.Hidden {
			return q, text
		}
	}
	return nil, ""
}

// dashTraces lists the newest traces of a panel's first query.
func (p *Pages) dashTraces(ctx context.Context, v *dashView, one *dashboard.Scoped) screens.DashBody {
	q, text := v.firstText(one)
	if q == nil {
		return screens.DashBody{Empty: "The panel asks nothing"}
	}
	if isSpanMetric(text) {
		return screens.DashBody{Failed: "The query asks for numbers, and this panel shows traces."}
	}
	found, err := p.findTraces(ctx, text, store.TraceQuery{Range: v.st.Range}, v.st.Services)
	var b screens.DashBody
	if err != nil {
		if own, ok := wrongQuery(text, err); ok {
			err = own
		}
		b.Notes = append(b.Notes, p.dashReason(ctx, one, err))
	}
	limit := dashTraceLines
	if one.Limit > 0 {
		limit = min(one.Limit, maxTraces)
	}
	lo, hi := durations(found)
	for i := range found[:min(len(found), limit)] {
		b.Traces = append(b.Traces, p.traceRow(&v.st, &found[i], lo, hi))
	}
	return settled(b, len(b.Traces), "No traces match in this time range")
}

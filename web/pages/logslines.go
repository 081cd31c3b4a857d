package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
	"tripod/web"
)

// moreRows are the lines that a fragment adds to a list.
const moreRows = 500

// logsLines is the next page of lines as a fragment, in either direction.
func (p *Pages) logsLines(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	a := p.logAsk(r)
	a.rows = moreRows
	page, err := p.listLogs(ctx, a)
	if err != nil && len(page.records) == 0 {
		rows := screens.LogRows{Stop: p.reason(ctx, "log lines", err)}
		return p.fragment(w, r, web.Status(err), screens.LogRowList(rows))
	}
	return p.fragment(w, r, http.StatusOK, screens.LogRowList(p.logRows(ctx, a, page, err)))
}

// logsLine is the detail of one line as a fragment.
func (p *Pages) logsLine(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	at := r.URL.Query().Get("at")
	pl := parsePlace(at)
	if pl.zero() {
		return fmt.Errorf("%.40q names no line: %w", at, store.ErrInvalid)
	}
	a := p.logAsk(r)
	q := store.LogQuery{Range: store.TimeRange{From: pl.at, To: pl.at + 1}}
	for rec, err := range p.o.Logs.Search(r.Context(), q) {
		if err != nil {
			return err
		}
		if pl.is(&rec) {
			return p.fragment(w, r, http.StatusOK, screens.LogOpen(*p.logDetail(r.Context(), a, &rec, at)))
		}
	}
	return fmt.Errorf("this line is no longer kept: %w", store.ErrNotFound)
}

// table is how the lines are shown.
func (p *Pages) logTable(ctx context.Context, a *logAsk, ans *logAnswer) screens.LogTable {
	st := &a.st
	m := screens.LogTable{
		Zone: "UTC",
		Wrap: st.Values.Get("wrap") != "",
		Order: []ui.Tab{
			{Text: "Newest", Href: a.with("sort", "", "sel", ""), On: !a.oldest},
			{Text: "Oldest", Href: a.with("sort", "oldest", "sel", ""), On: a.oldest},
		},
		More:    "/logs/lines" + strings.TrimPrefix(a.with("from", msOf(a.whole.Range.From, false), "to", msOf(a.whole.Range.To, true), "sel", "", "live", ""), st.Path),
		Columns: p.logColumns(a, ans.page, ans.facets.Fields),
		Rows:    p.logRows(ctx, *a, ans.page, ans.searchErr),
	}
	m.Grid, m.Export = columnGrid(m.Columns), a.logExport(ans)
	if a.context() {
		m.Around = p.aroundBar(a, ans.page)
	}
	m.Moving = a.mayLive() && !a.live
	if a.live {
		m.Tail = "/logs/tail" + strings.TrimPrefix(m.More, "/logs/lines")
	}
	m.WrapURL = a.with("wrap", "1")
	if m.Wrap {
		m.WrapURL = a.with("wrap", "")
	}
	return m
}

package pages

import (
	"context"
	"fmt"
	"net/http"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
	"tripod/web"
)

// logsLines is the next page of lines as a fragment.
func (p *Pages) logsLines(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	a := p.logAsk(r)
	page, err := p.searchLogs(ctx, a)
	if err != nil && len(page.records) == 0 {
		rows := screens.LogRows{Stop: p.reason(ctx, "log lines", err)}
		return p.fragment(w, r, web.Status(err), screens.LogRowList(rows))
	}
	return p.fragment(w, r, http.StatusOK, screens.LogRowList(p.logRows(a, page, err)))
}

// logsLine is the detail of one line as a fragment.
func (p *Pages) logsLine(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	at := r.URL.Query().Get("at")
	when, ok := lineTime(at)
	if !ok {
		return fmt.Errorf("%.40q names no line: %w", at, store.ErrInvalid)
	}
	a := p.logAsk(r)
	q := store.LogQuery{Range: store.TimeRange{From: when, To: when + 1}, Limit: 10_000}
	for rec, err := range p.o.Logs.Search(r.Context(), q) {
		if err != nil {
			return err
		}
		if lineID(&rec) == at {
			return p.fragment(w, r, http.StatusOK, screens.LogOpen(*p.logDetail(a, &rec)))
		}
	}
	return fmt.Errorf("this line is no longer kept: %w", store.ErrNotFound)
}

// table is how the lines are shown.
func (a *logAsk) table() screens.LogTable {
	st := &a.st
	m := screens.LogTable{
		Zone: "UTC",
		Wrap: st.Values.Get("wrap") != "",
		Order: []ui.Tab{
			{Text: "Newest", Href: st.With("sort", "", "sel", ""), On: !a.oldest},
			{Text: "Oldest", Href: st.With("sort", "oldest", "sel", ""), On: a.oldest},
		},
	}
	m.WrapURL = st.With("wrap", "1")
	if m.Wrap {
		m.WrapURL = st.Without("wrap")
	}
	return m
}

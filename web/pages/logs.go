package pages

import (
	"context"
	"iter"
	"net/http"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// Logs asks for log records.
type Logs interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
	Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	Facets(ctx context.Context, q store.LogQuery, top int) (store.Facets, error)
}

const (
	logRows    = 200 // lines of one page
	logBars    = 90  // at most so many bars of the volume
	facetTop   = 10  // values of a field
	logRefresh = 10 * time.Second
	logTime    = 20 * time.Second // for all questions of one page
)

func (p *Pages) logs(mux *http.ServeMux) {
	p.get(mux, "GET /logs", p.logsPage)
	p.get(mux, "GET /logs/lines", p.logsLines)
	p.get(mux, "GET /logs/line", p.logsLine)
	p.get(mux, "GET /logs/tail", p.logsTail)
}

func (p *Pages) logsPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	a := p.logAsk(r)
	if a.mayLive() {
		a.st.refreshDefault(logRefresh)
	}
	ans := p.askLogs(ctx, a)
	m := p.logsView(ctx, a, ans)
	if m.Query.Error != nil && r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Retarget", "#q-msg")
		w.Header().Set("HX-Reswap", "innerHTML")
		w.Header().Set("HX-Reselect", ".qmsg")
		w.Header().Set("HX-Push-Url", "false")
		return p.fragment(w, r, http.StatusOK, ui.QueryMessage(m.Query.ID, m.Query.Error))
	}
	pushTidy(w, r, a.self())
	pg := p.page(ctx, a.st, "logs", "Logs", "logs.css", "logsrows.css", "logs.js")
	pg.Flush, pg.Self = true, a.self()
	pg.Time.Live = p.liveToggle(&a)
	return p.show(w, r, pg, screens.LogsPage(m))
}

// logAnswer is what the doors said.
type logAnswer struct {
	page      logPage
	searchErr error
	volume    []store.LogBucket // without the line's conditions on the level
	level     split
	volumeErr error
	facets    store.Facets
	services  store.Facets // without the line's conditions on the service
	service   split
	facetsErr error
	took      time.Duration
}

// askLogs asks all doors at once. The volume is asked without conditions on
// the level, so that it can draw what they exclude; the level's counts come
// from it as well.
func (p *Pages) askLogs(ctx context.Context, a logAsk) logAnswer {
	start := p.o.Now()
	ans := logAnswer{level: splitField(a.typed, "level"), service: splitField(a.typed, "service")}
	var wg sync.WaitGroup
	wg.Go(func() { ans.page, ans.searchErr = p.listLogs(ctx, a) })
	wg.Go(func() {
		ans.volume, ans.volumeErr = p.o.Logs.Volume(ctx, a.query(ans.level.rest), a.st.Step(logBars))
	})
	wg.Go(func() {
		ans.facets, ans.facetsErr = p.o.Logs.Facets(ctx, a.query(a.typed), facetTop)
		if ans.facetsErr == nil && ans.service.narrowed() {
			ans.services, ans.facetsErr = p.o.Logs.Facets(ctx, a.query(ans.service.rest), facetTop)
		}
	})
	wg.Wait()
	ans.took = p.o.Now().Sub(start)
	return ans
}

func (p *Pages) logsView(ctx context.Context, a logAsk, ans logAnswer) screens.Logs {
	m := screens.Logs{LogHead: a.head(ans), LogTable: p.logTable(ctx, &a, &ans)}
	if m.Query.Error != nil {
		m.Empty = &screens.LogEmpty{Icon: "warn", Title: "The query cannot be read", Before: "Nothing was searched."}
		return m
	}
	p.logVolume(ctx, a, ans, &m.LogHead)
	m.Facets = p.logFacets(a, ans)
	if ans.facetsErr != nil {
		m.Failed = "Fields are missing. " + p.reason(ctx, "log facets", ans.facetsErr)
	}
	if len(ans.page.records) > 0 {
		m.Summary = p.logSummary(a, ans)
		return m
	}
	if ans.searchErr != nil {
		m.Error = p.reason(ctx, "log search", ans.searchErr)
		return m
	}
	m.Empty = p.logEmpty(ctx, a)
	return m
}

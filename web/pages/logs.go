package pages

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
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
	facetTop   = 10  // values of a field that are shown
	facetAll   = 200 // when all of it are asked for
	logRefresh = 10 * time.Second
	logTime    = 20 * time.Second // for all questions of one page
)

func (p *Pages) logs(mux *http.ServeMux) {
	p.get(mux, "GET /logs", p.logsPage)
	p.get(mux, "GET /logs/lines", p.logsLines)
	p.get(mux, "GET /logs/line", p.logsLine)
	p.get(mux, "GET /logs/tail", p.logsTail)
	p.get(mux, "GET /logs/complete", p.logsComplete)
	p.get(mux, "GET /logs/values", p.logsValues)
	p.get(mux, "POST /logs/saved", p.logsSave)
	p.get(mux, "POST /logs/saved/remove", p.logsUnsave)
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
		a.whole.Refresh = a.st.Refresh
	}
	var m screens.Logs
	if a.metric {
		ans := p.askSeries(ctx, &a)
		m = p.seriesView(ctx, &a, &ans)
	} else {
		m = p.logsView(ctx, a, p.askLogs(ctx, a))
	}
	if m.Query.Error != nil && r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Retarget", "#q-msg")
		w.Header().Set("HX-Reswap", "innerHTML")
		w.Header().Set("HX-Reselect", ".qmsg")
		w.Header().Set("HX-Push-Url", "false")
		return p.fragment(w, r, http.StatusOK, ui.QueryMessage(m.Query.ID, m.Query.Error))
	}
	m.Saved = p.logSaved(ctx, &a)
	pushTidy(w, r, a.self())
	pg := p.page(ctx, a.st, "logs", "Logs", "logs.css", "logsrows.css", "logsviews.css", "logs.js")
	pg.Flush, pg.Self, pg.Time = true, a.self(), a.pick()
	pg.Time.Live = p.liveToggle(&a)
	return p.show(w, r, pg, screens.LogsPage(m))
}

// logAnswer is what the doors said.
type logAnswer struct {
	page      logPage
	searchErr error
	volume    []store.LogBucket // of the whole range, without conditions on the level
	brushed   []store.LogBucket // the same of the brush; of the whole range without one
	level     narrowing
	count     int64 // lines of the brush that match
	volumeErr error
	facets    store.Facets
	facetsErr error
	others    map[string]store.Facet // of narrowed fields, without the conditions on them
	patterns  patternAnswer
	compare   compareAnswer
	receipt   store.Receipt // of the lines, or of the count where no lines were asked for
	took      time.Duration
}

// queryErr is what is wrong with the query, by whichever door.
func (ans *logAnswer) queryErr() error {
	var qe *store.QueryError
	for _, err := range []error{ans.searchErr, ans.volumeErr, ans.facetsErr, ans.patterns.err, ans.compare.err} {
		if errors.As(err, &qe) {
			return qe
		}
	}
	return nil
}

// askLogs asks all doors at once. The volume is asked without conditions on
// the level, so that it can draw what they exclude; the level's counts come
// from it as well.
func (p *Pages) askLogs(ctx context.Context, a logAsk) logAnswer {
	start := p.o.Now()
	ans := logAnswer{level: a.on("level")}
	var wg sync.WaitGroup
	if a.view == "" {
		list := a
		list.receipt = &ans.receipt
		wg.Go(func() { ans.page, ans.searchErr = p.listLogs(ctx, list) })
	}
	wg.Go(func() { p.askVolumes(ctx, &a, &ans) })
	wg.Go(func() {
		ans.facets, ans.facetsErr = p.o.Logs.Facets(ctx, a.query(a.typed), facetAll)
	})
	wg.Go(func() { ans.others = p.askOthers(ctx, &a) })
	if a.view == viewPatterns {
		wg.Go(func() { ans.patterns = p.askLogPatterns(ctx, &a) })
	}
	if a.view == viewCompare {
		wg.Go(func() { ans.compare = p.askLogCompare(ctx, &a) })
	}
	wg.Wait()
	ans.took = p.o.Now().Sub(start)
	return ans
}

// askVolumes counts the lines of the whole range, and those of the brush.
func (p *Pages) askVolumes(ctx context.Context, a *logAsk, ans *logAnswer) {
	q := a.without(ans.level)
	if a.view != "" {
		q.Receipt = &ans.receipt
	}
	if a.brushed {
		ans.brushed, ans.volumeErr = p.o.Logs.Volume(ctx, q, a.st.Step(logBars))
		q.Receipt = nil
	}
	q.Range = a.whole.Range
	var err error
	ans.volume, err = p.o.Logs.Volume(ctx, q, a.whole.Step(logBars))
	ans.volumeErr = errors.Join(ans.volumeErr, err)
	if !a.brushed {
		ans.brushed = ans.volume
	}
	for i := range ans.brushed {
		for slot, n := range ans.brushed[i].Counts {
			if ans.level.match(slotWord(slot)) {
				ans.count += n
			}
		}
	}
}

// askOthers asks for the values of narrowed fields that are not chosen; without
// them the chosen ones are shown alone.
func (p *Pages) askOthers(ctx context.Context, a *logAsk) map[string]store.Facet {
	out := map[string]store.Facet{}
	if p.o.Words == nil {
		return out
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, field := range a.narrowedFields() {
		q := store.FacetQuery{LogQuery: a.without(a.on(field)), Field: field, Top: facetAll}
		wg.Go(func() {
			if f, err := p.o.Words.Values(ctx, q); err == nil {
				mu.Lock()
				defer mu.Unlock()
				out[field] = f
			}
		})
	}
	wg.Wait()
	return out
}

func (p *Pages) logsView(ctx context.Context, a logAsk, ans logAnswer) screens.Logs {
	m := screens.Logs{LogHead: a.head(&ans), LogTable: p.logTable(ctx, &a, &ans), OnLines: a.view == ""}
	if m.Query.Error != nil {
		m.Empty = &screens.LogEmpty{Icon: "warn", Title: "The query cannot be read", Before: "Nothing was searched."}
		m.OnLines = false
		return m
	}
	p.logVolume(ctx, a, ans, &m.LogHead)
	m.Facets, m.MoreFields = p.logFacets(&a, &ans)
	if ans.facets.Cut {
		m.Counted = "But for the level, counts are of the newest " + chart.Count(ans.facets.Lines) + " lines."
	}
	if ans.facetsErr != nil {
		m.Failed = "Fields are missing. " + p.reason(ctx, "log facets", ans.facetsErr)
	}
	m.Views = a.views(&ans)
	m.Summary = p.logSummary(a, ans)
	switch a.view {
	case viewPatterns:
		p.patternsView(ctx, &a, &ans, &m)
	case viewFields:
		p.fieldsView(&a, &ans, &m)
	case viewCompare:
		p.logCompareView(ctx, &a, &ans, &m)
	default:
		p.linesView(ctx, a, ans, &m)
	}
	return m
}

func (p *Pages) linesView(ctx context.Context, a logAsk, ans logAnswer, m *screens.Logs) {
	switch {
	case len(ans.page.records) > 0:
	case ans.searchErr != nil:
		m.Error = p.reason(ctx, "log search", ans.searchErr)
	case ans.page.unread != nil:
		m.Error = p.reason(ctx, "log search", ans.page.unread)
	default:
		m.Empty = p.logEmpty(ctx, a)
	}
}

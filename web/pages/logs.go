package pages

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
	"tripod/web"
)

// Logs asks for log records.
type Logs interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
	Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	Facets(ctx context.Context, q store.LogQuery, top int) ([]store.Facet, error)
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
}

// logAsk is a question of the screen: what was typed, and the text that the
// door is asked, which the scope narrows.
type logAsk struct {
	st     State
	typed  string
	text   string
	prefix int // bytes of text before what was typed
	oldest bool
	cursor cursor
	host   string // under which the reader reached us
}

func (p *Pages) logAsk(r *http.Request) logAsk {
	st := p.state(r)
	st.tidy()
	st.Path = "/logs"
	a := logAsk{st: st, typed: st.Query, oldest: st.Sort == "oldest", cursor: parseCursor(st.Values.Get("cursor")), host: r.Host}
	for _, name := range []string{"cursor", "at"} {
		st.Values.Del(name)
	}
	a.text, a.prefix = scoped(a.typed, st.Services)
	return a
}

// scoped narrows a line to the services of the scope.
func scoped(q string, services []string) (text string, prefix int) {
	q = strings.TrimSpace(q)
	if len(services) == 0 {
		return q, 0
	}
	own := anyOf("service", services)
	if q == "" {
		return own, 0
	}
	if hasOr(terms(q)) {
		return "(" + q + ") " + own, 1
	}
	return q + " " + own, 0
}

func (a *logAsk) query(text string) store.LogQuery {
	return store.LogQuery{Text: text, Range: a.st.Range, Oldest: a.oldest}
}

// problem is the error of a query in the words of what was typed, or nil.
func (a *logAsk) problem(err error) *ui.QueryProblem {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return nil
	}
	n := len(a.typed)
	pos := min(max(qe.Pos-a.prefix, 0), n)
	end := min(max(qe.End-a.prefix, pos), n)
	return queryProblem(a.typed, &store.QueryError{Pos: pos, End: end, Msg: qe.Msg, Hint: qe.Hint})
}

func queryProblem(typed string, qe *store.QueryError) *ui.QueryProblem {
	out := &ui.QueryProblem{Text: sentence(qe.Msg) + " at position " + strconv.Itoa(qe.Pos+1) + ".", Hint: sentence(qe.Hint)}
	out.Before, out.Wrong, out.After = ui.CutQuery(typed, qe.Pos, qe.End)
	if out.Wrong == "" && typed != "" {
		out.Before, out.Wrong = typed, " "
	}
	return out
}

// sentence starts with a capital, as everything that the screens say.
func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func (p *Pages) logsPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	a := p.logAsk(r)
	if a.st.Moving() && a.cursor.zero() {
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
	pushTidy(w, r, &a.st)
	pg := p.page(ctx, a.st, "logs", "Logs", "logs.css", "logs.js")
	pg.Flush = true
	return p.show(w, r, pg, screens.LogsPage(m))
}

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

// logAnswer is what the doors said.
type logAnswer struct {
	page      logPage
	searchErr error
	volume    []store.LogBucket // without the line's conditions on the level
	level     split
	volumeErr error
	facets    []store.Facet
	services  []store.Facet // without the line's conditions on the service
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
	wg.Go(func() { ans.page, ans.searchErr = p.searchLogs(ctx, a) })
	wg.Go(func() {
		text, _ := scoped(ans.level.rest, a.st.Services)
		ans.volume, ans.volumeErr = p.o.Logs.Volume(ctx, a.query(text), a.st.Step(logBars))
	})
	wg.Go(func() {
		ans.facets, ans.facetsErr = p.o.Logs.Facets(ctx, a.query(a.text), facetTop)
		if ans.facetsErr == nil && ans.service.narrowed() {
			text, _ := scoped(ans.service.rest, a.st.Services)
			ans.services, ans.facetsErr = p.o.Logs.Facets(ctx, a.query(text), facetTop)
		}
	})
	wg.Wait()
	ans.took = p.o.Now().Sub(start)
	return ans
}

func (p *Pages) logsView(ctx context.Context, a logAsk, ans logAnswer) screens.Logs {
	st := &a.st
	m := screens.Logs{
		Action: st.Path,
		Keep:   st.Hidden("q", "sel", "cursor"),
		Zone:   "UTC",
		Wrap:   st.Values.Get("wrap") != "",
		Query: ui.Query{
			ID: "q", Name: "q", Value: a.typed, Label: "Search logs",
			Placeholder: `words, "a phrase", level:>=warn, service:planner-*, -user.id:probe`,
			Error:       a.problem(ans.searchErr),
		},
		Order: []ui.Tab{
			{Text: "Newest", Href: st.With("sort", "", "sel", ""), On: !a.oldest},
			{Text: "Oldest", Href: st.With("sort", "oldest", "sel", ""), On: a.oldest},
		},
	}
	m.WrapURL = st.With("wrap", "1")
	if m.Wrap {
		m.WrapURL = st.Without("wrap")
	}
	for _, s := range st.Services {
		m.Chips = append(m.Chips, screens.LogChip{Text: "service is " + s, Remove: st.withoutService(s)})
	}
	if m.Query.Error != nil {
		m.Empty = &screens.LogEmpty{Icon: "warn", Title: "The query cannot be read", Before: "Nothing was searched."}
		return m
	}
	p.logVolume(ctx, a, ans, &m)
	m.Facets = p.logFacets(a, ans)
	m.Rows = p.logRows(a, ans.page, ans.searchErr)
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

// tidy drops what a form sends empty, so that addresses stay short.
func (st *State) tidy() {
	for name, all := range st.Values {
		if name == "q" && len(all) > 1 {
			continue // an empty query box of several stays
		}
		if !slices.ContainsFunc(all, func(s string) bool { return s != "" }) {
			st.Values.Del(name)
		}
	}
}

// pushTidy makes htmx put the tidy address into the history.
func pushTidy(w http.ResponseWriter, r *http.Request, st *State) {
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Push-Url", st.Self())
	}
}

// withoutService is the view with one service less in the scope.
func (st *State) withoutService(name string) string {
	v := clone(st.Values)
	v["service"] = slices.DeleteFunc(v["service"], func(s string) bool { return s == name })
	return address(st.Path, v)
}

func (p *Pages) logSummary(a logAsk, ans logAnswer) []string {
	n := int64(len(ans.page.records))
	total := matched(ans)
	out := []string{"Showing all " + chart.Count(n)}
	switch {
	case !a.cursor.zero():
		out[0] = "Showing " + chart.Count(n) + " from the middle"
	case ans.volumeErr == nil && total > n:
		out[0] = "Showing " + chart.Count(n) + " of " + chart.Count(total)
	case !ans.page.next.zero():
		out[0] = "Showing the first " + chart.Count(n)
	}
	if a.st.Moving() && a.st.Refresh > 0 {
		out = append(out, "new lines every "+chart.Long(a.st.Refresh))
	}
	return out
}

// matched is how many lines of the range fit the whole line.
func matched(ans logAnswer) int64 {
	var n int64
	for i := range ans.volume {
		for slot, c := range ans.volume[i].Counts {
			if ans.level.match(slotWord(slot)) {
				n += c
			}
		}
	}
	return n
}

// slotWord is the level of a place in LogBucket.Counts.
func slotWord(slot int) string {
	if slot == 0 {
		return "unset"
	}
	return store.LevelNames[slot-1]
}

// snippet is how to send the first of something to this appliance.
func snippet(host, id string) string {
	for _, sn := range send(Appliance{}, host).Snippets {
		if sn.ID == id {
			return sn.Code
		}
	}
	return ""
}

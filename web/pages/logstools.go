package pages

import (
	"net/url"
	"strconv"
	"strings"

	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// liveToggle begins or ends the live tail; it begins where now is.
func (p *Pages) liveToggle(a *logAsk) *ui.Live {
	switch {
	case p.o.LogTail == nil:
		return nil
	case a.live:
		return &ui.Live{On: true, Href: a.st.With("live", "")}
	}
	from := a.st.Values.Get("from")
	if !a.st.Moving() {
		from = ""
	}
	return &ui.Live{Href: a.st.With("live", "1", "from", from, "to", "", "sort", "", "sel", "")}
}

// logExport leads to all lines that match, as files.
func (a *logAsk) logExport(ans *logAnswer) *screens.LogExport {
	v := url.Values{
		"q": {a.wholeLine()}, "syntax": {"line"},
		"from": {strconv.FormatInt(a.st.Range.From, 10)}, "to": {strconv.FormatInt(a.st.Range.To, 10)},
	}
	if a.oldest {
		v.Set("order", "oldest")
	}
	m := &screens.LogExport{}
	if ans.volumeErr == nil {
		n := matched(*ans)
		m.Lines = chart.Count(n) + " lines"
		if n == 1 {
			m.Lines = "1 line"
		}
	}
	m.NDJSON = exportHref(v, "ndjson")
	if cols := a.columns(); len(a.st.Cols) > 0 {
		v.Set("cols", strings.Join(append(append([]string{"time"}, cols...), "msg"), ","))
	}
	m.CSV = exportHref(v, "csv")
	return m
}

// wholeLine is what was typed and the scope in one search line, for those who
// take no more than that.
func (a *logAsk) wholeLine() string {
	q := strings.TrimSpace(a.typed)
	if a.scope != "" && hasOr(terms(q)) {
		q = "(" + q + ")"
	}
	return join(q, a.scope)
}

func exportHref(v url.Values, format string) string {
	v.Set("format", format)
	return "/api/v1/logs/query?" + v.Encode()
}

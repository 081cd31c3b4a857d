package pages

import (
	"net/url"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/ui"
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
	if !a.whole.Moving() {
		from = ""
	}
	return &ui.Live{Href: a.whole.With("live", "1", "from", from, "to", "", "sort", "", "sel", "")}
}

// logExport leads to all lines that match, as files.
func (a *logAsk) logExport(ans *logAnswer) *screens.LogExport {
	v := url.Values{
		"q": {a.typed}, "syntax": {"line"},
		"from": {strconv.FormatInt(a.st.Range.From, 10)}, "to": {strconv.FormatInt(a.st.Range.To, 10)},
	}
	if a.syntax == store.LogQL {
		v.Set("syntax", "logql")
	}
	if a.narrow != "" {
		v.Set("narrow", a.narrow)
	}
	if a.oldest {
		v.Set("order", "oldest")
	}
	m := &screens.LogExport{}
	if ans.volumeErr == nil {
		m.Lines = countLines(ans.count)
	}
	m.NDJSON = exportHref(v, "ndjson")
	if cols := a.columns(); len(a.st.Cols) > 0 {
		v.Set("cols", strings.Join(append(append([]string{"time"}, cols...), "msg"), ","))
	}
	m.CSV = exportHref(v, "csv")
	return m
}

func exportHref(v url.Values, format string) string {
	v.Set("format", format)
	return "/api/v1/logs/query?" + v.Encode()
}

package pages

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Bounds on what one line may put on the screen.
const (
	rowMessage = 1000 // bytes of a message in its row
	rowFields  = 12   // fields behind it
	rowValue   = 120  // bytes of their values
)

// quietFields say the same on every line of a process, or nothing that anybody
// reads, so rows leave them out.
var quietFields = map[string]bool{
	"pid": true, "hostname": true, "v": true, "time": true, "level": true, "severity": true,
	"trace_id": true, "span_id": true, "trace_flags": true, "traceId": true, "spanId": true,
	"service": true, "service.name": true, "msg": true, "message": true,
	store.AttrFileID: true, store.AttrFileOffset: true,
}

// rowMaker makes the rows of one answer. ctx is here only while it does.
type rowMaker struct {
	ctx     context.Context
	p       *Pages
	a       *logAsk
	marks   marker
	columns []string
	days    bool // times need a date
	here    place
}

func (p *Pages) rowMaker(ctx context.Context, a *logAsk) rowMaker {
	m := rowMaker{ctx: ctx, p: p, a: a, marks: a.marker(), columns: a.columns(), days: a.crossesDays()}
	if a.context() {
		m.marks, m.here = marker{}, a.around
	}
	return m
}

// crossesDays says whether times need a date: the range touches more than one
// day, or the line whose surroundings are shown is of another day than this.
func (a *logAsk) crossesDays() bool {
	const day = int64(24 * time.Hour)
	if a.context() {
		return a.around.at/day != a.st.Now.UnixNano()/day
	}
	return a.st.Range.From/day != (a.st.Range.To-1)/day
}

func (p *Pages) logRows(ctx context.Context, a logAsk, page logPage, err error) screens.LogRows {
	out := screens.LogRows{Older: "older", Newer: "newer"}
	if a.oldest {
		out.Older, out.Newer = out.Newer, out.Older
	}
	m := p.rowMaker(ctx, &a)
	places := a.placesOf(page)
	for i := range page.records {
		out.Rows = append(out.Rows, m.row(&page.records[i], places[i]))
	}
	if err != nil && len(page.records) > 0 {
		out.Stop = "The search stopped here: " + err.Error() + "."
		page.below = page.below || a.before.zero()
	} else if page.unread != nil {
		out.Stop = "Not all lines could be read: " + page.unread.Error() + "."
	}
	if len(places) == 0 {
		return out
	}
	if page.above {
		out.Above = a.with("before", places[0].String(), "sel", "")
	}
	if page.below {
		out.Below = a.with("cursor", places[len(places)-1].String(), "sel", "")
	}
	return out
}

func (m *rowMaker) row(r *store.Record, pl place) screens.LogRow {
	t := time.Unix(0, r.Time).UTC()
	id := pl.String()
	row := screens.LogRow{
		ID:      id,
		Time:    chart.Clock(t),
		Exact:   exactNano(t),
		Level:   r.Level.Word(),
		Message: m.marks.mark(cut(oneLine(r.Message()), rowMessage)),
		Fields:  m.fields(r),
		Trace:   m.a.traceLink(r),
		Here:    pl == m.here,
	}
	for _, name := range m.columns {
		row.Cells = append(row.Cells, m.cell(r, name))
	}
	if m.days {
		row.Day = t.Format("2 Jan")
	}
	row.Open = m.a.with("sel", id) + "#" + id
	if m.a.st.Sel == id {
		row.Open = m.a.with("sel", "") + "#" + id
		row.Detail = m.p.logDetail(m.ctx, *m.a, r, id)
	}
	return row
}

func exactNano(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000000 MST") }

func (m *rowMaker) cell(r *store.Record, name string) screens.LogCell {
	switch {
	case name == "level":
		return screens.LogCell{Kind: "level", Text: r.Level.Word()}
	case isService(name):
		return screens.LogCell{Kind: "service", Service: ui.Service{Name: r.Service, Slot: m.p.o.Slots(r.Service)}}
	}
	v, ok := r.Lookup(name)
	if !ok {
		return screens.LogCell{Name: name}
	}
	return screens.LogCell{Name: name, Value: m.marks.mark(cut(oneLine(v.Text()), rowValue))}
}

// fields are what a row says behind its message; what has a column of its own
// is not said twice.
func (m *rowMaker) fields(r *store.Record) []screens.LogField {
	var out []screens.LogField
	for _, at := range r.Attrs {
		if quietFields[at.Key] || m.hasColumn(at.Key) {
			continue
		}
		if len(out) == rowFields {
			break
		}
		out = append(out, screens.LogField{Key: at.Key, Value: m.marks.mark(cut(oneLine(at.Value.Text()), rowValue))})
	}
	return out
}

func (m *rowMaker) hasColumn(name string) bool {
	for _, c := range m.columns {
		if c == name {
			return true
		}
	}
	return false
}

// traceLink leads to the record's trace, at its span.
func (a *logAsk) traceLink(r *store.Record) string {
	if r.TraceID.IsZero() {
		return ""
	}
	sel := ""
	if !r.SpanID.IsZero() {
		sel = r.SpanID.String()
	}
	return a.st.Carry().Href("/traces/"+r.TraceID.String(), "sel", sel)
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, s)
}

// cut bounds a text in bytes, at a character, and says so with an ellipsis.
func cut(s string, n int) string {
	if len(s) <= n {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.ToValidUTF8(s[:n], "\uFFFD") + "…"
}

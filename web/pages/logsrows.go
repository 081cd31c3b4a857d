package pages

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"
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
	rowMessage  = 1000     // bytes of a message in its row
	rowFields   = 12       // fields behind it
	rowValue    = 120      // bytes of their values
	detailBody  = 64 << 10 // bytes of an open line's message
	detailValue = 4 << 10
	detailMost  = 200 // fields of an open line
)

// quietFields say the same on every line of a process, so rows leave them out.
var quietFields = map[string]bool{
	"pid": true, "hostname": true, "v": true, "time": true, "level": true, "severity": true,
	"trace_id": true, "span_id": true, "trace_flags": true, "traceId": true, "spanId": true,
	"service": true, "service.name": true, "msg": true, "message": true,
}

// lineID names a line: its time and a hash of what it says. It is an element's
// id, and finds the line again.
func lineID(r *store.Record) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.Service)) // a hash never fails
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(r.Line()))
	return "l" + strconv.FormatInt(r.Time, 10) + "-" + hex.EncodeToString(h.Sum(nil))[:10]
}

// lineTime is the time in a line's name.
func lineTime(id string) (int64, bool) {
	digits, _, ok := strings.Cut(strings.TrimPrefix(id, "l"), "-")
	ns, err := strconv.ParseInt(digits, 10, 64)
	return ns, ok && err == nil && ns >= 0
}

func (p *Pages) logRows(a logAsk, page logPage, err error) screens.LogRows {
	out := screens.LogRows{Word: "older"}
	if a.oldest {
		out.Word = "newer"
	}
	hits := words(a.typed)
	days := crossesDays(page.records)
	seen := map[string]int{}
	for i := range page.records {
		row := p.logRow(a, &page.records[i], hits, days)
		if n := seen[row.ID]; n > 0 {
			row.ID += "-" + strconv.Itoa(n) // the same line twice in one nanosecond
		}
		seen[lineID(&page.records[i])]++
		out.Rows = append(out.Rows, row)
	}
	next := page.next
	if err != nil && len(page.records) > 0 {
		out.Stop = "The search stopped here: " + err.Error() + "."
		next = cursorAfter(page.records, a.cursor)
	}
	if !next.zero() {
		out.More = a.st.With("cursor", next.String(), "sel", "")
		out.Part = "/logs/lines" + strings.TrimPrefix(out.More, a.st.Path)
	}
	return out
}

func crossesDays(records []store.Record) bool {
	if len(records) == 0 {
		return false
	}
	const day = int64(24 * time.Hour)
	return records[0].Time/day != records[len(records)-1].Time/day
}

func (p *Pages) logRow(a logAsk, r *store.Record, hits []string, days bool) screens.LogRow {
	t := time.Unix(0, r.Time).UTC()
	id := lineID(r)
	row := screens.LogRow{
		ID:      id,
		Time:    chart.Clock(t),
		Exact:   chart.Exact(t),
		Level:   r.Level.Word(),
		Service: ui.Service{Name: r.Service, Slot: p.o.Slots(r.Service)},
		Message: mark(cut(oneLine(r.Message()), rowMessage), hits),
		Fields:  rowFieldsOf(r),
		Open:    a.st.With("sel", id) + "#" + id,
		Part:    "/logs/line" + strings.TrimPrefix(a.st.With("at", id, "sel", ""), a.st.Path),
		Trace:   a.traceLink(r),
	}
	if days {
		row.Time = t.Format("01-02 15:04:05")
	}
	if a.st.Sel == id {
		row.Open = a.st.Without("sel") + "#" + id
		row.Detail = p.logDetail(a, r)
	}
	return row
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

func rowFieldsOf(r *store.Record) []screens.LogField {
	var out []screens.LogField
	for _, at := range r.Attrs {
		if quietFields[at.Key] {
			continue
		}
		if len(out) == rowFields {
			break
		}
		out = append(out, screens.LogField{Key: at.Key, Value: cut(oneLine(at.Value.Text()), rowValue)})
	}
	return out
}

func (p *Pages) logDetail(a logAsk, r *store.Record) *screens.LogDetail {
	body := r.Message()
	d := &screens.LogDetail{
		ID:    lineID(r),
		Level: r.Level.Word(),
		Line:  cut(r.Line(), detailBody),
		Trace: a.traceLink(r),
		Link:  a.lineLink(r),
	}
	if strings.ContainsAny(body, "\r\n") || len(body) > 160 {
		d.Body = cut(body, detailBody)
	}
	add := func(key, value, href string) {
		if len(d.Fields) >= detailMost {
			return
		}
		f := screens.LogDetailField{Key: key, Value: cut(value, detailValue), Href: href}
		if key != "" && len(value) <= rowMessage && !strings.ContainsAny(value, "\r\n") {
			f.Only = a.st.With("q", addTerm(a.typed, key, value), "sel", "", "cursor", "")
		}
		d.Fields = append(d.Fields, f)
	}
	if r.Service != "" {
		add("service", r.Service, "")
	}
	level := r.Level.Word()
	add("level", level, "")
	if !r.TraceID.IsZero() {
		add("trace_id", r.TraceID.String(), d.Trace)
	}
	if !r.SpanID.IsZero() {
		add("span_id", r.SpanID.String(), d.Trace)
	}
	if r.EventName != "" {
		add("event.name", r.EventName, "")
	}
	known := map[string]bool{"level": true, "trace_id": true, "span_id": true}
	total := len(d.Fields)
	each := func(attrs store.Attrs, except string) {
		for _, at := range attrs {
			if known[at.Key] || at.Key == except {
				continue
			}
			total++
			add(at.Key, at.Value.Text(), "")
		}
	}
	each(r.Attrs, "")
	if r.Resource != nil {
		each(r.Resource.Attrs, "service.name")
	}
	if r.Scope != nil {
		each(r.Scope.Attrs, "")
	}
	if left := total - len(d.Fields); left > 0 {
		d.More = chart.Count(int64(left)) + " more fields were left out; Copy line has them."
	}
	return d
}

// lineLink is an absolute address whose newest line is this one.
func (a *logAsk) lineLink(r *store.Record) string {
	end := r.Time/int64(time.Millisecond) + 1
	from := end - (15 * time.Minute).Milliseconds()
	return a.st.With(
		"from", strconv.FormatInt(from, 10), "to", strconv.FormatInt(end, 10),
		"sel", lineID(r), "sort", "", "refresh", "off", "cursor", "",
	) + "#" + lineID(r)
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

// mark cuts a message at what the query looked for, whatever its case.
func mark(msg string, hits []string) []screens.LogPiece {
	low := strings.ToLower(msg)
	if len(hits) == 0 || len(low) != len(msg) {
		return []screens.LogPiece{{Text: msg}}
	}
	var out []screens.LogPiece
	for start := 0; start < len(msg); {
		at, n := -1, 0
		for _, h := range hits {
			h = strings.ToLower(h)
			if i := strings.Index(low[start:], h); h != "" && i >= 0 && (at < 0 || i < at || i == at && len(h) > n) {
				at, n = i, len(h)
			}
		}
		if at < 0 || len(out) > 40 {
			return append(out, screens.LogPiece{Text: msg[start:]})
		}
		if at > 0 {
			out = append(out, screens.LogPiece{Text: msg[start : start+at]})
		}
		out = append(out, screens.LogPiece{Text: msg[start+at : start+at+n], Hit: true})
		start += at + n
	}
	return out
}

package pages

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Bounds on an open line.
const (
	detailBody  = 2 << 20 // bytes of its text: more than any line has
	detailValue = 4 << 10
	detailMost  = 200  // fields
	detailOnly  = 1000 // bytes of a value that a query can have
)

func (p *Pages) logDetail(ctx context.Context, a logAsk, r *store.Record, id string) *screens.LogDetail {
	body := r.Message()
	d := &screens.LogDetail{
		ID:    id,
		Level: r.Level.Word(),
		Line:  cut(r.Line(), detailBody),
		JSON:  r.Raw != "",
		Trace: a.traceLink(r),
		Link:  a.lineLink(id),
	}
	d.Pattern = p.patternLink(ctx, &a, r)
	if p.o.LogStream != nil && !a.context() {
		d.Context = a.contextLink(id)
	}
	if strings.ContainsAny(body, "\r\n") || len(body) > 160 {
		d.Body = cut(body, detailBody)
	}
	f := detailFields{a: &a, d: d}
	f.of(r)
	if left := f.seen - len(d.Fields); left > 0 {
		d.More = chart.Count(int64(left)) + " more fields were left out; the line as sent has them."
	}
	return d
}

// detailFields collects the fields of an open line, each name and place once.
type detailFields struct {
	a    *logAsk
	d    *screens.LogDetail
	seen int
}

func (f *detailFields) of(r *store.Record) {
	if r.Service != "" {
		f.add("service", r.Service, "")
	}
	f.add("level", r.Level.Word(), "")
	if !r.TraceID.IsZero() {
		f.add("trace_id", r.TraceID.String(), f.d.Trace)
	}
	if !r.SpanID.IsZero() {
		f.add("span_id", r.SpanID.String(), f.d.Trace)
	}
	if r.EventName != "" {
		f.add("event.name", r.EventName, "")
	}
	f.attrs(r, r.Attrs, "")
	if r.Resource != nil {
		f.attrs(r, r.Resource.Attrs, "service.name")
	}
	if r.Scope != nil {
		f.attrs(r, r.Scope.Attrs, "")
	}
}

func (f *detailFields) attrs(r *store.Record, attrs store.Attrs, except string) {
	for _, at := range attrs {
		text := at.Value.Text()
		switch at.Key {
		case except:
		case "level":
			f.sent(at.Key, text, text == r.LevelText || strings.EqualFold(text, r.Level.Word()))
		case "trace_id":
			f.sent(at.Key, text, strings.EqualFold(text, r.TraceID.String()))
		case "span_id":
			f.sent(at.Key, text, strings.EqualFold(text, r.SpanID.String()))
		default:
			f.add(at.Key, text, "")
		}
	}
}

// sent shows what was sent under the name of a word of the record, where the
// word does not say it: then it was none that is known, and cannot be asked for
// by that name.
func (f *detailFields) sent(key, text string, said bool) {
	if said {
		return
	}
	if f.seen++; len(f.d.Fields) < detailMost {
		f.d.Fields = append(f.d.Fields, screens.LogDetailField{Key: key + " as sent", Value: cut(text, detailValue)})
	}
}

func (f *detailFields) add(key, value, href string) {
	if f.seen++; len(f.d.Fields) >= detailMost {
		return
	}
	out := screens.LogDetailField{Key: key, Value: cut(value, detailValue), Href: href}
	if key != "" && len(value) <= detailOnly && !strings.ContainsAny(value, "\r\n") {
		out.Only, out.Not = f.a.only(key, value), f.a.not(key, value)
	}
	if key != "" && len(key) <= maxColumnName {
		out.Column = f.a.withColumns(addColumn(f.a.columns(), key))
	}
	f.d.Fields = append(f.d.Fields, out)
}

// denyTerm narrows a search line to what has not this value of a field.
func denyTerm(q, field, value string) string {
	for _, t := range terms(q) {
		if t.kind == fieldTerm && t.neg && sameField(t.field, field) && (t.op == "" || t.op == "=") && t.value == value {
			return strings.TrimSpace(q)
		}
	}
	return narrowed(q, "-"+fieldName(field)+":"+quoteTerm(value))
}

// patternLink narrows the query to the lines whose message differs from this
// one's in numbers, ids and the like alone. Empty when there is no such pattern.
func (p *Pages) patternLink(ctx context.Context, a *logAsk, r *store.Record) string {
	if p.o.Patterns == nil || r.Message() == "" {
		return ""
	}
	q := store.PatternQuery{Step: time.Second, Top: maxMomentPatterns}
	q.Range = store.TimeRange{From: r.Time, To: r.Time + 1}
	got, err := p.o.Patterns.Patterns(ctx, q)
	if err != nil {
		return "" // the line itself is what was asked for
	}
	for i := range got.List {
		if g := &got.List[i]; g.Service == r.Service && g.Level.Word() == r.Level.Word() && hasParts(r.Message(), g.Parts) {
			return a.narrowed(samePattern(g.Text))
		}
	}
	return ""
}

// maxMomentPatterns bounds the patterns of one nanosecond.
const maxMomentPatterns = 100

// hasParts says whether a message has the texts of a pattern, one behind the
// other and from its beginning.
func hasParts(msg string, parts []store.PatternPart) bool {
	for i, part := range parts {
		if part.Kind != "" {
			continue
		}
		at := strings.Index(msg, part.Text)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		msg = msg[at+len(part.Text):]
	}
	return true
}

// narrowed adds a term to a search line.
func narrowed(q, term string) string {
	if hasOr(terms(q)) {
		q = "(" + strings.TrimSpace(q) + ")"
	}
	return join(q, term)
}

// lineLink is an absolute address that shows the line, open, among the others
// of this list.
func (a *logAsk) lineLink(id string) string {
	return a.with("from", msOf(a.whole.Range.From, false), "to", msOf(a.whole.Range.To, true), "sel", id, "refresh", "", "live", "") + "#" + id
}

// contextLink shows what its sender said around the line.
func (a *logAsk) contextLink(id string) string { return a.st.With("around", id, "sel", "", "live", "") }

// msOf writes a time in Unix ms, rounded down or up.
func msOf(ns int64, up bool) string {
	n := ns / 1e6
	if up && ns%1e6 != 0 {
		n++
	}
	return strconv.FormatInt(n, 10)
}

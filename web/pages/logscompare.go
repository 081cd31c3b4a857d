package pages

import (
	"context"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// LogCompare says in what log records differ from others.
type LogCompare interface {
	Compare(ctx context.Context, q store.CompareQuery) (store.LogComparison, error)
}

const (
	compareRows  = 100
	compareValue = 300 // bytes of a value that is shown
)

// comparedWith is what lines can be compared with, as the address names it.
type comparedWith struct {
	name   string // of the parameter "with"
	text   string
	before time.Duration // the same question so much earlier
	others bool          // lines of the same range that the brush or the query leaves out
}

// compareChoices are what this question's lines can be compared with; the first
// is meant when the address names none.
func (a *logAsk) compareChoices() []comparedWith {
	var out []comparedWith
	if a.brushed {
		out = append(out, comparedWith{name: "rest", text: "Outside the brush", others: true})
	}
	if out = append(out, comparedWith{name: "before", text: "Just before", before: a.st.Width()}); a.st.Width() <= 24*time.Hour {
		out = append(out, comparedWith{name: "day", text: "A day before", before: 24 * time.Hour})
	}
	if a.st.Width() <= 7*24*time.Hour {
		out = append(out, comparedWith{name: "week", text: "A week before", before: 7 * 24 * time.Hour})
	}
	if a.typed != "" || len(a.filters) > 0 {
		out = append(out, comparedWith{name: "all", text: "All lines", others: true})
	}
	return out
}

// against is the choice of the address.
func (a *logAsk) against() comparedWith {
	all := a.compareChoices()
	for _, c := range all {
		if c.name == a.st.Values.Get("with") {
			return c
		}
	}
	return all[0]
}

// others are the questions for the lines to compare with.
func (a *logAsk) others(c comparedWith) []store.LogQuery {
	q := a.query(a.typed)
	q.Oldest = false
	switch {
	case c.name == "rest":
		first, last := q, q
		first.Range = store.TimeRange{From: a.whole.Range.From, To: a.st.Range.From}
		last.Range = store.TimeRange{From: a.st.Range.To, To: a.whole.Range.To}
		return []store.LogQuery{first, last}
	case c.name == "all":
		q.Text, q.Syntax, q.Narrow = "", store.SearchLine, scopeLine(a.st.Services)
	default:
		q.Range.From -= int64(c.before)
		q.Range.To -= int64(c.before)
	}
	return []store.LogQuery{q}
}

// compareAnswer is in what the lines differ from those of the choice.
type compareAnswer struct {
	with comparedWith
	got  store.LogComparison
	err  error
}

func (p *Pages) askLogCompare(ctx context.Context, a *logAsk) compareAnswer {
	ans := compareAnswer{with: a.against()}
	if p.o.Compare == nil {
		ans.err = errNoDoor
		return ans
	}
	q := store.CompareQuery{LogQuery: a.query(a.typed), With: a.others(ans.with), Within: ans.with.name == "all", Top: 3 * compareRows}
	q.Oldest = false
	ans.got, ans.err = p.o.Compare.Compare(ctx, q)
	return ans
}

func (p *Pages) logCompareView(ctx context.Context, a *logAsk, ans *logAnswer, m *screens.Logs) {
	c := &ans.compare
	out := screens.LogCompare{Own: "These lines", Others: c.with.text}
	for _, choice := range a.compareChoices() {
		out.Against = append(out.Against, ui.Tab{Text: choice.text, Href: a.st.With("with", choice.name, "sel", ""), On: choice == c.with})
	}
	m.Compare = &out
	if c.err != nil && c.got.Own.Lines == 0 {
		m.Error = p.reason(ctx, "log comparison", c.err)
		return
	}
	if c.got.Own.Lines == 0 && ans.count == 0 {
		m.Empty = p.logEmpty(ctx, *a)
		return
	}
	rows, shown, of := c.rows(a)
	out.Head, out.Rows = c.head(a), rows
	if c.got.Others.Lines > 0 {
		out.Note = c.note(shown, of)
	}
	unread := ""
	if c.err != nil {
		unread = "Not all could be compared. " + p.reason(ctx, "log comparison", c.err)
	}
	switch {
	case len(out.Rows) > 0:
		out.Note = join(unread, out.Note)
	case unread != "":
		out.Empty = unread
	default:
		out.Empty = c.empty()
	}
}

// rows are the differences; values of other fields that have the very counts of
// one stand under it, since they most likely are of the same lines. It says how
// many differences they hold, and of how many.
func (c *compareAnswer) rows(a *logAsk) (out []screens.LogCompareRow, shown, of int) {
	type counts struct{ own, others int64 }
	at := map[counts]int{}
	of = c.got.Kinds
	for i := range c.got.List {
		d := &c.got.List[i]
		if c.with.name == "all" && a.askedFor(d) {
			of--
			continue
		}
		key := counts{d.Lines, d.Others}
		row, same := at[key]
		switch {
		case same && d.Field != "" && out[row].Field != d.Field:
			also(&out[row], compareRow(a, c, d))
			shown++
		case len(out) < compareRows:
			if d.Field != "" && !same {
				at[key] = len(out)
			}
			out = append(out, compareRow(a, c, d))
			shown++
		}
	}
	return out, shown, of
}

// askedFor says that the lines have a value because the query asks for it, which
// says nothing when they are compared with all. Of LogQL, and of a pattern that
// is asked for, it is what all lines have.
func (a *logAsk) askedFor(d *store.LogDifference) bool {
	switch {
	case d.Field == "":
		return d.Share == 1 && (a.syntax != store.SearchLine || a.on("msg.pattern").narrowed())
	case a.on(d.Field).narrowed():
		return true
	}
	return d.Share == 1 && a.syntax != store.SearchLine && strings.Contains(a.typed, logqlLabel(d.Field))
}

// logqlLabel is a field's name as LogQL has it; service is part of service_name,
// and level of detected_level.
func logqlLabel(field string) string {
	return strings.NewReplacer(".", "_", "-", "_", "/", "_").Replace(field)
}

// compareAlso is how many values stand under another.
const compareAlso = 6

// also puts a value under one with the same counts.
func also(r *screens.LogCompareRow, same screens.LogCompareRow) {
	if len(r.Also) == compareAlso {
		r.AlsoMore++
		return
	}
	r.Also = append(r.Also, screens.LogCompareAlso{Text: cut(same.Field+" "+same.Value, 60), Href: same.Href})
}

func (c *compareAnswer) empty() string {
	if c.got.Others.Lines == 0 {
		return "There are no lines to compare with, or they are kept no more."
	}
	return "Nothing differs by more than chance may bring."
}

// head says what is compared.
func (c *compareAnswer) head(a *logAsk) string {
	said := func(r store.TimeRange) string {
		return chart.Between(time.Unix(0, r.From).UTC(), time.Unix(0, r.To).UTC(), a.st.Now)
	}
	side := func(s store.ComparedLogs) string {
		if s.Cut {
			return "the newest " + countLines(s.Lines)
		}
		return countLines(s.Lines)
	}
	own, others := side(c.got.Own)+" of "+said(a.st.Range), side(c.got.Others)
	switch c.with.name {
	case "rest":
		others += " of the rest of " + said(a.whole.Range)
	case "all":
		others += " of all in that time, without the query and its filters"
	default:
		others += " of " + said(a.others(c.with)[0].Range)
	}
	return sentence(own) + " against " + others + "."
}

// note says what was counted and how the rows are ordered.
func (c *compareAnswer) note(shown, of int) string {
	out := []string{"What tells most of a line's side comes first, by the log-likelihood of its counts; what chance may bring is left out. " +
		chart.Count(int64(c.got.Told)) + " values and patterns were compared."}
	if c.got.Own.PatternsCut || c.got.Others.PatternsCut {
		out = append(out, "Counts of patterns are estimates: of every moment its share of lines was read, "+
			chart.Count(c.got.Own.Read)+" and "+chart.Count(c.got.Others.Read)+".")
	}
	if n := len(c.got.Many); n > 0 {
		names := strings.Join(c.got.Many[:min(n, 6)], ", ")
		if n > 6 {
			names += " and " + chart.Count(int64(n-6)) + " more"
		}
		out = append(out, "Of fields with too many values it was compared which lines have them: "+names+".")
	}
	if shown < of {
		out = append(out, chart.Count(int64(shown))+" of "+chart.Count(int64(of))+" differences are shown.")
	}
	return strings.Join(out, " ")
}

// said is a difference in words. Of what lies beside the lines, and not before
// them, nothing is new or gone.
func (c *compareAnswer) said(d *store.LogDifference) (text, tone string) {
	text = chart.Change(d.Share, d.OthersShare)
	switch {
	case text == "new" && c.with.others:
		return "only here", "warn"
	case text == "gone" && c.with.others:
		return "not here", ""
	case text == "new":
		return text, "warn"
	}
	return text, ""
}

func compareRow(a *logAsk, c *compareAnswer, d *store.LogDifference) screens.LogCompareRow {
	side := func(n int64, share float64) screens.LogCompareSide {
		return screens.LogCompareSide{Share: share, Percent: chart.Percent(share).String(), Lines: countLines(n)}
	}
	r := screens.LogCompareRow{
		Field: d.Field, Value: cut(oneLine(d.Value), compareValue), Own: side(d.Lines, d.Share), Others: side(d.Others, d.OthersShare),
	}
	r.Change, r.Tone = c.said(d)
	term := ""
	switch {
	case d.Field == "":
		r.Field, term = "pattern", samePattern(d.Value)
		r.Parts = patternParts(&store.LogPattern{Parts: d.Parts})
		if d.Value == "" {
			r.Value = "no message"
		}
	case d.Exists:
		r.Value, term = "has the field", fieldName(d.Field)+":*"
	default:
		term = fieldName(d.Field) + ":" + quoteTerm(d.Value)
		if d.Value == "" {
			r.Value = "empty"
		}
	}
	r.Only, r.Not = a.narrowed(term), a.narrowed(opposite(term))
	r.Href = a.narrowedIn("", term)
	if d.Lines == 0 {
		r.Href = a.othersHref(c.with, term)
	}
	return r
}

// opposite is a term that asks for the opposite.
func opposite(term string) string {
	if rest, ok := strings.CutPrefix(term, "-"); ok {
		return rest
	}
	return "-" + term
}

// othersHref shows lines of the other side that a term finds.
func (a *logAsk) othersHref(c comparedWith, term string) string {
	b := *a
	b.st.Values = clone(a.st.Values)
	for _, name := range [...]string{"view", "by", "with", "brush"} {
		b.st.Values.Del(name)
	}
	switch {
	case c.name == "all":
		b.typed, b.syntax, b.filters = "", store.SearchLine, nil
		b.st.Values.Del("filter")
	case c.before > 0:
		r := a.others(c)[0].Range
		b.st.Values.Set("from", msText(r.From))
		b.st.Values.Set("to", msOf(r.To, true))
	}
	return b.narrowed(term)
}

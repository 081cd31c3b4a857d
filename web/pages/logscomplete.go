package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Bounds of completion: it must be there before the next key is pressed.
const (
	completeTime    = 600 * time.Millisecond
	completeAllTime = 200 * time.Millisecond // of it, to count the values of all lines
	completeLines   = 20_000                 // newest lines that fields are taken from, and values where that is too slow
	completeOptions = 12
	completeAll     = 60 // when all fields are asked for
	phraseLines     = 4000
	phraseKinds     = 300
)

// logsComplete answers with the ways to go on from what is typed: q is the
// text up to the caret, and all=1 asks for every field.
func (p *Pages) logsComplete(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil || p.o.Words == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), completeTime)
	defer cancel()
	head := cut(r.URL.Query().Get("q"), maxValue)
	a := p.logAsk(r)
	c := completer{p: p, a: &a, all: r.URL.Query().Get("all") != "", most: completeOptions}
	if c.all {
		c.most = completeAll
	}
	if a.syntax == store.LogQL {
		c.logQL(ctx, head)
	} else {
		c.line(ctx, head)
	}
	c.saved(ctx, head)
	return p.fragment(w, r, http.StatusOK, screens.LogOptions(c.out))
}

// completer gathers the ways to go on.
type completer struct {
	p    *Pages
	a    *logAsk
	all  bool
	most int
	out  screens.LogCompletion
}

// replaces says which end of the text the options stand for.
func (c *completer) replaces(end string) {
	c.out.Cut = len(utf16.Encode([]rune(end)))
}

func (c *completer) add(o screens.LogOption, name, typed string) {
	if len(c.out.Options) >= c.most {
		return
	}
	o.Before, o.Match, o.After = name, "", ""
	if i := strings.Index(strings.ToLower(name), strings.ToLower(typed)); i >= 0 && typed != "" && i+len(typed) <= len(name) {
		o.Before, o.Match, o.After = name[:i], name[i:i+len(typed)], name[i+len(typed):]
	}
	c.out.Options = append(c.out.Options, o)
}

// line completes a search line.
func (c *completer) line(ctx context.Context, head string) {
	all := terms(head)
	if len(all) == 0 || all[len(all)-1].end < len(head) || len(all) == maxTerms {
		if c.all || strings.TrimSpace(head) == "" {
			c.fields(ctx, head, "")
		}
		return
	}
	t := all[len(all)-1]
	before := head[:t.start]
	switch {
	case t.kind == fieldTerm:
		value := valueOf(head[t.start:])
		c.replaces(value)
		c.values(ctx, before, t.field, t.value)
	case t.kind == wordTerm && t.quoted:
		c.replaces(strings.TrimLeft(head[t.start:], "-!"))
		c.phrases(ctx, t.value)
	case t.kind == wordTerm:
		c.replaces(t.value)
		c.fields(ctx, before, t.value)
		c.phrases(ctx, t.value)
	case t.kind == otherTerm && strings.HasSuffix(head, "("), t.kind == groupTerm && !strings.HasSuffix(head, ")"):
		c.inGroup(ctx, t.value)
	}
}

// inGroup completes inside a parenthesis that is still open.
func (c *completer) inGroup(ctx context.Context, inside string) {
	if inside == "" || strings.Count(inside, "(") > maxNested {
		return
	}
	c.line(ctx, inside)
}

// valueOf is what stands behind the name, the colon and the operator of a term.
func valueOf(term string) string {
	term = strings.TrimLeft(term, "-!")
	at := strings.IndexByte(term, ':')
	if strings.HasPrefix(term, `"`) {
		_, at = unquote(term, 0)
	}
	if at < 0 || at >= len(term) {
		return ""
	}
	value := term[at+1:]
	for _, op := range [...]string{">=", "<=", ">", "<", "=", "~"} {
		if rest, ok := strings.CutPrefix(value, op); ok {
			return rest
		}
	}
	return value
}

// fields offers the fields whose names contain what is typed, those that begin
// so first.
func (c *completer) fields(ctx context.Context, before, typed string) {
	if typed == "" && !c.all {
		c.most = completeOptions
	}
	all := c.p.knownFields(ctx, c.a, before)
	low := strings.ToLower(typed)
	list := slices.DeleteFunc(slices.Clone(all.Fields), func(f store.Facet) bool { return !strings.Contains(strings.ToLower(f.Field), low) })
	slices.SortStableFunc(list, func(x, y store.Facet) int {
		return prefixRank(y.Field, low) - prefixRank(x.Field, low)
	})
	for i := range list {
		f := &list[i]
		o := screens.LogOption{Type: saidKinds[f.Kind], Text: fieldName(f.Field) + ":", Note: fieldNote(f), More: true, Mono: true}
		if all.Lines > 0 {
			o.Share = float64(f.Lines) / float64(all.Lines)
			o.Percent = chart.Percent(o.Share).String()
			if len(c.out.Options) == 0 {
				o.Percent += " of lines"
			}
		}
		c.add(o, f.Field, typed)
	}
}

func prefixRank(name, low string) int {
	if low != "" && strings.HasPrefix(strings.ToLower(name), low) {
		return 1
	}
	return 0
}

// fieldNote says what values a field has, in few words.
func fieldNote(f *store.Facet) string {
	switch {
	case f.Kind == store.DurationField:
		return "p50 " + fieldValue(f, f.Median)
	case f.Kind == store.NumberField:
		if f.Low == f.High {
			return fieldValue(f, f.Low)
		}
		return between(f)
	case len(f.Values) == 0 || f.Lines == 0:
		return ""
	}
	if top := float64(f.Values[0].Count) / float64(f.Lines); top >= 0.05 {
		return cut(oneLine(f.Values[0].Value), 28) + " " + chart.Percent(top).String()
	}
	return facetNote(f)
}

// values offers the values of a field that contain what is typed.
func (c *completer) values(ctx context.Context, before, field, typed string) {
	q := store.FacetQuery{LogQuery: c.a.query(strings.TrimSpace(before)), Field: field, Has: typed, Top: c.most}
	f, err := c.p.commonValues(ctx, q)
	if unreadable(err) { // the text before is no whole query yet
		q.Text = ""
		f, err = c.p.commonValues(ctx, q)
	}
	if err != nil && len(f.Values) == 0 {
		return
	}
	for _, v := range f.Values {
		if v.Value == "" {
			continue
		}
		c.add(screens.LogOption{Type: "value", Text: quoteTerm(v.Value) + " ", Note: valueNote(&f, v.Count), Mono: true}, cut(oneLine(v.Value), 80), typed)
	}
}

// commonValues counts the values of a field in all lines or, where that takes
// too long, in the newest.
func (p *Pages) commonValues(ctx context.Context, q store.FacetQuery) (store.Facet, error) {
	within, cancel := context.WithTimeout(ctx, completeAllTime)
	defer cancel()
	f, err := p.o.Words.Values(within, q)
	if err == nil || within.Err() == nil {
		return f, err
	}
	q.Limit = completeLines
	return p.o.Words.Values(ctx, q)
}

// valueNote says how many lines have a value, at least.
func valueNote(f *store.Facet, n int64) string {
	if f.Cut {
		return "≥ " + countLines(n)
	}
	return countLines(n)
}

// phrases offers what messages say that contain what is typed.
func (c *completer) phrases(ctx context.Context, typed string) {
	typed = strings.TrimSpace(typed)
	if len(typed) < 2 {
		return
	}
	low := strings.ToLower(typed)
	lines := map[string]int64{}
	var order []string
	for _, g := range c.p.knownPatterns(ctx, c.a).List {
		for _, part := range g.Parts {
			phrase := wholeWords(part.Text)
			if part.Kind != "" || !strings.Contains(strings.ToLower(phrase), low) || len(phrase) <= len(typed) {
				continue
			}
			if lines[phrase] == 0 {
				order = append(order, phrase)
			}
			lines[phrase] += g.Lines
			break
		}
	}
	slices.SortStableFunc(order, func(x, y string) int { return int(min(1, max(-1, lines[y]-lines[x]))) })
	for _, phrase := range order[:min(len(order), 4)] {
		c.add(screens.LogOption{Type: "text", Text: forceQuote(phrase) + " ", Note: countLines(lines[phrase]), Quoted: true}, phrase, typed)
	}
}

// wholeWords is a part of a message without the halves of words at its ends,
// and without the signs around it.
func wholeWords(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "{}\""); i >= 0 {
		return ""
	}
	return strings.Trim(s, " :,;(…")
}

// logsValues answers with the commonest values of a field, for the form that
// makes a filter.
func (p *Pages) logsValues(w http.ResponseWriter, r *http.Request) error {
	if p.o.Logs == nil || p.o.Words == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), completeTime)
	defer cancel()
	a := p.logAsk(r)
	q := store.FacetQuery{LogQuery: a.query(a.typed), Field: r.URL.Query().Get("field"), Top: 40}
	if a.metric {
		q.Text = "{}"
	}
	f, err := p.commonValues(ctx, q)
	if err != nil && len(f.Values) == 0 {
		return err
	}
	var out []string
	for _, v := range f.Values {
		out = append(out, v.Value)
	}
	return p.fragment(w, r, http.StatusOK, screens.LogValues(out))
}

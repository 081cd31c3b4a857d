package pages

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	patternRows  = 100
	patternSpark = 60 // points of the small chart
)

// patternAnswer is the patterns of the range, and of the same length of time
// before it, with the lines that there were of the scope in all.
type patternAnswer struct {
	now, before       store.LogPatterns
	allNow, allBefore int64
	err               error
}

// askLogPatterns asks for both times at once. A share is of all lines of the
// scope, so that a pattern's share grows only when the pattern does.
func (p *Pages) askLogPatterns(ctx context.Context, a *logAsk) patternAnswer {
	if p.o.Patterns == nil {
		return patternAnswer{err: errNoDoor}
	}
	var ans patternAnswer
	var errs [4]error
	earlier := store.TimeRange{From: a.st.Range.From - int64(a.st.Width()), To: a.st.Range.From}
	q := store.PatternQuery{LogQuery: a.query(a.typed), Step: a.st.Step(patternSpark), Top: 10 * patternRows}
	q.Oldest = false
	was := q
	was.Range = earlier
	var wg sync.WaitGroup
	wg.Go(func() { ans.now, errs[0] = p.o.Patterns.Patterns(ctx, q) })
	wg.Go(func() { ans.before, errs[1] = p.o.Patterns.Patterns(ctx, was) })
	wg.Go(func() { ans.allNow, errs[2] = p.countScope(ctx, a, a.st.Range) })
	wg.Go(func() { ans.allBefore, errs[3] = p.countScope(ctx, a, earlier) })
	wg.Wait()
	ans.err = firstOf(errs[:]...)
	return ans
}

// countScope counts all lines of the scope, whatever the query.
func (p *Pages) countScope(ctx context.Context, a *logAsk, r store.TimeRange) (int64, error) {
	buckets, err := p.o.Logs.Volume(ctx, store.LogQuery{Narrow: scopeLine(a.st.Services), Range: r}, a.st.Step(logBars))
	var n int64
	for i := range buckets {
		n += buckets[i].Total()
	}
	return n, err
}

// patternChange is a pattern with what it was before; lines of neither time
// are 0.
type patternChange struct {
	p        *store.LogPattern
	now, was int64
	ratio    float64 // of the shares; 0 gone, +Inf new
}

// changes join both times by pattern, service and level.
func (ans *patternAnswer) changes() []patternChange {
	key := func(p *store.LogPattern) string { return p.Text + "\x00" + p.Service + "\x00" + p.Level.Word() }
	was := map[string]*store.LogPattern{}
	for i := range ans.before.List {
		was[key(&ans.before.List[i])] = &ans.before.List[i]
	}
	var out []patternChange
	for i := range ans.now.List {
		c := patternChange{p: &ans.now.List[i], now: ans.now.List[i].Lines}
		if b := was[key(c.p)]; b != nil {
			c.was = b.Lines
			delete(was, key(c.p))
		}
		out = append(out, c)
	}
	for i := range ans.before.List {
		if b := &ans.before.List[i]; was[key(b)] != nil {
			out = append(out, patternChange{p: b, was: b.Lines})
		}
	}
	return out
}

// said is a change in words, and how loud it is said.
func (ans *patternAnswer) said(c *patternChange) (text, tone string) {
	loud := c.p.Level.Word() == "error" || c.p.Level.Word() == "fatal"
	switch {
	case ans.allBefore == 0:
		return chart.Dash, ""
	case c.now == 0:
		return "gone", ""
	case c.was == 0:
		if loud {
			return "new", "err"
		}
		return "new", "warn"
	}
	now, was := share(c.now, ans.allNow), share(c.was, ans.allBefore)
	text = chart.Change(now, was)
	if strings.HasPrefix(text, "×") {
		tone = "warn"
	}
	return text, tone
}

// rank sorts the changes: by lines, by level, or by how much they changed.
func (ans *patternAnswer) rank(list []patternChange, by string) {
	changed := func(c *patternChange) float64 {
		if ans.allBefore == 0 {
			return 0
		}
		now, was := share(c.now, ans.allNow), share(c.was, ans.allBefore)
		if c.was == 0 {
			return 1e9 + now
		}
		return now / was
	}
	slices.SortStableFunc(list, func(a, b patternChange) int {
		var first int
		switch by {
		case "level":
			first = cmp.Compare(b.p.Level, a.p.Level)
		case "service":
			first = cmp.Compare(a.p.Service, b.p.Service)
		case "change":
			first = cmp.Compare(changed(&b), changed(&a))
		}
		return cmp.Or(first, cmp.Compare(b.now, a.now), cmp.Compare(b.was, a.was), cmp.Compare(a.p.Text, b.p.Text))
	})
}

func (p *Pages) patternsView(ctx context.Context, a *logAsk, ans *logAnswer, m *screens.Logs) {
	if ans.patterns.err != nil && len(ans.patterns.now.List) == 0 {
		m.Error = p.reason(ctx, "log patterns", ans.patterns.err)
		return
	}
	if ans.patterns.now.Lines == 0 && ans.count == 0 {
		m.Empty = p.logEmpty(ctx, *a)
		return
	}
	by := a.st.Values.Get("by")
	list := ans.patterns.changes()
	ans.patterns.rank(list, by)
	out := screens.LogPatterns{Note: ans.patterns.note(len(list))}
	col := func(text, name, class string, right bool) {
		c := screens.LogSort{Text: text, Class: class, Right: right}
		if name != "-" {
			c.Href, c.On = a.st.With("by", name, "sel", ""), by == name
		}
		out.Columns = append(out.Columns, c)
	}
	col("Level", "level", "w-lvl", false)
	col("Service", "service", "w-svc", false)
	col("Pattern", "-", "", false)
	col("Most common", "-", "w-com", false)
	col(sentence(a.pick().Label), "-", "w-spark", false)
	col("Lines", "", "", true)
	col("Against before", "change", "", true)
	for i := range list[:min(len(list), patternRows)] {
		out.Rows = append(out.Rows, p.patternRow(a, &ans.patterns, &list[i]))
	}
	m.Patterns = &out
}

func (ans *patternAnswer) note(kinds int) string {
	var out []string
	if ans.now.Read < ans.now.Lines {
		out = append(out, "Counts are estimates: "+chart.Count(ans.now.Read)+" of "+chart.Count(ans.now.Lines)+" lines were read, of every moment its share.")
	}
	if kinds > patternRows {
		out = append(out, "The first "+chart.Count(patternRows)+" of "+chart.Count(int64(kinds))+" patterns are shown.")
	}
	if ans.allBefore == 0 {
		out = append(out, "Nothing is kept of the same length of time before, so there is nothing to compare with.")
	}
	return strings.Join(out, " ")
}

func (p *Pages) patternRow(a *logAsk, ans *patternAnswer, c *patternChange) screens.LogPattern {
	text, tone := ans.said(c)
	r := screens.LogPattern{
		Level: c.p.Level.Word(), Service: ui.Service{Name: c.p.Service, Slot: p.o.Slots(c.p.Service)},
		Parts: patternParts(c.p), Example: oneLine(c.p.Example), Common: saidCommon(&c.p.Common),
		Class: patternClass(c.p.Level.Word()), Lines: chart.Count(c.now), Change: text, Tone: tone,
	}
	r.Exact = "Now " + chart.Count(c.now) + " lines, " + chart.Percent(share(c.now, ans.allNow)).String() + " of all; before " +
		chart.Count(c.was) + ", " + chart.Percent(share(c.was, ans.allBefore)).String()
	if c.now > 0 {
		r.Steps = floats(c.p.Steps)
		st := a.st
		st.Values = clone(st.Values)
		st.Values.Del("view")
		st.Values.Del("by")
		r.Href = st.withFilters(append(slices.Clone(a.filters), samePattern(c.p.Text)))
	}
	return r
}

func patternClass(level string) string {
	switch level {
	case "error", "fatal":
		return "k-err"
	case "warn":
		return "k-warn"
	}
	return "k-info"
}

// saidCommon says which value most lines of a pattern have.
func saidCommon(c *store.PatternCommon) string {
	if c.Name == "" || len(c.Values) == 0 || c.Lines == 0 {
		return ""
	}
	of := func(v store.FacetValue) string {
		return cut(oneLine(v.Value), 40) + " " + chart.Percent(float64(v.Count)/float64(c.Lines)).String()
	}
	first := float64(c.Values[0].Count) / float64(c.Lines)
	switch {
	case first < 0.2 && c.More:
		return c.Name + " over " + chart.Count(int64(c.Distinct)) + " values"
	case first < 0.2:
		return c.Name + " " + chart.Count(int64(c.Distinct)) + " values"
	case len(c.Values) == 2 && c.Distinct == 2:
		return c.Name + " " + of(c.Values[0]) + ", " + of(c.Values[1])
	}
	return c.Name + " " + of(c.Values[0])
}

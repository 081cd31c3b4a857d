package pages

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// logVolume draws the lines per step, quiet levels on top; levels that the
// line excludes are faint.
func (p *Pages) logVolume(ctx context.Context, a logAsk, ans logAnswer, m *screens.Logs) {
	if ans.volumeErr != nil {
		m.Failed = "The volume is missing. " + p.reason(ctx, "log volume", ans.volumeErr)
		return
	}
	total := matched(ans)
	m.Lines = chart.Count(total)
	lines := " lines in "
	if total == 1 {
		lines = " line in "
	}
	m.Took = m.Lines + lines + chart.Duration(ans.took.Round(time.Millisecond)).String()
	if len(ans.volume) == 0 {
		return
	}
	layers := []chart.Stack{
		{Class: "k-warn", Name: "warn"},
		{Class: "k-err", Name: "error and fatal"},
		{Class: "k-info", Name: "info"},
		{Class: "k-debug", Name: "debug and less"},
		{Class: "unmatched", Name: "excluded by level"},
	}
	b := chart.Bars{Step: a.st.Step(logBars), Frame: chart.Frame{
		Label:  "Lines per " + chart.Long(a.st.Step(logBars)) + " by level, " + m.Lines + " in all",
		Height: 74, Left: 30, From: a.st.Range.From, To: a.st.Range.To, Brush: true, Ticks: 8,
	}}
	for i := range layers {
		layers[i].Values = make([]float64, len(ans.volume))
	}
	for i := range ans.volume {
		b.Starts = append(b.Starts, ans.volume[i].Start)
		for slot, n := range ans.volume[i].Counts {
			layers[layer(slot, ans.level)].Values[i] += float64(n)
		}
	}
	b.Stacks = slices.DeleteFunc(layers, func(s chart.Stack) bool {
		return !slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 })
	})
	m.Volume = &b
}

func layer(slot int, level split) int {
	word := slotWord(slot)
	if !level.match(word) {
		return 4
	}
	switch word {
	case "warn":
		return 0
	case "error", "fatal":
		return 1
	case "info":
		return 2
	}
	return 3
}

// logFacets are level and service, which also show what the line excludes,
// then the other fields as the door ranks them.
func (p *Pages) logFacets(a logAsk, ans logAnswer) []screens.LogFacet {
	var out []screens.LogFacet
	if ans.volumeErr == nil {
		if f := levelFacet(ans); len(f.Values) > 0 {
			out = append(out, p.logFacet(a, f, ans.level))
		}
	}
	services := ans.facets
	if ans.service.narrowed() && ans.services != nil {
		services = ans.services
	}
	for _, f := range services {
		if isService(f.Field) && len(f.Values) > 0 {
			f.Field = "service"
			out = append(out, p.logFacet(a, f, ans.service))
			break
		}
	}
	for _, f := range ans.facets {
		if f.Field == "level" || isService(f.Field) || len(f.Values) == 0 {
			continue
		}
		s := splitField(a.typed, f.Field)
		m := p.logFacet(a, f, s)
		m.Closed = (len(out) >= 6 || f.Distinct > 5*facetTop) && !s.narrowed()
		out = append(out, m)
	}
	return out
}

// levelFacet counts the levels of the volume, loudest first.
func levelFacet(ans logAnswer) store.Facet {
	f := store.Facet{Field: "level"}
	for slot := len(store.LevelNames); slot >= 0; slot-- {
		var n int64
		for i := range ans.volume {
			n += ans.volume[i].Counts[slot]
		}
		word := slotWord(slot)
		if n > 0 || ans.level.narrowed() && slot > 0 && ans.level.match(word) {
			f.Values = append(f.Values, store.FacetValue{Value: word, Count: n})
		}
	}
	f.Distinct = len(f.Values)
	return f
}

func (p *Pages) logFacet(a logAsk, f store.Facet, s split) screens.LogFacet {
	m := screens.LogFacet{Field: f.Field}
	if f.Distinct > len(f.Values) {
		m.Note = chart.Count(int64(f.Distinct)) + " values"
	}
	all := make([]string, len(f.Values))
	var most int64 = 1
	for i, v := range f.Values {
		all[i] = v.Value
		most = max(most, v.Count)
	}
	for _, v := range f.Values {
		on := s.narrowed() && s.match(v.Value)
		fv := screens.LogFacetValue{
			Value: cut(v.Value, rowValue), Count: chart.Count(v.Count), Share: float64(v.Count) / float64(most),
			Class: p.facetClass(f.Field, v.Value), On: on, Off: s.narrowed() && !on,
			Href: a.st.With("q", toggle(a.typed, f.Field, v.Value, all), "sel", "", "cursor", ""),
		}
		m.Values = append(m.Values, fv)
	}
	return m
}

func (p *Pages) facetClass(field, value string) string {
	switch field {
	case "level":
		switch value {
		case "fatal", "error":
			return "err"
		case "warn":
			return "warn"
		}
		return ""
	case "service":
		return "c" + strconv.Itoa(p.o.Slots(value))
	}
	return ""
}

// logEmpty finds out which kind of nothing this is.
func (p *Pages) logEmpty(ctx context.Context, a logAsk) *screens.LogEmpty {
	all, _ := scoped("", a.st.Services)
	inRange, err := p.countLogs(ctx, a, all)
	if err == nil && inRange > 0 && a.typed != "" {
		return p.logNoMatch(ctx, a, inRange)
	}
	newest, ok := p.newestLog(ctx, a, "")
	if !ok {
		return &screens.LogEmpty{
			Icon: "logs", Title: "No line has been received yet",
			Before:  "Send the first one:",
			Snippet: snippet(a.host, "loki"),
		}
	}
	e := &screens.LogEmpty{Icon: "logs", Title: "No lines in this time range"}
	if len(a.st.Services) > 0 {
		if own, has := p.newestLog(ctx, a, all); has {
			newest = own
		} else {
			e.Before = "Nothing was ever received from the services in scope."
			e.Actions = append(e.Actions, ui.Button{Text: "All services", Href: a.st.Without("service"), Small: true})
		}
	}
	t := time.Unix(0, newest).UTC()
	if e.Before == "" {
		e.Before = "The newest line is from " + chart.When(t, a.st.Now) + "."
	}
	from := strconv.FormatInt(t.Add(-30*time.Minute).UnixMilli(), 10)
	to := strconv.FormatInt(t.Add(time.Second).UnixMilli(), 10)
	e.Actions = append(e.Actions, ui.Button{Text: "Show the lines before it", Href: a.st.With("from", from, "to", to, "sel", "", "cursor", ""), Small: true})
	return e
}

// logNoMatch names the term whose removal gives the most lines.
func (p *Pages) logNoMatch(ctx context.Context, a logAsk, inRange int64) *screens.LogEmpty {
	e := &screens.LogEmpty{Icon: "logs", Title: "No lines match in this time range"}
	wide := ui.Button{Text: "Look back 24 h", Href: a.st.With("from", "now-24h", "to", "", "cursor", ""), Small: true}
	all := terms(a.typed)
	if len(all) < 2 || len(all) > 8 || hasOr(all) {
		e.Before = "Without the query there are " + chart.Count(inRange) + "."
		e.Actions = []ui.Button{{Text: "Clear the query", Href: a.st.Without("q", "cursor"), Small: true}, wide}
		return e
	}
	var best int64
	var rest string
	for i, t := range all {
		if t.kind == andTerm {
			continue
		}
		drop := make([]bool, len(all))
		drop[i] = true
		text := without(a.typed, all, drop)
		asked, _ := scoped(text, a.st.Services)
		if n, err := p.countLogs(ctx, a, asked); err == nil && n > best {
			best, rest, e.Filter = n, text, a.typed[t.start:t.end]
		}
	}
	if best == 0 {
		e.Before = "Without the query there are " + chart.Count(inRange) + "."
		e.Actions = []ui.Button{{Text: "Clear the query", Href: a.st.Without("q", "cursor"), Small: true}, wide}
		return e
	}
	e.Before, e.After = "Without", "there are "+chart.Count(best)+"."
	e.Actions = []ui.Button{{Text: "Remove that filter", Href: a.st.With("q", rest, "cursor", ""), Small: true}, wide}
	return e
}

func (p *Pages) countLogs(ctx context.Context, a logAsk, text string) (int64, error) {
	buckets, err := p.o.Logs.Volume(ctx, a.query(text), a.st.Step(logBars))
	var n int64
	for i := range buckets {
		n += buckets[i].Total()
	}
	return n, err
}

// newestLog is the time of the newest line of all.
func (p *Pages) newestLog(ctx context.Context, a logAsk, text string) (int64, bool) {
	q := store.LogQuery{Text: text, Range: store.TimeRange{To: a.st.Now.UnixNano() + 1}, Limit: 1}
	for rec, err := range p.o.Logs.Search(ctx, q) {
		return rec.Time, err == nil
	}
	return 0, false
}

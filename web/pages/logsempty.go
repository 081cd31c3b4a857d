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

// logEmpty finds out which kind of nothing this is.
func (p *Pages) logEmpty(ctx context.Context, a logAsk) *screens.LogEmpty {
	scope := a
	scope.typed, scope.syntax, scope.filters = "", store.SearchLine, nil
	inRange, err := p.countLogs(ctx, &scope)
	if err == nil && inRange > 0 && (a.typed != "" || len(a.filters) > 0) {
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
		if own, has := p.newestLog(ctx, a, scopeLine(a.st.Services)); has {
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
	if a.brushed {
		e.Actions = append(e.Actions, ui.Button{Text: "Clear the brush", Href: a.whole.With("sel", ""), Small: true})
	}
	from := strconv.FormatInt(t.Add(-30*time.Minute).UnixMilli(), 10)
	to := strconv.FormatInt(t.Add(time.Second).UnixMilli(), 10)
	e.Actions = append(e.Actions, ui.Button{Text: "Show the lines before it", Href: a.whole.With("from", from, "to", to, "sel", "", "cursor", ""), Small: true})
	return e
}

// removal is the question without one of its conditions.
type removal struct {
	says string // route:/api/tasks
	ask  logAsk
	href string
}

// maxRemovals bounds the questions that are asked to find the best one.
const maxRemovals = 8

// removals are the conditions that can be taken away alone: filters, and the
// terms of a search line without a top-level or.
func (a *logAsk) removals() []removal {
	var out []removal
	add := func(says, typed string, filters []string, href string) {
		r := removal{says, *a, href}
		r.ask.typed, r.ask.filters = typed, filters
		r.ask.narrow = narrowLine(a.st.Services, filters)
		out = append(out, r)
	}
	for i, f := range a.filters {
		left := slices.Delete(slices.Clone(a.filters), i, i+1)
		add(f, a.typed, left, a.st.withFilters(left))
	}
	all := terms(a.typed)
	if a.syntax != store.SearchLine || hasOr(all) {
		if a.typed != "" {
			add(a.typed, "", a.filters, a.st.With("q", "", "sel", ""))
			out[len(out)-1].ask.syntax = store.SearchLine
		}
		return out
	}
	for i, t := range all {
		if t.kind == andTerm {
			continue
		}
		drop := make([]bool, len(all))
		drop[i] = true
		rest := without(a.typed, all, drop)
		add(a.typed[t.start:t.end], rest, a.filters, a.st.With("q", rest, "sel", ""))
	}
	return out
}

// logNoMatch names the condition whose removal gives the most lines.
func (p *Pages) logNoMatch(ctx context.Context, a logAsk, inRange int64) *screens.LogEmpty {
	e := &screens.LogEmpty{Icon: "logs", Title: "No lines match in this time range"}
	wide := ui.Button{Text: "Look back 24 h", Href: a.whole.With("from", "now-24h", "to", "", "cursor", ""), Small: true}
	if a.brushed {
		wide = ui.Button{Text: "Clear the brush", Href: a.whole.With("sel", ""), Small: true}
	}
	if asked, known, href := p.nearestField(ctx, &a); asked != "" {
		e.Before = "No line has a field " + asked + "."
		e.Actions = []ui.Button{{Text: "Ask for " + known, Href: href, Small: true}, wide}
		return e
	}
	var best int64
	var href string
	if all := a.removals(); len(all) <= maxRemovals {
		for _, r := range all {
			if n, err := p.countLogs(ctx, &r.ask); err == nil && n > best {
				best, href, e.Filter = n, r.href, r.says
			}
		}
	}
	if best == 0 {
		e.Before = "Without query and filters there are " + chart.Count(inRange) + "."
		e.Actions = []ui.Button{{Text: "Clear all", Href: a.st.Without("q", "filter", "cursor"), Small: true}, wide}
		return e
	}
	e.Before, e.After = "Without", "there are "+chart.Count(best)+"."
	if best == 1 {
		e.After = "there is 1."
	}
	e.Actions = []ui.Button{{Text: "Remove that filter", Href: href, Small: true}, wide}
	return e
}

func (p *Pages) countLogs(ctx context.Context, a *logAsk) (int64, error) {
	q := a.query(a.typed)
	q.Narrow = narrowLine(a.st.Services, a.filters)
	buckets, err := p.o.Logs.Volume(ctx, q, a.st.Step(logBars))
	var n int64
	for i := range buckets {
		n += buckets[i].Total()
	}
	return n, err
}

// newestLog is the time of the newest line of all.
func (p *Pages) newestLog(ctx context.Context, a logAsk, scope string) (int64, bool) {
	q := store.LogQuery{Narrow: scope, Range: store.TimeRange{To: a.st.Now.UnixNano() + 1}, Limit: 1}
	for rec, err := range p.o.Logs.Search(ctx, q) {
		return rec.Time, err == nil
	}
	return 0, false
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

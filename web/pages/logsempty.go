package pages

import (
	"context"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// logEmpty finds out which kind of nothing this is.
func (p *Pages) logEmpty(ctx context.Context, a logAsk) *screens.LogEmpty {
	inRange, err := p.countLogs(ctx, a, "")
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
		if own, has := p.newestLog(ctx, a, a.scope); has {
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
		if n, err := p.countLogs(ctx, a, text); err == nil && n > best {
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

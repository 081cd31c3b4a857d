package pages

import (
	"context"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// LogStream finds the lines around a line of its stream.
type LogStream interface {
	Around(ctx context.Context, q store.LogAround) (store.LogSurroundings, error)
}

// aroundRows are the lines on each side of the one in the middle.
const aroundRows = 50

// listLogs reads the lines that the address asks for: those of the query, or
// the stream around a line.
func (p *Pages) listLogs(ctx context.Context, a logAsk) (logPage, error) {
	if !a.context() {
		return p.searchLogs(ctx, a)
	}
	// Of a stream, places count from the newest line, as Around does.
	switch {
	case !a.before.zero():
		return p.besideLine(ctx, a, a.before, !a.oldest)
	case !a.after.zero():
		return p.besideLine(ctx, a, a.after, a.oldest)
	}
	got, err := p.o.LogStream.Around(ctx, askAround(a.around, aroundRows+1, aroundRows+1))
	if err != nil {
		return logPage{}, err
	}
	older, newer := max(0, len(got.Before)-aroundRows), min(len(got.After), aroundRows)
	page := logPage{above: newer < len(got.After), below: older > 0}
	page.records = slices.Concat(got.Before[older:], []store.Record{got.Line}, got.After[:newer])
	page.seen = seenBefore(page.records, got.After[newer:], got.Newer)
	return a.inOrder(page), nil
}

// besideLine is what stands on one side of a line of the stream.
func (p *Pages) besideLine(ctx context.Context, a logAsk, pl place, newer bool) (logPage, error) {
	if !newer {
		got, err := p.o.LogStream.Around(ctx, askAround(pl, a.rows+1, 0))
		from := max(0, len(got.Before)-a.rows)
		page := logPage{records: got.Before[from:], above: true, below: from > 0}
		page.seen = seenBefore(page.records, []store.Record{got.Line}, got.Newer)
		return a.inOrder(page), err
	}
	got, err := p.o.LogStream.Around(ctx, askAround(pl, 0, a.rows+1))
	to := min(len(got.After), a.rows)
	page := logPage{records: got.After[:to], above: to < len(got.After), below: true}
	page.seen = seenBefore(page.records, got.After[to:], got.Newer)
	return a.inOrder(page), err
}

func askAround(pl place, before, after int) store.LogAround {
	return store.LogAround{Time: pl.at, Is: pl.is, Nth: pl.nth, Before: before, After: after}
}

// seenBefore counts the lines of the time of the newest of some, which stands
// last, among those that are newer.
func seenBefore(records []store.Record, newer ...[]store.Record) map[place]int {
	out := map[place]int{}
	if len(records) == 0 {
		return out
	}
	for _, r := range slices.Concat(newer...) {
		if r.Time == records[len(records)-1].Time {
			out[placeOf(&r)]++
		}
	}
	return out
}

// inOrder turns a page that has its newest line last, and says of above and
// below what holds for newest first, into the list's order.
func (a *logAsk) inOrder(page logPage) logPage {
	if a.oldest {
		page.above, page.below = page.below, page.above
		return page
	}
	slices.Reverse(page.records)
	return page
}

// placesOf names the lines of a page. Those of a stream are counted from the
// newest, whatever the order.
func (a *logAsk) placesOf(page logPage) []place {
	if !a.context() || !a.oldest {
		return page.places()
	}
	records := slices.Clone(page.records)
	slices.Reverse(records)
	out := placesOf(records, page.seen)
	slices.Reverse(out)
	return out
}

// aroundBar says what is shown instead of the query's lines.
func (p *Pages) aroundBar(a *logAsk, page logPage) *screens.LogAround {
	m := &screens.LogAround{
		At:   chart.Clock(time.Unix(0, a.around.at).UTC()),
		Back: a.st.With("sel", a.around.String()),
	}
	if a.crossesDays() {
		m.At = time.Unix(0, a.around.at).UTC().Format("2 Jan ") + m.At
	}
	i := slices.IndexFunc(page.records, func(r store.Record) bool { return a.around.is(&r) })
	if i < 0 {
		return m
	}
	r := &page.records[i]
	m.Service.Name, m.Service.Slot = r.Service, p.o.Slots(r.Service)
	if r.Resource == nil {
		return m
	}
	for _, name := range []string{"host.name", "hostname", "host", "k8s.pod.name", "pod", "container.name", "container", "service.instance.id", "filename"} {
		if v := r.Resource.Attrs.Text(name); v != "" {
			m.On = append(m.On, name+" "+cut(v, rowValue))
			if len(m.On) == 2 {
				break
			}
		}
	}
	return m
}

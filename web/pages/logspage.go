package pages

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tripod/store"
)

// logPage is a part of a list: records in its order.
type logPage struct {
	records []store.Record
	seen    map[place]int // lines that stand before it, of the time of its first
	above   bool
	below   bool  // whether the list goes on
	unread  error // the first of what could not be read among them
}

// places names the records.
func (pg *logPage) places() []place { return placesOf(pg.records, pg.seen) }

// logLead is how many lines are shown before the one that an address selects.
const logLead = 40

// searchLogs reads the page that the address asks for. An error after some
// records leaves those.
func (p *Pages) searchLogs(ctx context.Context, a logAsk) (logPage, error) {
	switch {
	case !a.before.zero():
		return p.pageBefore(ctx, a, a.before, a.rows)
	case !a.after.zero():
		return p.pageAfter(ctx, a, a.after)
	}
	if sel := parsePlace(a.st.Sel); !sel.zero() && a.st.Range.Has(sel.at) {
		return p.pageAt(ctx, a, sel)
	}
	q := a.query(a.typed)
	q.Receipt = a.receipt
	return p.readLogs(ctx, q, 0, 0, a.rows)
}

// pageAfter is what stands behind a place.
func (p *Pages) pageAfter(ctx context.Context, a logAsk, pl place) (logPage, error) {
	q := a.query(a.typed)
	m, err := p.moment(ctx, q, pl.at)
	if err != nil {
		return logPage{}, err
	}
	start := m.index(pl) + 1
	page, err := p.readLogs(ctx, q, pl.at, start, a.rows)
	page.above = true
	if len(page.records) > 0 && page.records[0].Time == pl.at {
		page.seen = m.count(start)
	}
	return page, err
}

// pageBefore is what stands in front of a place, to its very line. What the
// place names may be gone: then all of its time stand in front of it.
func (p *Pages) pageBefore(ctx context.Context, a logAsk, pl place, n int) (logPage, error) {
	q := a.query(a.typed)
	m, err := p.moment(ctx, q, pl.at)
	if err != nil {
		return logPage{}, err
	}
	end := m.index(pl)
	if end < 0 {
		end = len(m)
	}
	back := q
	back.Oldest = !q.Oldest
	page, err := p.readLogs(ctx, back, pl.at, len(m)-end, n)
	slices.Reverse(page.records)
	page.above, page.below = page.below, true
	if err != nil || !page.above {
		return page, err
	}
	first := page.records[0].Time
	if first != pl.at {
		m, err = p.moment(ctx, q, first)
		end = len(m)
	}
	for i := 0; i < n && page.records[i].Time == first; i++ {
		end--
	}
	page.seen = m.count(max(0, min(end, len(m))))
	return page, err
}

// pageAt begins some lines before a place, or at the top when these are all.
// A line that the query does not find is as if it were not asked for.
func (p *Pages) pageAt(ctx context.Context, a logAsk, pl place) (logPage, error) {
	q := a.query(a.typed)
	m, err := p.moment(ctx, q, pl.at)
	if err != nil {
		return logPage{}, err
	}
	var lead logPage
	if m.index(pl) >= 0 {
		if lead, err = p.pageBefore(ctx, a, pl, logLead); err != nil {
			return lead, err
		}
	}
	if !lead.above {
		return p.readLogs(ctx, q, 0, 0, a.rows)
	}
	page, err := p.readLogs(ctx, q, pl.at, m.index(pl), a.rows-logLead)
	page.records = append(lead.records, page.records...)
	page.seen, page.above, page.unread = lead.seen, true, cmp.Or(lead.unread, page.unread)
	return page, err
}

// moment is the lines of one nanosecond in a list's order.
type moment []place

func (p *Pages) moment(ctx context.Context, q store.LogQuery, at int64) (moment, error) {
	var out moment
	q.Range = store.TimeRange{From: at, To: at + 1}
	for r, err := range p.o.Logs.Search(ctx, q) {
		if errors.Is(err, store.ErrUnread) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, placeOf(&r))
	}
	return out, nil
}

// index is where a line stands, or -1.
func (m moment) index(pl place) int {
	alike := 0
	for i := range m {
		if m[i].hash != pl.hash {
			continue
		}
		if alike == pl.nth {
			return i
		}
		alike++
	}
	return -1
}

// count says how often each line stands among the first n.
func (m moment) count(n int) map[place]int {
	out := map[place]int{}
	for _, pl := range m[:n] {
		out[pl]++
	}
	return out
}

// readLogs reads n records from a time on, behind the first skip of it, and one
// record more, which says whether there are others.
func (p *Pages) readLogs(ctx context.Context, q store.LogQuery, at int64, skip, n int) (logPage, error) {
	switch {
	case at == 0:
	case q.Oldest:
		q.Range.From = max(q.Range.From, at)
	default:
		q.Range.To = min(q.Range.To, at+1)
	}
	q.Limit = n + 1 + skip
	var page logPage
	for rec, err := range p.o.Logs.Search(ctx, q) {
		switch {
		case errors.Is(err, store.ErrUnread):
			page.unread = cmp.Or(page.unread, err)
		case err != nil:
			return page, err
		case skip > 0 && rec.Time == at:
			skip--
		case len(page.records) == n:
			page.below = true
			return page, nil
		default:
			page.records = append(page.records, rec)
		}
	}
	return page, nil
}

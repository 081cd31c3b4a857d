package pages

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
)

// logPage is one page of records.
type logPage struct {
	records []store.Record
	next    cursor // zero when these are all
}

// searchLogs reads one page and one record more, which says whether there are
// others. An error after some records leaves those.
func (p *Pages) searchLogs(ctx context.Context, a logAsk) (logPage, error) {
	q := a.cursor.apply(a.query(a.typed))
	q.Limit = logRows + 1 + a.cursor.skip
	var page logPage
	skip := a.cursor.skip
	for rec, err := range p.o.Logs.Search(ctx, q) {
		if err != nil {
			return page, err
		}
		if skip > 0 && rec.Time == a.cursor.at {
			skip--
			continue
		}
		if len(page.records) == logRows {
			page.next = cursorAfter(page.records, a.cursor)
			break
		}
		page.records = append(page.records, rec)
	}
	return page, nil
}

// cursor is a place between records: behind the first skip records of a time.
type cursor struct {
	at   int64 // Unix ns
	skip int
}

func (c cursor) zero() bool { return c == cursor{} }

func (c cursor) String() string {
	if c.zero() {
		return ""
	}
	return strconv.FormatInt(c.at, 10) + "-" + strconv.Itoa(c.skip)
}

// maxSkip bounds the records of one nanosecond that a page may pass over.
const maxSkip = 100_000

func parseCursor(s string) cursor {
	at, skip, ok := strings.Cut(s, "-")
	t, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.Atoi(skip)
	if !ok || err1 != nil || err2 != nil || t <= 0 || n < 0 || n > maxSkip {
		return cursor{}
	}
	return cursor{t, n}
}

// apply moves the near end of the range to the cursor.
func (c cursor) apply(q store.LogQuery) store.LogQuery {
	switch {
	case c.zero():
	case q.Oldest:
		q.Range.From = max(q.Range.From, c.at)
	default:
		q.Range.To = min(q.Range.To, c.at+1)
	}
	return q
}

// cursorAfter is the place behind the last record.
func cursorAfter(records []store.Record, before cursor) cursor {
	last := records[len(records)-1].Time
	c := cursor{at: last}
	for _, r := range slices.Backward(records) {
		if r.Time != last {
			return c
		}
		c.skip++
	}
	if before.at == last {
		c.skip += before.skip
	}
	return c
}

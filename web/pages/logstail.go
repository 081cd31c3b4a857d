package pages

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/screens"
)

// LogTail follows what a query matches: it calls ready once it does, and each
// for records as they come with the number of those lost since.
type LogTail interface {
	Tail(ctx context.Context, q store.LogQuery, ready func() error, each func(list []store.Record, lost int64) error) error
}

const (
	tailEvery = 250 * time.Millisecond // between batches
	tailTicks = 4                      // batches of a second
	tailMost  = 200                    // lines a second that are shown; of more, a sample
	tailHeld  = 800                    // records that wait for their batch
	tailBeat  = 20                     // batches that may be empty until one is sent all the same
	tailTime  = 30 * time.Second       // in which a browser must take a batch
	maxTails  = 32
)

// errEnding ends a tail of an appliance that stops.
var errEnding = fmt.Errorf("the appliance is closing: %w", store.ErrClosed)

// logBatch is what a tail sends: one object a line.
type logBatch struct {
	Rows  string `json:"rows,omitempty"` // HTML, newest first
	Shown int    `json:"shown,omitempty"`
	Came  int    `json:"came,omitempty"`  // since the last batch
	Rate  int    `json:"rate,omitempty"`  // lines of the last second, when not all are shown
	Lost  int64  `json:"lost,omitempty"`  // that this tail was too slow for
	Gap   bool   `json:"gap,omitempty"`   // more came between the page and the tail than are sent
	Error string `json:"error,omitempty"` // and the tail has ended
}

// logsTail sends the rows of new lines as they come, until the browser leaves.
// since names the newest line that is shown; what came after it is sent first.
func (p *Pages) logsTail(w http.ResponseWriter, r *http.Request) error {
	if p.o.LogTail == nil || p.o.Logs == nil {
		return errNoDoor
	}
	select {
	case p.tails <- struct{}{}:
		defer func() { <-p.tails }()
	default:
		return fmt.Errorf("%d live tails at a time: %w", cap(p.tails), store.ErrOverloaded)
	}
	a := p.logAsk(r)
	a.oldest = false
	since := parsePlace(r.URL.Query().Get("since"))
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	t := &logTailing{p: p, a: &a, w: w, c: http.NewResponseController(w)}
	sent := make(chan struct{})
	begun := false
	err := p.o.LogTail.Tail(ctx, a.query(a.typed), func() error {
		begun = true
		go func() {
			defer close(sent)
			cancel(t.run(ctx, since))
		}()
		return nil
	}, t.take)
	if !begun {
		return err
	}
	cancel(err)
	<-sent
	t.end(context.Cause(ctx))
	return nil
}

// logTailing is a tail at work: take collects what run sends.
type logTailing struct {
	p *Pages
	a *logAsk
	w http.ResponseWriter
	c *http.ResponseController

	tailSample
	known map[place]bool // lines that were sent before they were followed
}

// run sends a batch four times a second, if something came.
func (t *logTailing) run(ctx context.Context, since place) error {
	h := t.w.Header()
	t.p.Headers(h)
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("X-Accel-Buffering", "no") // nginx would keep lines back
	first, err := t.missed(ctx, since)
	if err == nil {
		err = t.send(first)
	}
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for quiet := 0; err == nil; {
		select {
		case <-tick.C:
		case <-t.p.ending:
			return errEnding
		case <-ctx.Done():
			return ctx.Err()
		}
		b := t.next()
		if quiet++; b != (logBatch{}) || quiet >= tailBeat {
			quiet, err = 0, t.send(b)
		}
	}
	return err
}

// missed is what came after the newest line of the page and before the tail
// began to follow.
func (t *logTailing) missed(ctx context.Context, since place) (logBatch, error) {
	a := *t.a
	a.st.Range.To = t.p.o.Now().Add(time.Minute).UnixNano() // clocks differ
	page := logPage{}
	var err error
	if since.zero() {
		a.st.Range.From = max(a.st.Range.From, t.a.st.Range.To-int64(time.Second))
		page, err = t.p.readLogs(ctx, a.query(a.typed), 0, 0, logRows)
	} else {
		a.st.Range.From = 0
		page, err = t.p.pageBefore(ctx, a, since, logRows)
	}
	if err == nil && page.above { // too many: the newest of them
		page, err = t.p.readLogs(ctx, a.query(a.typed), 0, 0, logRows)
		page.above = true
	}
	if err != nil {
		return logBatch{}, err
	}
	t.known = map[place]bool{}
	for i := range page.records {
		t.known[placeOf(&page.records[i])] = true
	}
	n := len(page.records)
	b, err := t.batch(page.records)
	b.Came, b.Gap = n, !since.zero() && page.above
	return b, err
}

// next is what came since the last batch, or the zero batch.
func (t *logTailing) next() logBatch {
	held, came, rate, lost := t.taken()
	n := len(held)
	held = slices.DeleteFunc(held, func(r store.Record) bool {
		pl := placeOf(&r)
		again := t.known[pl]
		delete(t.known, pl)
		return again
	})
	came -= n - len(held)
	slices.SortStableFunc(held, func(a, b store.Record) int { return cmp.Compare(a.Time, b.Time) })
	slices.Reverse(held)
	b, err := t.batch(held)
	if err != nil {
		return logBatch{Error: err.Error()}
	}
	b.Came, b.Rate, b.Lost = came, rate, lost
	return b
}

// batch renders records, newest first.
func (t *logTailing) batch(records []store.Record) (logBatch, error) {
	if len(records) == 0 {
		return logBatch{}, nil
	}
	rows := t.p.logRows(context.Background(), *t.a, logPage{records: records}, nil)
	var html bytes.Buffer
	err := screens.LogRowList(rows).Render(context.Background(), &html)
	return logBatch{Rows: html.String(), Shown: len(records)}, err
}

func (t *logTailing) send(b logBatch) error {
	line, err := json.Marshal(b)
	if err != nil {
		return err
	}
	// Not every writer has a deadline to set (tests, wrappers): then there is none.
	_ = t.c.SetWriteDeadline(time.Now().Add(tailTime))
	if _, err := t.w.Write(append(line, '\n')); err != nil {
		return err
	}
	return t.c.Flush()
}

// end says why a tail ended, unless the browser did it.
func (t *logTailing) end(why error) {
	if why != nil && !errors.Is(why, context.Canceled) {
		_ = t.send(logBatch{Error: t.p.reason(context.Background(), "live tail", why)}) // nobody may be there
	}
	_ = t.c.SetWriteDeadline(time.Time{})
}

// Run ends all live tails when its context ends, so that a server need not wait
// for answers that have no end.
func (p *Pages) Run(ctx context.Context) error {
	<-ctx.Done()
	p.endOnce.Do(func() { close(p.ending) })
	return ctx.Err()
}

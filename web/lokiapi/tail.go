package lokiapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tripod/store"
)

const maxDelay = 5 * time.Second

// tail sends entries over a WebSocket as they come, after those since start.
func (a *API) tail(w http.ResponseWriter, r *http.Request) {
	t, err := a.newTail(w, r)
	if err == nil {
		select {
		case a.tails <- struct{}{}:
			defer func() { <-a.tails }()
		default:
			err = fmt.Errorf("%d tails at a time: %w", cap(a.tails), store.ErrOverloaded)
		}
	}
	if err != nil {
		writeError(w, err)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	if t.sock, err = openSocket(w, r); err != nil {
		return
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		cancel(t.sock.read())
	}()
	pinged := make(chan struct{})
	go func() {
		defer close(pinged)
		t.ping(ctx)
	}()
	err = a.doors.Query.Tail(ctx, t.q.Text, func() error { return t.history(ctx, a) }, func(list []store.LogEntry, lost int64) error {
		return t.send(ctx, list, lost)
	})
	cancel(err)
	if ctx.Err() != nil && err == ctx.Err() {
		t.sock.close(1000, "")
	} else {
		t.sock.close(1011, err.Error())
	}
	<-read
	<-pinged
}

// tailing is one tail at work.
type tailing struct {
	q     store.LogQuery // of the entries that are there
	delay time.Duration
	sock  *socket
	sent  map[string]bool // entries of the history, which may come once more
}

func (a *API) newTail(w http.ResponseWriter, r *http.Request) (*tailing, error) {
	if err := form(w, r); err != nil {
		return nil, err
	}
	now := strconv.FormatInt(a.o.Now().Add(time.Second).UnixNano(), 10)
	r.Form.Set("end", now) // clocks differ
	q, err := a.logQuery(r)
	if err != nil {
		return nil, err
	}
	if kind, err := a.doors.Query.Kind(q.Text); err != nil {
		return nil, err
	} else if kind != store.LogLines {
		return nil, bad("query", q.Text, "a query for lines")
	}
	delay, err := strconv.ParseUint("0"+r.Form.Get("delay_for"), 10, 16)
	if err != nil || time.Duration(delay)*time.Second > maxDelay {
		return nil, bad("delay_for", r.Form.Get("delay_for"), "seconds, at most 5")
	}
	q.Oldest = false // the newest of what is there
	return &tailing{q: q, delay: time.Duration(delay) * time.Second}, wantsSocket(r)
}

// history sends the newest entries since start, oldest first.
func (t *tailing) history(ctx context.Context, a *API) error {
	if t.q.Limit == 0 {
		return nil
	}
	var list []store.LogEntry
	for e, err := range a.doors.Query.Lines(ctx, t.q) {
		if err != nil {
			if err = noted(err); err != nil {
				return err
			}
			continue
		}
		list = append(list, e)
	}
	slices.Reverse(list)
	if len(list) == 0 {
		return nil
	}
	if err := t.frame(list, 0); err != nil {
		return err
	}
	t.sent = make(map[string]bool, len(list))
	for i := range list {
		t.sent[entryKey(&list[i])] = true
	}
	return nil
}

func entryKey(e *store.LogEntry) string {
	return strconv.FormatInt(e.Time, 10) + "\x00" + labelsKey(e.Stream) + e.Line
}

// send writes a frame of new entries, when the delay is over.
func (t *tailing) send(ctx context.Context, list []store.LogEntry, lost int64) error {
	if t.delay > 0 {
		select {
		case <-time.After(t.delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if t.sent != nil {
		list = slices.DeleteFunc(list, func(e store.LogEntry) bool {
			key := entryKey(&e)
			again := t.sent[key]
			delete(t.sent, key)
			return again
		})
	}
	if len(list) == 0 && lost == 0 {
		return nil
	}
	return t.frame(list, lost)
}

// frame writes {"streams":[…],"dropped_entries":[…]}; of those that were lost
// only the number is known.
func (t *tailing) frame(list []store.LogEntry, lost int64) error {
	out := newStreams(false)
	for i := range list {
		if err := out.add(&list[i]); err != nil {
			return err
		}
	}
	b := out.list([]byte(`{"streams":`))
	if lost > 0 {
		at := int64(0)
		if len(list) > 0 {
			at = list[len(list)-1].Time
		}
		b = append(b, `,"dropped_entries":[{"labels":{"dropped":"`...)
		b = strconv.AppendInt(b, lost, 10)
		b = append(b, `"},"timestamp":"`...)
		b = strconv.AppendInt(b, at, 10)
		b = append(b, `"}]`...)
	} else {
		b = append(b, `,"dropped_entries":[]`...)
	}
	return t.sock.send(opText, append(b, '}'))
}

// ping keeps the connection open, and finds clients that have gone.
func (t *tailing) ping(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if t.sock.send(opPing, nil) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

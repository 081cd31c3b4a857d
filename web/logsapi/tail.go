package logsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"tripod/store"
)

const (
	batchEvery = 250 * time.Millisecond // between batches, at least
	maxBatch   = 1 << 20                // bytes that wait for the next batch
	beatEvery  = 15 * time.Second       // between signs of life of a quiet tail
)

// errEnding ends a tail of a server that stops.
var errEnding = errors.New("the server stops")

// tail answers with new lines that match as they come, one object a line:
// lines as query has them, {"dropped":n} when lines were lost, {"heartbeat":…}
// once it follows and when nothing else came for a while, and {"error":…} when
// it cannot go on.
func (a *API) tail(w http.ResponseWriter, r *http.Request) {
	text, syntax, err := a.tailOf(r.URL.Query())
	if err == nil {
		select {
		case a.tails <- struct{}{}:
			defer func() { <-a.tails }()
		default:
			err = fmt.Errorf("%d tails at a time: %w", cap(a.tails), store.ErrOverloaded)
		}
	}
	if err != nil {
		writeProblem(w, err)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	t := &tailing{w: w, c: http.NewResponseController(w), some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	sent := make(chan struct{})
	ready := func() error {
		go func() {
			defer close(sent)
			cancel(t.run(ctx, a.ending))
		}()
		return nil
	}
	begun := false
	err = a.follow(ctx, text, syntax, func() error { begun = true; return ready() }, t)
	if !begun {
		writeProblem(w, err)
		return
	}
	cancel(err)
	<-sent
	t.end(context.Cause(ctx))
}

// tailOf reads the query of a tail, which must be one for lines.
func (a *API) tailOf(v url.Values) (text string, syntax store.Syntax, err error) {
	text = v.Get("q")
	if err = onlyNames(v, []string{"q", "syntax"}); err != nil {
		return text, 0, err
	}
	if syntax, err = syntaxOf(v); err != nil || syntax != store.LogQL {
		return text, syntax, err
	}
	kind, err := a.doors.Entries.Kind(text)
	if err == nil && kind != store.LogLines {
		err = &store.QueryError{Query: text, End: len(text), Msg: "a query for numbers cannot be followed", Hint: "follow the lines of its selector"}
	}
	return text, syntax, err
}

func (a *API) follow(ctx context.Context, text string, syntax store.Syntax, ready func() error, t *tailing) error {
	var out row
	if syntax == store.LogQL {
		return a.doors.Entries.Tail(ctx, text, ready, func(list []store.LogEntry, lost int64) error {
			return t.take(ctx, lost, len(list), func(b []byte, i int) []byte {
				out.setEntry(&list[i])
				return appendRow(b, &out)
			})
		})
	}
	return a.doors.Records.Tail(ctx, store.LogQuery{Text: text}, ready, func(list []store.Record, lost int64) error {
		return t.take(ctx, lost, len(list), func(b []byte, i int) []byte {
			out.set(&list[i])
			return appendRow(b, &out)
		})
	})
}

// tailing is one tail at work: take fills the next batch while run sends one.
type tailing struct {
	w    http.ResponseWriter
	c    *http.ResponseController
	some chan struct{} // the batch is no longer empty
	room chan struct{} // the batch was taken

	mu      sync.Mutex
	batch   []byte
	dropped int64
}

// take adds lines to the batch. It waits while that is full, so that lines are
// lost, and counted, where they are followed.
func (t *tailing) take(ctx context.Context, lost int64, n int, write func(b []byte, i int) []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropped += lost
	for i := range n {
		for len(t.batch) >= maxBatch {
			t.mu.Unlock()
			select {
			case <-t.room:
			case <-ctx.Done():
			}
			t.mu.Lock()
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		t.batch = write(t.batch, i)
	}
	wake(t.some)
	return nil
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run sends batches until the context or the server ends, or the client has gone.
func (t *tailing) run(ctx context.Context, ending <-chan struct{}) error {
	h := t.w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no") // nginx would keep lines back
	var spare []byte
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	err := t.send(heartbeat())
	for err == nil {
		select {
		case <-t.some:
			spare = t.next(spare)
			err = t.send(spare)
			beat.Reset(beatEvery)
		case <-beat.C:
			err = t.send(heartbeat())
		case <-ending:
			return errEnding
		case <-ctx.Done():
			return ctx.Err()
		}
		if err == nil {
			err = rest(ctx, ending)
		}
	}
	return err
}

// rest keeps batches apart.
func rest(ctx context.Context, ending <-chan struct{}) error {
	timer := time.NewTimer(batchEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ending:
		return errEnding
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next takes the batch, and leaves the memory of the one before.
func (t *tailing) next(spare []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.batch
	t.batch = spare[:0]
	if t.dropped > 0 {
		b = append(b, `{"dropped":`...)
		b = strconv.AppendInt(b, t.dropped, 10)
		b = append(b, "}\n"...)
		t.dropped = 0
	}
	wake(t.room)
	return b
}

func (t *tailing) send(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_ = t.c.SetWriteDeadline(time.Now().Add(takeTime))
	if _, err := t.w.Write(b); err != nil {
		return err
	}
	return t.c.Flush()
}

func heartbeat() []byte {
	b := append([]byte(nil), `{"heartbeat":"`...)
	b = appendTime(b, time.Now().UnixNano())
	return append(b, "\"}\n"...)
}

// end says why a tail ended, unless the client did it.
func (t *tailing) end(why error) {
	if why != nil && !errors.Is(why, context.Canceled) {
		last, err := json.Marshal(problemOf(why))
		if err == nil {
			_ = t.send(append(t.next(nil), append(last, '\n')...)) // nobody may be there
		}
	}
	_ = t.c.SetWriteDeadline(time.Time{})
}

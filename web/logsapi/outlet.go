package logsapi

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	fullBuffer = 64 << 10               // bytes that are sent at once
	flushAfter = 200 * time.Millisecond // fewer are sent after this
	takeTime   = time.Minute            // in which a client must take what was sent
)

// outlet sends an answer while it is made: it holds no more than a buffer.
type outlet struct {
	w      http.ResponseWriter
	c      *http.ResponseController
	begin  func(http.Header) // sets headers in front of the first byte
	header []byte            // goes in front of all rows

	mu    sync.Mutex
	buf   []byte
	begun bool
	err   error // of the client's connection
	rows  int

	stop chan struct{}
	done chan struct{}
}

func newOutlet(w http.ResponseWriter, header []byte, begin func(http.Header)) *outlet {
	o := &outlet{
		w: w, c: http.NewResponseController(w), begin: begin, header: header,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go o.flushOften()
	return o
}

// row takes one more row; write appends it.
func (o *outlet) row(write func([]byte) []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows++
	if o.rows == 1 {
		o.buf = append(o.buf, o.header...)
	}
	if o.buf = write(o.buf); len(o.buf) >= fullBuffer {
		o.send()
	}
	return o.err
}

// flushOften sends rows that wait while no others come.
func (o *outlet) flushOften() {
	defer close(o.done)
	tick := time.NewTicker(flushAfter)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.mu.Lock()
			o.send()
			o.mu.Unlock()
		case <-o.stop:
			return
		}
	}
}

// send sends what waits. o.mu is held.
func (o *outlet) send() {
	if len(o.buf) == 0 || o.err != nil {
		return
	}
	o.start()
	// Not every writer has a deadline to set (tests, wrappers): then there is none.
	_ = o.c.SetWriteDeadline(time.Now().Add(takeTime))
	if _, o.err = o.w.Write(o.buf); o.err == nil {
		o.err = o.c.Flush()
	}
	o.buf = o.buf[:0]
}

func (o *outlet) start() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.w.Header()
	h.Set("Trailer", "Tripod-Lines, Tripod-Error")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	o.begin(h)
	o.w.WriteHeader(http.StatusOK)
}

// close stops the flushing; nobody else may call row any more.
func (o *outlet) close() {
	close(o.stop)
	<-o.done
}

// finish sends the rest with a last object, if any, and the trailer. A client
// that has rows but is not told all of them is told why.
func (o *outlet) finish(last []byte, err error) {
	if o.rows == 0 {
		o.buf = append(o.buf, o.header...)
	}
	o.buf = append(o.buf, last...)
	o.start()
	o.send()
	_ = o.c.SetWriteDeadline(time.Time{})
	o.w.Header().Set("Tripod-Lines", strconv.Itoa(o.rows))
	if err != nil {
		o.w.Header().Set("Tripod-Error", oneLine(err.Error()))
	}
}

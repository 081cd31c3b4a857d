package events

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// crew works beside a scan, on goroutines that stay until its end: what they do
// for a block takes less time than the stack of a new one needs to grow.
type crew struct {
	wg   sync.WaitGroup
	work chan func()
	size int
	over atomic.Bool // what has not begun may be left
}

// maxWaiting is work that waits for the crew: chunks of heads, and blocks, of
// which each cursor of a scan has up to twice GOMAXPROCS ahead. What comes when so
// much waits takes a goroutine of its own.
const maxWaiting = 64

// do lets the crew do it soon.
func (c *crew) do(work func()) {
	if c.work == nil {
		c.work = make(chan func(), maxWaiting)
	}
	if c.size < runtime.GOMAXPROCS(0) {
		c.size++
		c.wg.Go(c.run)
	}
	select {
	case c.work <- work:
	default:
		c.wg.Go(work)
	}
}

func (c *crew) run() {
	for work := range c.work {
		work()
	}
}

// end waits for what has begun.
func (c *crew) end() {
	c.over.Store(true)
	if c.work != nil {
		close(c.work)
	}
	c.wg.Wait()
}

package events

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// TestCrewTakesAllWork: none waits for room, and end waits for all that has
// begun and tells the rest that it may be left.
func TestCrewTakesAllWork(t *testing.T) {
	var c crew
	var begun, left atomic.Int64
	hold := make(chan struct{})
	const most = 3 * maxWaiting
	for range most {
		c.do(func() {
			if c.over.Load() {
				left.Add(1)
				return
			}
			begun.Add(1)
			<-hold
		})
	}
	ended := make(chan struct{})
	go func() {
		c.end()
		close(ended)
	}()
	for !c.over.Load() {
		runtime.Gosched()
	}
	select {
	case <-ended:
		t.Fatal("ended while work was held")
	default:
	}
	close(hold)
	<-ended
	if n := begun.Load() + left.Load(); n != most || left.Load() == 0 {
		t.Errorf("%d began and %d were left, of %d", begun.Load(), left.Load(), most)
	}
	new(crew).end() // which had nothing to do
}

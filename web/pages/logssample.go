package pages

import (
	"sync"

	"tripod/store"
)

// tailSample is what waits for the next batch of a tail: all that came or, of
// more than can be read, an even choice.
type tailSample struct {
	mu     sync.Mutex
	held   []store.Record
	stride int // one of so many is held
	came   int
	lost   int64

	past [tailTicks]int // what came with the last batches
	tick int
	due  float64 // lines that the sample still has to show
}

// take holds records for the next batch, and of too many every second, every
// fourth and so on.
func (t *tailSample) take(list []store.Record, lost int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost += lost
	for _, r := range list {
		if len(t.held) == tailHeld {
			for i := range tailHeld / 2 {
				t.held[i] = t.held[2*i]
			}
			clear(t.held[tailHeld/2:])
			t.held, t.stride = t.held[:tailHeld/2], 2*t.stride
		}
		if t.stride = max(t.stride, 1); t.came%t.stride == 0 {
			t.held = append(t.held, r)
		}
		t.came++
	}
	return nil
}

// taken is what came since the last batch: lines of it, at most 200 a second,
// how many there were, and how many came in the last second when these are a
// sample.
func (t *tailSample) taken() (lines []store.Record, came, rate int, lost int64) {
	t.mu.Lock()
	lines, came, lost = t.held, t.came, t.lost
	t.held, t.came, t.lost, t.stride = nil, 0, 0, 1
	t.mu.Unlock()

	t.past[t.tick%tailTicks] = came
	t.tick++
	for _, n := range t.past {
		rate += n
	}
	if rate > tailMost && came > 0 {
		lines = t.sample(lines, came, rate)
	} else {
		rate = 0
	}
	return lines, came, rate, lost
}

// sample keeps one of so many that 200 a second are left. held stands for all
// that came, at even distances.
func (t *tailSample) sample(held []store.Record, came, rate int) []store.Record {
	keep := held[:0]
	each := tailMost * float64(came) / float64(rate*max(len(held), 1))
	for _, r := range held {
		// due runs on from batch to batch, so that none is favoured
		if t.due += each; t.due >= 1 {
			t.due--
			keep = append(keep, r)
		}
	}
	return keep
}

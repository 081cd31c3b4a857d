package metrics

import (
	"math"
	"sync"
)

// changes knows when which minute was last written, so that what was once
// computed from samples can be used again, and is not when a late one comes.
// It fits parallel.Changes.
type changes struct {
	oldest func() int64 // first moment of the store, Unix ms; grows when data are dropped

	mu      sync.Mutex
	version uint64
	all     uint64           // version of the last change that may be anywhere
	first   int64            // what oldest was
	minutes map[int64]uint64 // since the epoch, to the version of the last write
}

// remembered is how many minutes are known one by one: more than samples may
// be late, 48 h by default. With more, all begins anew.
const remembered = 4000

const minute = int64(60_000) // ms

// wrote is told after a batch can be read.
func (c *changes) wrote(in minutes) {
	if len(in.of) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	if len(c.minutes)+len(in.of) > remembered {
		c.all, c.minutes = c.version, nil
		return
	}
	if c.minutes == nil {
		c.minutes = map[int64]uint64{}
	}
	for m := range in.of {
		c.minutes[m] = c.version
	}
}

// everything is told after any samples were taken away.
func (c *changes) everything() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.all, c.minutes = c.version, nil
}

// Version fits parallel.Changes.
func (c *changes) Version() uint64 {
	first := c.oldest()
	c.mu.Lock()
	defer c.mu.Unlock()
	if first != c.first { // blocks came, or went by age or size
		c.version++
		c.all, c.first, c.minutes = c.version, first, nil
	}
	return c.version
}

// Earliest fits parallel.Changes.
func (c *changes) Earliest(since uint64, mint, maxt int64) int64 {
	c.Version() // sees what was dropped
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all > since {
		return mint
	}
	earliest := int64(math.MaxInt64)
	for m, version := range c.minutes {
		if version > since && (m+1)*minute > mint {
			earliest = min(earliest, max(mint, m*minute))
		}
	}
	return min(earliest, maxt+1)
}

// minutes are those of a batch.
type minutes struct {
	of   map[int64]struct{}
	last int64
}

func (m *minutes) add(ms int64) {
	n := ms / minute
	if m.of == nil {
		m.of = map[int64]struct{}{}
	} else if n == m.last {
		return
	}
	m.of[n], m.last = struct{}{}, n
}

package cache

import (
	"context"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	tick = time.Second
	// capEvery is in ticks: counting the keys lists them.
	capEvery = 10
)

// embedded is a Redis inside the process. It neither expires nor evicts by
// itself: run does both.
type embedded struct {
	server  *miniredis.Miniredis
	maxKeys int
}

func startEmbedded(maxKeys int) (*embedded, error) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return &embedded{server: m, maxKeys: maxKeys}, nil
}

func (e *embedded) addr() string { return e.server.Addr() }

func (e *embedded) run(ctx context.Context) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	last := time.Now()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			e.server.FastForward(now.Sub(last))
			last = now
		}
		if n%capEvery == 0 {
			e.evict()
		}
	}
}

// evict deletes keys that can be had again until the bound holds, with room for
// a tenth more, so that it has not to be done at once again.
func (e *embedded) evict() {
	keys := e.server.Keys()
	if len(keys) <= e.maxKeys {
		return
	}
	over := len(keys) - e.maxKeys*9/10
	for _, k := range keys {
		if over == 0 {
			return
		}
		if strings.HasPrefix(k, sessionPrefix) || strings.HasPrefix(k, calendarPrefix) {
			e.server.Del(k)
			over--
		}
	}
}

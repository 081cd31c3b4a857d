package cache

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	limitPrefix = "planner:limit:"
	// maxAttemptsPerWindow sign-ins of one address within limitWindow.
	maxAttemptsPerWindow = 30
	limitWindow          = time.Minute
	// maxLocal bounds the addresses counted without a server.
	maxLocal = 10_000
)

// Allow counts an attempt to sign in by a network address. Zero lets it through;
// otherwise it is how long to wait. Without a server it counts in the process.
func (c *Cache) Allow(ctx context.Context, ip string) (wait time.Duration, err error) {
	key := limitPrefix + ip
	var count *redis.IntCmd
	var left *redis.DurationCmd
	_, err = c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SetNX(ctx, key, 0, limitWindow)
		count = p.Incr(ctx, key)
		left = p.PTTL(ctx, key)
		return nil
	})
	if err != nil {
		return c.local.allow(ip, time.Now()), err
	}
	if count.Val() <= maxAttemptsPerWindow {
		return 0, nil
	}
	return max(left.Val(), time.Second), nil
}

// window counts attempts by address within a fixed window.
type window struct {
	mu    sync.Mutex
	until time.Time
	count map[string]int
}

func (w *window) allow(ip string, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !now.Before(w.until) {
		w.until, w.count = now.Add(limitWindow), map[string]int{}
	}
	if _, known := w.count[ip]; !known && len(w.count) >= maxLocal {
		return w.until.Sub(now)
	}
	if w.count[ip]++; w.count[ip] > maxAttemptsPerWindow {
		return w.until.Sub(now)
	}
	return 0
}

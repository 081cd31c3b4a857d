package cache

import (
	"sync"
	"time"
)

// maxEnded bounds the marks kept in the process; the server has them too.
const maxEnded = 10_000

// endedSessions are keys of sessions that ended less than sessionLife ago.
type endedSessions struct {
	mu   sync.Mutex
	keys map[string]time.Time // when the mark may go
}

func (e *endedSessions) add(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keys == nil {
		e.keys = map[string]time.Time{}
	}
	now := time.Now()
	if len(e.keys) >= maxEnded {
		for k, until := range e.keys {
			if now.After(until) {
				delete(e.keys, k)
			}
		}
	}
	if len(e.keys) < maxEnded {
		e.keys[key] = now.Add(sessionLife)
	}
}

func (e *endedSessions) has(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	until, ok := e.keys[key]
	return ok && time.Now().Before(until)
}

package observed

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
)

// scope is what the lines of one request or job have in common. The user becomes
// known in the middle of it, so the context holds a pointer.
type scope struct {
	reqID string
	src   *Source

	mu   sync.Mutex
	user string
}

type scopeKey struct{}

func (s *Source) scope(ctx context.Context, reqID string) (context.Context, *scope) {
	sc := &scope{reqID: reqID, src: s}
	return context.WithValue(ctx, scopeKey{}, sc), sc
}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

func (s *scope) setUser(id string) {
	if s != nil {
		s.mu.Lock()
		s.user = id
		s.mu.Unlock()
	}
}

func (s *scope) ids() (reqID, user string) {
	if s == nil {
		return "", ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reqID, s.user
}

// RequestID is the id of the request or job that a context belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := scopeOf(ctx).ids()
	return id
}

const maxReqID = 64

// goodReqID lets a caller's id through when it cannot break a line or a header.
func goodReqID(id string) bool {
	if id == "" || len(id) > maxReqID {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func newReqID() string {
	var b [10]byte
	rand.Read(b[:])
	return "req_" + hex.EncodeToString(b[:])
}

package cache

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/maintnotifications"
)

// gate stands between the client and the server. Shut, it does what a server
// that went away does: connections break, new ones are refused.
type gate struct {
	dialer net.Dialer
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

func newGate() *gate {
	return &gate{dialer: net.Dialer{Timeout: opTimeout, KeepAlive: time.Minute}, conns: map[net.Conn]struct{}{}}
}

func (g *gate) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("dial %s %s: connect: %w", network, addr, syscall.ECONNREFUSED)
	}
	c, err := g.dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return g.track(c), nil
}

func (g *gate) track(c net.Conn) net.Conn {
	t := &tracked{Conn: c, gate: g}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = struct{}{}
	if g.closed {
		c.Close()
	}
	return t
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.conns {
		c.Close()
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}

type tracked struct {
	net.Conn
	gate *gate
}

func (t *tracked) Close() error {
	t.gate.mu.Lock()
	delete(t.gate.conns, t.Conn)
	t.gate.mu.Unlock()
	return t.Conn.Close()
}

// quiet: the client must not ask the server for notices that only Redis Cloud sends.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

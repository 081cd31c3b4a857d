package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"tripod/planner"
)

const (
	// opTimeout bounds one command, so that a dead server costs little of a request.
	opTimeout = 500 * time.Millisecond
	poolSize  = 12
	// bufferSize of a connection; values are under 4 KiB.
	bufferSize = 8 << 10
	defaultCap = 20_000
)

// Options of a Cache; zero means default.
type Options struct {
	Addr    string               // host:port of a real server; "" embeds one
	MaxKeys int                  // of the embedded server; 20,000
	Tracers trace.TracerProvider // nil: no spans
}

// Cache is planner.Cache, planner.Queue, the consumer of its jobs, and the limiter.
type Cache struct {
	rdb      *redis.Client
	gate     *gate
	embedded *embedded // nil with a real server
	addr     string

	mu     sync.Mutex
	groups map[string]bool // consumer groups known to exist
	local  window          // counts while the server cannot

	ended endedSessions
}

var (
	_ planner.Cache = (*Cache)(nil)
	_ planner.Queue = (*Cache)(nil)
)

// Open starts the embedded server or asks the real one whether it is there.
func Open(ctx context.Context, o Options) (*Cache, error) {
	if o.Tracers == nil {
		o.Tracers = noop.NewTracerProvider()
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = defaultCap
	}
	logging.Disable() // the client's own words on stderr; every failure comes back as an error
	c := &Cache{addr: o.Addr, gate: newGate(), groups: map[string]bool{}}
	if o.Addr == "" {
		e, err := startEmbedded(o.MaxKeys)
		if err != nil {
			return nil, fmt.Errorf("start the embedded cache: %w", err)
		}
		c.embedded, c.addr = e, e.addr()
	}
	c.rdb = redis.NewClient(clientOptions(c.addr, c.gate))
	if err := c.connect(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("cache at %s: %w", c.addr, err), c.Close())
	}
	return c, nil
}

func (c *Cache) connect(ctx context.Context, o Options) error {
	err := redisotel.InstrumentTracing(c.rdb,
		redisotel.WithTracerProvider(o.Tracers),
		redisotel.WithCallerEnabled(false),
		redisotel.WithDialFilter(true),
		redisotel.WithCommandFilter(housekeeping),
	)
	if err != nil || o.Addr == "" {
		return err
	}
	return c.rdb.Ping(ctx).Err()
}

// housekeeping has no place in a request's trace.
func housekeeping(cmd redis.Cmder) bool {
	switch strings.ToLower(cmd.Name()) {
	case "hello", "client", "auth", "ping", "xreadgroup", "xautoclaim", "xgroup", "xlen":
		return true
	}
	return false
}

// clientOptions fail fast: what the cache cannot do, the database does.
func clientOptions(addr string, g *gate) *redis.Options {
	return &redis.Options{
		Addr:                     addr,
		Dialer:                   g.dial,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               1,
		MinRetryBackoff:          5 * time.Millisecond,
		MaxRetryBackoff:          20 * time.Millisecond,
		DialTimeout:              opTimeout,
		DialerRetries:            1,
		ReadTimeout:              opTimeout,
		WriteTimeout:             opTimeout,
		ContextTimeoutEnabled:    true,
		PoolSize:                 poolSize,
		PipelinePoolSize:         -1,
		ReadBufferSize:           bufferSize,
		WriteBufferSize:          bufferSize,
		ConnMaxIdleTime:          5 * time.Minute,
		MaintNotificationsConfig: quiet(),
	}
}

// Addr is where the server listens.
func (c *Cache) Addr() string { return c.addr }

// Run keeps the embedded server's clock and bound; with a real server it waits.
func (c *Cache) Run(ctx context.Context) error {
	if c.embedded != nil {
		return c.embedded.run(ctx)
	}
	<-ctx.Done()
	return nil
}

// Close ends the connections and the embedded server.
func (c *Cache) Close() error {
	var err error
	if c.rdb != nil {
		err = c.rdb.Close()
	}
	if c.embedded != nil {
		c.embedded.server.Close()
	}
	return err
}

// Drop cuts every connection and refuses new ones until restore is called.
func (c *Cache) Drop() (restore func()) {
	c.gate.shut()
	return c.gate.open
}

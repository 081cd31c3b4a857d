package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	_ "modernc.org/sqlite" // the driver

	"tripod/planner"
)

const (
	// maxOpen connections: more only wait for each other's write lock.
	maxOpen = 8
	// maxIdle keeps the usual few warm; each costs about 0.5 MB of page cache.
	maxIdle = 4
	// acquireTimeout is how long a caller waits for a free connection.
	acquireTimeout = 1500 * time.Millisecond
	// busyTimeout is how long a writer waits for the write lock, in ms.
	busyTimeout = 5000
	// waitWorthTelling is the wait for a connection from which it gets a span.
	waitWorthTelling = 5 * time.Millisecond
)

// Events tell what happened inside; each may be nil.
type Events struct {
	// Done reports every method: how long it waited for a connection, and how
	// long it took altogether.
	Done func(ctx context.Context, method string, waited, took time.Duration, err error)
}

// Options of a DB; zero means default.
type Options struct {
	Tracers trace.TracerProvider // nil: no spans
	Events  Events
}

// DB is a planner.Repository in a file.
type DB struct {
	db     *sql.DB
	path   string
	tracer trace.Tracer
	events Events

	waiting atomic.Int32
	faults  sync.WaitGroup
	closing chan struct{}
}

var _ planner.Repository = (*DB)(nil)

// Open opens or makes the file and brings its schema up to date.
func Open(path string, o Options) (*DB, error) {
	if o.Tracers == nil {
		o.Tracers = noop.NewTracerProvider()
	}
	db, err := otelsql.Open("sqlite", dsn(path),
		otelsql.WithTracerProvider(o.Tracers),
		otelsql.WithAttributes(attribute.String("db.system", "sqlite"), attribute.String("db.namespace", "planner")),
		otelsql.WithSpanNameFormatter(spanName),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true, OmitConnectorConnect: true,
			DisableErrSkip: true,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxOpen)
	db.SetMaxIdleConns(maxIdle)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := migrate(context.Background(), db); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &DB{db: db, path: path, tracer: o.Tracers.Tracer("tripod/planner/sqlite"), events: o.Events,
		closing: make(chan struct{})}, nil
}

// Close ends faults and waits for running statements. It is called once.
func (d *DB) Close() error {
	close(d.closing)
	d.faults.Wait()
	return d.db.Close()
}

// dsn: a transaction takes the write lock when it begins, because one that
// upgrades later cannot wait for it. Synchronous NORMAL under WAL loses nothing
// when the process dies, and at most the last commits when the power does.
func dsn(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout), "journal_mode(WAL)", "synchronous(NORMAL)",
		"foreign_keys(1)", "cache_size(-512)", "temp_store(MEMORY)",
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Stats of the connection pool.
type Stats struct {
	InUse, Max int
	Waiting    int // callers that wait for a connection now
}

// Stats costs no statement.
func (d *DB) Stats() Stats {
	s := d.db.Stats()
	return Stats{InUse: s.InUse, Max: s.MaxOpenConnections, Waiting: int(d.waiting.Load())}
}

// DeleteExpired forgets sessions that are over.
func (d *DB) DeleteExpired(ctx context.Context, now time.Time) error {
	return d.do(ctx, "DeleteExpired", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "DELETE FROM sessions WHERE expires <= ?", now.UnixMilli())
		return err
	})
}

// do runs f on a connection of its own, and reports it.
func (d *DB) do(ctx context.Context, method string, f func(context.Context, *sql.Conn) error) (err error) {
	begin := time.Now()
	var waited time.Duration
	defer func() {
		if d.events.Done != nil {
			d.events.Done(ctx, method, waited, time.Since(begin), err)
		}
	}()
	c, err := d.acquire(ctx, begin)
	waited = time.Since(begin)
	if err != nil {
		return err
	}
	defer c.Close()
	return translate(f(ctx, c))
}

// acquire waits at most acquireTimeout. otelsql has no span for the wait, so a
// wait that matters gets one here, after the fact.
func (d *DB) acquire(ctx context.Context, begin time.Time) (*sql.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	d.waiting.Add(1)
	c, err := d.db.Conn(bounded)
	d.waiting.Add(-1)
	timedOut := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if timedOut {
		s := d.db.Stats()
		err = fmt.Errorf("no connection became free within %v (%d of %d in use): %w",
			acquireTimeout, s.InUse, s.MaxOpenConnections, planner.ErrUnavailable)
	}
	if time.Since(begin) >= waitWorthTelling {
		_, span := d.tracer.Start(ctx, "wait for a connection", trace.WithTimestamp(begin),
			trace.WithSpanKind(trace.SpanKindInternal),
			trace.WithAttributes(attribute.String("db.system", "sqlite"), attribute.Int("db.pool.max", d.db.Stats().MaxOpenConnections)))
		fail(span, err)
		span.End()
	}
	return c, err
}

// tx runs f in one transaction.
func (d *DB) tx(ctx context.Context, method string, f func(context.Context, *sql.Tx) error) error {
	return d.do(ctx, method, func(ctx context.Context, c *sql.Conn) error {
		tx, err := c.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := f(ctx, tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// spanName is "SELECT tasks" for a statement, and what happens for anything else.
func spanName(_ context.Context, m otelsql.Method, query string) string {
	switch m {
	case otelsql.MethodConnBeginTx:
		return "BEGIN"
	case otelsql.MethodTxCommit:
		return "COMMIT"
	case otelsql.MethodTxRollback:
		return "ROLLBACK"
	}
	words := strings.Fields(query)
	if len(words) == 0 {
		return string(m)
	}
	for i, w := range words[:len(words)-1] {
		switch strings.ToUpper(w) {
		case "FROM", "INTO", "UPDATE":
			return words[0] + " " + strings.Trim(words[i+1], "(,")
		}
	}
	return words[0]
}

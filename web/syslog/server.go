package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"tripod/store"
	"tripod/web"
)

// Logs takes records; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Doors are where messages go.
type Doors struct{ Logs Logs }

// Reasons why messages are lost.
const (
	TooLong     = web.TooLarge       // longer than Options.MaxMessage
	Empty       = "empty"            // nothing but a frame
	QueueFull   = "queue_full"       // datagrams came faster than they could be kept
	Refused     = web.Refused        // by the engine, for good
	NotKept     = web.Failed         // the engine failed, or stopped before it took them
	Connections = "connections"      // more than Options.MaxConns; the client was turned away
	Broken      = "broken_handshake" // a TLS client was turned away
)

// Options of a server; the zero value is ready.
type Options struct {
	MaxMessage int            // bytes of one message; 64 KiB
	MaxConns   int            // streams at a time; 256
	Idle       time.Duration  // a stream without a message for so long is closed; 1 h, as senders find out late
	Zone       *time.Location // of times that name none; the process's own
	Now        func() time.Time

	// Rejected counts messages that are lost, or connections, for one of the
	// reasons above; why says more.
	Rejected func(reason string, n int, why string)
}

// Server takes messages from listeners that others bind.
type Server struct {
	doors Doors
	o     Options
	conns chan struct{}
}

// New makes a server.
func New(d Doors, o Options) *Server {
	if o.MaxMessage == 0 {
		o.MaxMessage = 64 << 10
	}
	if o.MaxConns == 0 {
		o.MaxConns = 256
	}
	if o.Idle == 0 {
		o.Idle = time.Hour
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(string, int, string) {}
	}
	return &Server{doors: d, o: o, conns: make(chan struct{}, o.MaxConns)}
}

// Serve takes streams from a listener, which it closes, until ctx ends; what
// was read by then is kept before it returns.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	var streams sync.WaitGroup
	defer streams.Wait()
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors: the next may do better
			if wait(ctx, 100*time.Millisecond) != nil {
				return nil
			}
			continue
		}
		select {
		case s.conns <- struct{}{}:
			streams.Go(func() {
				defer func() { <-s.conns }()
				s.stream(ctx, c)
			})
		default:
			c.Close()
			s.o.Rejected(Connections, 1, fmt.Sprintf("%d connections are open already", s.o.MaxConns))
		}
	}
}

// handshake is what a TLS connection has and a plain one has not.
type handshake interface {
	HandshakeContext(ctx context.Context) error
}

// handshakeTime bounds a TLS handshake.
const handshakeTime = 10 * time.Second

// stream takes the messages of one connection. It reads on only when all that
// came before is kept: that is how a fast sender is slowed down.
func (s *Server) stream(ctx context.Context, c net.Conn) {
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if t, ok := c.(handshake); ok {
		bound, cancel := context.WithTimeout(ctx, handshakeTime)
		err := t.HandshakeContext(bound)
		cancel()
		if err != nil {
			s.o.Rejected(Broken, 1, err.Error())
			return
		}
	}
	f := framer{max: s.o.MaxMessage}
	b := s.newBatch(hostOf(c.RemoteAddr()))
	for {
		for msg, ok := f.next(); ok; msg, ok = f.next() {
			b.add(ctx, string(msg))
		}
		if n := f.lost(); n > 0 {
			s.tooLong(n)
		}
		b.flush(ctx)
		c.SetReadDeadline(time.Now().Add(s.o.Idle))
		if ctx.Err() != nil {
			c.SetReadDeadline(time.Unix(1, 0))
		}
		n, err := c.Read(f.space())
		f.took(n)
		if err != nil && n == 0 {
			if msg := f.rest(); len(msg) > 0 {
				b.add(ctx, string(msg))
				b.flush(ctx)
			}
			return
		}
	}
}

func (s *Server) tooLong(n int) {
	s.o.Rejected(TooLong, n, fmt.Sprintf("longer than %d bytes", s.o.MaxMessage))
}

func hostOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
)

// Bounds of the datagrams that wait to be kept.
const (
	queueLength = 8192
	queueBytes  = 8 << 20
)

// datagram is one message that waits.
type datagram struct{ text, host string }

// ServePacket takes datagrams from a socket, which it closes, until ctx ends;
// what was read by then is kept before it returns. Nothing slows a sender of
// datagrams down: what comes faster than it is kept is counted and lost.
func (s *Server) ServePacket(ctx context.Context, c net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	queue := make(chan datagram, queueLength)
	var waiting atomic.Int64 // bytes in the queue
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.keep(ctx, queue, &waiting)
	}()
	defer func() { close(queue); <-kept }()

	buf := make([]byte, s.o.MaxMessage+1)
	for {
		n, from, err := c.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // of one datagram
			continue
		case n > s.o.MaxMessage:
			s.tooLong(1)
			continue
		case waiting.Load()+int64(n) > queueBytes:
			s.queueFull()
			continue
		}
		waiting.Add(int64(n))
		select {
		case queue <- datagram{string(buf[:n]), hostOf(from)}:
		default:
			waiting.Add(int64(-n))
			s.queueFull()
		}
	}
}

func (s *Server) queueFull() {
	s.o.Rejected(QueueFull, 1, fmt.Sprintf("%d datagrams or %d bytes wait already", queueLength, queueBytes))
}

// keep hands datagrams on, as many at a time as have come.
func (s *Server) keep(ctx context.Context, queue <-chan datagram, waiting *atomic.Int64) {
	b := s.newBatch("")
	for d := range queue {
		for more := true; more; {
			waiting.Add(int64(-len(d.text)))
			b.host = d.host
			b.add(ctx, d.text)
			select {
			case d, more = <-queue:
			default:
				more = false
			}
		}
		b.flush(ctx)
	}
}

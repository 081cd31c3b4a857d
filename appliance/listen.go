package appliance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// drainBound is how long a stop waits for answers under way; with the engines'
// own flush behind it a stop stays under ten seconds.
const drainBound = 2 * time.Second

// door is one listener as Status shows it.
type door struct {
	Name  string // "OTLP gRPC"
	Addr  string // as bound, or as asked when it is shut
	Shut  string // why it is not open, empty when it is
	Asked bool
}

// bind listens on an address. A default that is taken stays shut with a
// reason; one that was asked for is an error.
func bind(name, addr string, asked bool) (net.Listener, door, error) {
	d := door{Name: name, Addr: addr, Asked: asked}
	if addr == "off" {
		d.Shut = "switched off"
		return nil, d, nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil && asked {
		return nil, d, fmt.Errorf("%s on %s: %w", name, addr, err)
	}
	if err != nil {
		d.Shut = err.Error()
		return nil, d, nil
	}
	d.Addr = l.Addr().String()
	return l, d, nil
}

// loopback says whether only this machine can reach an address.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serveHTTP answers on a listener until ctx ends, then drains.
func serveHTTP(l net.Listener, h http.Handler) func(context.Context) error {
	return func(ctx context.Context) error {
		requests, cut := context.WithCancel(context.WithoutCancel(ctx))
		defer cut()
		srv := &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			BaseContext:       func(net.Listener) context.Context { return requests },
		}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(l) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		bound, cancel := context.WithTimeout(requests, drainBound)
		defer cancel()
		err := srv.Shutdown(bound)
		if errors.Is(err, context.DeadlineExceeded) {
			cut() // what still runs is told to end, and its connection is closed
			err = srv.Close()
		}
		<-ended
		return err
	}
}

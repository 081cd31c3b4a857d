package cache

import (
	"net"
	"testing"

	"github.com/redis/go-redis/v9"
)

// freePort was free a moment ago; redis-server cannot be asked to choose one.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func pendingOf(queue string) *redis.XPendingExtArgs {
	return &redis.XPendingExtArgs{Stream: queuePrefix + queue, Group: group, Start: "-", End: "+", Count: 10}
}

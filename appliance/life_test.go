package appliance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func TestLifeStopsServersFirstAndWaitsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l life
		var mu sync.Mutex
		var order []string
		add := func(s stage, name string) {
			l.onRun(s, name, func(ctx context.Context) error {
				<-ctx.Done()
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return nil
			})
		}
		add(engines, "logs")
		add(servers, "http")
		add(background, "scrape")
		add(producers, "traffic")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("got %v, want a clean end", err)
		}
		if want := []string{"http", "traffic", "scrape", "logs"}; !slices.Equal(order, want) {
			t.Errorf("stopped in order %q, want %q", order, want)
		}
	})
}

func TestLifeEndsWithTheFirstThatEnds(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"with an error":    {errors.New("disk gone"), "http: disk gone"},
		"without an error": {nil, "http: ended by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l life
				waited := false
				l.onRun(engines, "logs", func(ctx context.Context) error { <-ctx.Done(); waited = true; return ctx.Err() })
				l.onRun(servers, "http", func(context.Context) error { return c.err })
				err := l.run(t.Context())
				if err == nil || err.Error() != c.want {
					t.Errorf("got %v, want %q", err, c.want)
				}
				if !waited {
					t.Error("did not wait for the others")
				}
			})
		})
	}
}

func TestLifeClosesBackwards(t *testing.T) {
	var l life
	var order []string
	for i := range 3 {
		l.onClose(fmt.Sprint(i), func() error { order = append(order, fmt.Sprint(i)); return errors.New("stuck") })
	}
	err := l.close()
	if want := []string{"2", "1", "0"}; !slices.Equal(order, want) {
		t.Errorf("closed in order %q, want %q", order, want)
	}
	if err == nil || strings.Count(err.Error(), "stuck") != 3 {
		t.Errorf("got %v, want all three faults", err)
	}
	if err := l.close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestLockNamesTheHolder(t *testing.T) {
	dir := t.TempDir()
	l, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.sign("http://127.0.0.1:7333"); err != nil {
		t.Fatal(err)
	}
	_, err = lockDir(dir)
	if err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:7333") || !strings.Contains(err.Error(), "process ") {
		t.Errorf("got %v, want one that names the holder", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := lockDir(dir)
	if err != nil {
		t.Fatalf("after the holder closed: %v", err)
	}
	again.Close()
}

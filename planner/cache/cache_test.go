package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tripod/planner"
)

// servers runs a test against the embedded server and, where there is one, a real one.
func servers(t *testing.T, test func(t *testing.T, c *Cache)) {
	t.Run("embedded", func(t *testing.T) { test(t, connect(t, "")) })
	t.Run("redis-server", func(t *testing.T) {
		bin, err := exec.LookPath("redis-server")
		if err != nil {
			t.Skip("redis-server is not installed")
		}
		test(t, connect(t, startRedis(t, bin)))
	})
}

func connect(t *testing.T, addr string) *Cache {
	t.Helper()
	c, err := Open(t.Context(), Options{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// startRedis runs a server that keeps nothing and ends with the test.
func startRedis(t *testing.T, bin string) (addr string) {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(bin, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return "127.0.0.1:" + port
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

func TestValuesComeBackOrAreMissed(t *testing.T) {
	servers(t, func(t *testing.T, c *Cache) {
		ctx := t.Context()
		if _, err := c.Session(ctx, "k"); !errors.Is(err, planner.ErrMiss) {
			t.Fatalf("nothing there: got %v, want ErrMiss", err)
		}
		s := planner.Session{Key: "k", UserID: "u_1", Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)}
		check(t, c.PutSession(ctx, s))
		if got, err := c.Session(ctx, "k"); err != nil || got != s {
			t.Errorf("got %+v %v, want %+v", got, err, s)
		}
		check(t, c.EndSession(ctx, "k"))
		check(t, c.PutSession(ctx, s)) // of a request that read it just before
		if _, err := c.Session(ctx, "k"); !errors.Is(err, planner.ErrNotFound) {
			t.Errorf("ended: got %v, want ErrNotFound", err)
		}
		c.ended = endedSessions{} // as in another process
		if _, err := c.Session(ctx, "k"); !errors.Is(err, planner.ErrNotFound) {
			t.Errorf("ended, asked elsewhere: got %v, want ErrNotFound", err)
		}
		check(t, c.PutSession(ctx, planner.Session{Key: "old", Expires: time.Now()}))
		if _, err := c.Session(ctx, "old"); !errors.Is(err, planner.ErrMiss) {
			t.Errorf("a session that is over: got %v, want ErrMiss", err)
		}

		cal := planner.CalendarOf(planner.Streak{Current: 2, Best: 3, Last: 100}, []planner.DayCount{{Day: 100, Done: 4}}, 100)
		check(t, c.PutCalendar(ctx, "u_1", cal))
		got, err := c.Calendar(ctx, "u_1", 100)
		if err != nil || got.Streak != cal.Streak || fmt.Sprint(got.Days) != fmt.Sprint(cal.Days) {
			t.Errorf("calendar: got %+v %v", got, err)
		}
		if _, err := c.Calendar(ctx, "u_1", 101); !errors.Is(err, planner.ErrMiss) {
			t.Errorf("the day after: got %v, want ErrMiss", err)
		}
	})
}

func TestJobsAreDoneOnceAndFailedOnesAgain(t *testing.T) {
	servers(t, func(t *testing.T, c *Cache) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		want := planner.Job{Queue: planner.TaskCompleted, UserID: "u_1", TaskID: "t_0", ReqID: "r",
			Queued: time.Unix(9, 0).UTC(), Carrier: map[string]string{"traceparent": "00-1"}}
		check(t, c.Enqueue(ctx, want))
		for i := range 9 {
			check(t, c.Enqueue(ctx, planner.Job{Queue: planner.TaskCompleted, TaskID: fmt.Sprintf("t_%d", i+1)}))
		}
		if n, err := c.Depth(ctx, planner.TaskCompleted); err != nil || n != 10 {
			t.Errorf("before: depth %d %v, want 10", n, err)
		}
		var got []planner.Job
		check(t, c.Consume(ctx, Consumer{Queue: planner.TaskCompleted, Name: "one",
			Handle: func(_ context.Context, j planner.Job) error {
				got = append(got, j)
				if j.TaskID == "t_3" && j.Attempt == 0 {
					return errors.New("not today")
				}
				if len(got) == 11 {
					cancel()
				}
				return nil
			}}))
		if len(got) != 11 || got[10].TaskID != "t_3" || got[10].Attempt != 1 {
			t.Errorf("got %d jobs, the last %+v; want 11, the last t_3 again", len(got), got[len(got)-1])
		}
		if fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("got %+v, want %+v", got[0], want)
		}
		if n, err := c.Depth(t.Context(), planner.TaskCompleted); err != nil || n != 0 {
			t.Errorf("after: depth %d %v, want 0", n, err)
		}
	})
}

func TestHopelessJobIsGivenUp(t *testing.T) {
	c := connect(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	check(t, c.Enqueue(ctx, planner.Job{Queue: planner.TaskDue}))
	tries := 0
	check(t, c.Consume(ctx, Consumer{Queue: planner.TaskDue, Name: "one",
		Handle: func(context.Context, planner.Job) error { tries++; return errors.New("never") },
		Lost:   func(context.Context, error) { cancel() },
	}))
	if tries != maxAttempts {
		t.Errorf("tried %d times, want %d", tries, maxAttempts)
	}
}

func TestAbandonedJobIsTakenOver(t *testing.T) {
	servers(t, func(t *testing.T, c *Cache) {
		ctx := t.Context()
		check(t, c.Enqueue(ctx, planner.Job{Queue: planner.TaskDue, TaskID: "t_1"}))
		swept := time.Now()
		dead := Consumer{Queue: planner.TaskDue, Name: "dead"}
		if msgs, err := c.take(ctx, dead, &swept, pollFor); err != nil || len(msgs) != 1 {
			t.Fatalf("taken: %v %v, want one job", msgs, err)
		}
		if c.embedded != nil {
			c.embedded.server.SetTime(time.Now().Add(2 * abandonedAfter))
		} else {
			id := c.rdb.XPendingExt(ctx, pendingOf(planner.TaskDue)).Val()[0].ID
			check(t, c.rdb.Do(ctx, "XCLAIM", queuePrefix+planner.TaskDue, group, "dead", 0, id, "IDLE", 2*abandonedAfter.Milliseconds()).Err())
		}
		swept = time.Now().Add(-2 * abandonedAfter)
		msgs, err := c.take(ctx, Consumer{Queue: planner.TaskDue, Name: "heir"}, &swept, pollFor)
		if err != nil || len(msgs) != 1 {
			t.Errorf("taken over: %v %v, want one job", msgs, err)
		}
	})
}

func TestSignInsAreLimitedByAddress(t *testing.T) {
	servers(t, func(t *testing.T, c *Cache) {
		for i := range maxAttemptsPerWindow {
			if wait, err := c.Allow(t.Context(), "192.0.2.1"); err != nil || wait != 0 {
				t.Fatalf("attempt %d: wait %v %v, want none", i+1, wait, err)
			}
		}
		if wait, err := c.Allow(t.Context(), "192.0.2.1"); err != nil || wait <= 0 || wait > limitWindow {
			t.Errorf("one more: wait %v %v, want some of a minute", wait, err)
		}
		if wait, err := c.Allow(t.Context(), "192.0.2.2"); err != nil || wait != 0 {
			t.Errorf("somebody else: wait %v %v, want none", wait, err)
		}
	})
}

func TestLimitHoldsWithoutAServer(t *testing.T) {
	c := connect(t, "")
	c.Drop()
	var wait time.Duration
	for range maxAttemptsPerWindow + 1 {
		wait, _ = c.Allow(t.Context(), "192.0.2.1")
	}
	if wait <= 0 {
		t.Error("the limit is gone with the server")
	}
}

func TestDroppedCacheFailsFastAndComesBack(t *testing.T) {
	servers(t, func(t *testing.T, c *Cache) {
		check(t, c.PutSession(t.Context(), planner.Session{Key: "k", Expires: time.Now().Add(time.Hour)}))
		restore := c.Drop()
		if _, err := c.Session(t.Context(), "k"); err == nil || errors.Is(err, planner.ErrMiss) {
			t.Errorf("dropped: got %v, want a refused connection", err)
		}
		restore()
		var err error
		for range 100 { // the client's pool may take a moment to try again
			if _, err = c.Session(t.Context(), "k"); err == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("restored: %v", err)
	})
}

func TestEmbeddedServerExpiresAndIsBounded(t *testing.T) {
	c, err := Open(t.Context(), Options{MaxKeys: 20})
	check(t, err)
	defer c.Close()
	for i := range 40 {
		check(t, c.PutSession(t.Context(), planner.Session{Key: fmt.Sprint(i), Expires: time.Now().Add(time.Hour)}))
	}
	check(t, c.Enqueue(t.Context(), planner.Job{Queue: planner.TaskDue}))
	c.embedded.evict()
	if n := len(c.embedded.server.Keys()); n > 20 {
		t.Errorf("%d keys are left of 41, want at most 20", n)
	}
	if n, _ := c.Depth(t.Context(), planner.TaskDue); n != 1 {
		t.Error("eviction took the jobs")
	}
	c.embedded.server.FastForward(2 * time.Hour)
	if n := len(c.embedded.server.Keys()); n != 1 {
		t.Errorf("%d keys are left after two hours, want the queue only", n)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	c := connect(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { c.Run(ctx) })
	cancel()
	wg.Wait()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWorkerWithoutJobsAsksLessOften(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{0: pollFor, restAfter - 1: pollFor, restAfter: restFor, time.Hour: restFor} {
		if got := patience(idle); got != want {
			t.Errorf("after %v it waits %v, want %v", idle, got, want)
		}
	}
}

package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tripod/planner"
)

const (
	queuePrefix = "planner:jobs:"
	group       = "workers"
	// maxQueued bounds a queue that nobody works on; the oldest jobs are dropped.
	maxQueued = 10_000
	// pollFor is how long one read waits for a job, and so how long a worker
	// takes at most to stop. One that found nothing for restAfter waits longer:
	// reads that find nothing were half of what an appliance at rest cost.
	pollFor   = 250 * time.Millisecond
	restAfter = 10 * time.Second
	restFor   = time.Second
	// abandonedAfter is when a job that was taken and not finished is given to another.
	abandonedAfter = 30 * time.Second
	// maxAttempts is how often a job is tried before it is given up.
	maxAttempts = 5
	retryPause  = 200 * time.Millisecond
	batch       = 16
)

// Enqueue appends a job to its queue.
func (c *Cache) Enqueue(ctx context.Context, j planner.Job) error {
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return c.rdb.XAdd(ctx, &redis.XAddArgs{
		Stream: queuePrefix + j.Queue, MaxLen: maxQueued, Approx: true, Values: []any{"job", b},
	}).Err()
}

// Depth is how many jobs of a queue are not finished.
func (c *Cache) Depth(ctx context.Context, queue string) (int64, error) {
	return c.rdb.XLen(ctx, queuePrefix+queue).Result()
}

// Consumer takes jobs from one queue.
type Consumer struct {
	Queue string
	Name  string // tells consumers of a queue apart
	// Handle does a job. An error has it tried again, five times in all.
	Handle func(ctx context.Context, j planner.Job) error
	// Lost is told of a server that does not answer, and of a job given up; may be nil.
	Lost func(ctx context.Context, err error)
}

// Consume hands jobs to the consumer, one at a time, until ctx ends; a job that
// was begun is finished first. A job is acknowledged after it was done.
func (c *Cache) Consume(ctx context.Context, w Consumer) error {
	swept, busy := time.Now(), time.Now()
	for ctx.Err() == nil {
		msgs, err := c.take(ctx, w, &swept, patience(time.Since(busy)))
		if err != nil {
			if ctx.Err() == nil {
				w.lost(ctx, err)
				pause(ctx, time.Second)
			}
			continue
		}
		if len(msgs) > 0 {
			busy = time.Now()
		}
		for _, m := range msgs {
			c.work(context.WithoutCancel(ctx), w, m)
		}
	}
	return nil
}

// patience is how long the next read waits after so long without a job.
func patience(idle time.Duration) time.Duration {
	if idle < restAfter {
		return pollFor
	}
	return restFor
}

// take reads new jobs, and now and then those that another consumer abandoned.
func (c *Cache) take(ctx context.Context, w Consumer, swept *time.Time, wait time.Duration) ([]redis.XMessage, error) {
	if err := c.ensureGroup(ctx, w.Queue); err != nil {
		return nil, err
	}
	if time.Since(*swept) >= abandonedAfter {
		*swept = time.Now()
		return c.abandoned(ctx, w)
	}
	res, err := c.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: w.Name, Streams: []string{queuePrefix + w.Queue, ">"},
		Count: batch, Block: wait,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		c.forgetGroup(w.Queue, err)
		return nil, fmt.Errorf("take jobs of %s: %w", w.Queue, err)
	}
	if len(res) == 0 {
		return nil, nil
	}
	return res[0].Messages, nil
}

func (c *Cache) abandoned(ctx context.Context, w Consumer) ([]redis.XMessage, error) {
	msgs, _, err := c.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: queuePrefix + w.Queue, Group: group, Consumer: w.Name,
		MinIdle: abandonedAfter, Start: "0-0", Count: batch,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("take over jobs of %s: %w", w.Queue, err)
	}
	return msgs, nil
}

func (c *Cache) work(ctx context.Context, w Consumer, m redis.XMessage) {
	var j planner.Job
	text, _ := m.Values["job"].(string)
	err := json.Unmarshal([]byte(text), &j)
	if err != nil {
		w.lost(ctx, fmt.Errorf("job %s of %s cannot be read: %w", m.ID, w.Queue, err))
	} else if err = w.Handle(ctx, j); err != nil {
		if !c.again(ctx, w, j, err) {
			return // stays taken, and is found abandoned later
		}
	}
	if err := c.finish(ctx, w.Queue, m.ID); err != nil {
		w.lost(ctx, fmt.Errorf("acknowledge job %s of %s: %w", m.ID, w.Queue, err))
	}
}

// again puts a failed job at the end of its queue; false: that failed too.
func (c *Cache) again(ctx context.Context, w Consumer, j planner.Job, cause error) bool {
	if j.Attempt++; j.Attempt >= maxAttempts {
		w.lost(ctx, fmt.Errorf("job of %s given up after %d attempts: %w", w.Queue, j.Attempt, cause))
		return true
	}
	pause(ctx, retryPause)
	return c.Enqueue(ctx, j) == nil
}

// finish also deletes the job, so that the length of the stream is what is left to do.
func (c *Cache) finish(ctx context.Context, queue, id string) error {
	_, err := c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.XAck(ctx, queuePrefix+queue, group, id)
		p.XDel(ctx, queuePrefix+queue, id)
		return nil
	})
	return err
}

func (c *Cache) ensureGroup(ctx context.Context, queue string) error {
	c.mu.Lock()
	known := c.groups[queue]
	c.mu.Unlock()
	if known {
		return nil
	}
	err := c.rdb.XGroupCreateMkStream(ctx, queuePrefix+queue, group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return fmt.Errorf("make the group of %s: %w", queue, err)
	}
	c.mu.Lock()
	c.groups[queue] = true
	c.mu.Unlock()
	return nil
}

// forgetGroup has the group made again when the server lost it.
func (c *Cache) forgetGroup(queue string, err error) {
	if strings.HasPrefix(err.Error(), "NOGROUP") {
		c.mu.Lock()
		delete(c.groups, queue)
		c.mu.Unlock()
	}
}

func (w Consumer) lost(ctx context.Context, err error) {
	if w.Lost != nil {
		w.Lost(ctx, err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

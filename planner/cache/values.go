package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"tripod/planner"
)

const (
	sessionPrefix  = "planner:session:"
	calendarPrefix = "planner:streak:"
	sessionLife    = 10 * time.Minute
	calendarLife   = 10 * time.Minute
)

// Session answers planner.ErrMiss when it does not hold the key, and
// planner.ErrNotFound for a session that has ended.
func (c *Cache) Session(ctx context.Context, key string) (planner.Session, error) {
	if c.ended.has(key) {
		return planner.Session{}, planner.ErrNotFound
	}
	s, err := get[planner.Session](ctx, c, sessionPrefix+key)
	if err == nil && s.Key == "" {
		return s, planner.ErrNotFound
	}
	return s, err
}

// PutSession keeps a session for ten minutes, or for as long as it lasts. It
// never writes over what is there: a request that read the session just before
// it ended would bring it back to life.
func (c *Cache) PutSession(ctx context.Context, s planner.Session) error {
	life := min(sessionLife, time.Until(s.Expires))
	if life <= 0 {
		return nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return c.rdb.SetNX(ctx, sessionPrefix+s.Key, b, life).Err()
}

// EndSession leaves a mark in place of a session for as long as anyone may
// still hold it, also in this process for when the server does not take it.
func (c *Cache) EndSession(ctx context.Context, key string) error {
	c.ended.add(key)
	return put(ctx, c, sessionPrefix+key, planner.Session{}, sessionLife)
}

// Calendar answers planner.ErrMiss when it does not hold one for today.
func (c *Cache) Calendar(ctx context.Context, userID string, today planner.Day) (planner.Calendar, error) {
	return get[planner.Calendar](ctx, c, calendarKey(userID, today))
}

// PutCalendar keeps a calendar for ten minutes.
func (c *Cache) PutCalendar(ctx context.Context, userID string, cal planner.Calendar) error {
	return put(ctx, c, calendarKey(userID, cal.Today), cal, calendarLife)
}

// DropCalendar forgets a calendar.
func (c *Cache) DropCalendar(ctx context.Context, userID string, today planner.Day) error {
	return c.rdb.Del(ctx, calendarKey(userID, today)).Err()
}

func calendarKey(userID string, day planner.Day) string {
	return calendarPrefix + userID + ":" + day.String()
}

func get[T any](ctx context.Context, c *Cache, key string) (v T, err error) {
	b, err := c.rdb.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return v, planner.ErrMiss
	}
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("value of %s: %w", key, err)
	}
	return v, nil
}

func put(ctx context.Context, c *Cache, key string, v any, life time.Duration) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.rdb.Set(ctx, key, b, life).Err()
}

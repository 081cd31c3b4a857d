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
	sessionLife    = time.Hour
	calendarLife   = 10 * time.Minute
)

// Session answers planner.ErrMiss when it does not hold the key.
func (c *Cache) Session(ctx context.Context, key string) (planner.Session, error) {
	return get[planner.Session](ctx, c, sessionPrefix+key)
}

// PutSession keeps a session for an hour, or for as long as it lasts.
func (c *Cache) PutSession(ctx context.Context, s planner.Session) error {
	life := min(sessionLife, time.Until(s.Expires))
	if life <= 0 {
		return nil
	}
	return put(ctx, c, sessionPrefix+s.Key, s, life)
}

// DropSession forgets a session.
func (c *Cache) DropSession(ctx context.Context, key string) error {
	return c.rdb.Del(ctx, sessionPrefix+key).Err()
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

package sqlite

import (
	"context"
	"database/sql"
	"time"

	"tripod/planner"
)

const userColumns = "id, email, name, zone, created"

// InsertUser is ErrConflict when the address is taken.
func (d *DB) InsertUser(ctx context.Context, u planner.User, passwordHash string) error {
	return d.do(ctx, "InsertUser", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx,
			"INSERT INTO users (id, email, name, zone, password, created) VALUES (?, ?, ?, ?, ?, ?)",
			u.ID, u.Email, u.Name, u.Zone, passwordHash, u.Created.UnixMilli())
		return err
	})
}

// User is one user by id.
func (d *DB) User(ctx context.Context, id string) (u planner.User, err error) {
	err = d.do(ctx, "User", func(ctx context.Context, c *sql.Conn) error {
		u, err = scanUser(c.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", id))
		return err
	})
	return u, err
}

// UserByEmail is one user and the hash of the password.
func (d *DB) UserByEmail(ctx context.Context, email string) (u planner.User, hash string, err error) {
	err = d.do(ctx, "UserByEmail", func(ctx context.Context, c *sql.Conn) error {
		u, err = scanUser(c.QueryRowContext(ctx,
			"SELECT "+userColumns+", password FROM users WHERE email = ?", email), &hash)
		return err
	})
	return u, hash, err
}

func scanUser(row *sql.Row, more ...any) (planner.User, error) {
	var u planner.User
	var created int64
	err := row.Scan(append([]any{&u.ID, &u.Email, &u.Name, &u.Zone, &created}, more...)...)
	u.Created = instant(created)
	return u, err
}

// UpdateUser writes name and zone.
func (d *DB) UpdateUser(ctx context.Context, u planner.User) error {
	return d.do(ctx, "UpdateUser", func(ctx context.Context, c *sql.Conn) error {
		return one(c.ExecContext(ctx, "UPDATE users SET name = ?, zone = ? WHERE id = ?", u.Name, u.Zone, u.ID))
	})
}

// DeleteUser takes tasks, sessions, days and streak along.
func (d *DB) DeleteUser(ctx context.Context, id string) error {
	return d.do(ctx, "DeleteUser", func(ctx context.Context, c *sql.Conn) error {
		return one(c.ExecContext(ctx, "DELETE FROM users WHERE id = ?", id))
	})
}

// InsertSession keeps a sign-in.
func (d *DB) InsertSession(ctx context.Context, s planner.Session) error {
	return d.do(ctx, "InsertSession", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "INSERT INTO sessions (key, user_id, expires) VALUES (?, ?, ?)",
			s.Key, s.UserID, s.Expires.UnixMilli())
		return err
	})
}

// Session is a sign-in that is not over at now.
func (d *DB) Session(ctx context.Context, key string, now time.Time) (planner.Session, error) {
	s := planner.Session{Key: key}
	var expires int64
	err := d.do(ctx, "Session", func(ctx context.Context, c *sql.Conn) error {
		return c.QueryRowContext(ctx, "SELECT user_id, expires FROM sessions WHERE key = ? AND expires > ?",
			key, now.UnixMilli()).Scan(&s.UserID, &expires)
	})
	s.Expires = instant(expires)
	return s, err
}

// DeleteSession ends a sign-in.
func (d *DB) DeleteSession(ctx context.Context, key string) error {
	return d.do(ctx, "DeleteSession", func(ctx context.Context, c *sql.Conn) error {
		return one(c.ExecContext(ctx, "DELETE FROM sessions WHERE key = ?", key))
	})
}

// one is ErrNotFound when a statement changed nothing.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return planner.ErrNotFound
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func optional(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

func maybe(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return instant(n.Int64)
}

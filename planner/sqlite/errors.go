package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"tripod/planner"
)

// translate gives SQLite's errors the planner's meaning, and keeps their text.
func translate(err error) error {
	if err == nil || errors.Is(err, planner.ErrUnavailable) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return planner.ErrNotFound
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", err, planner.ErrUnavailable)
	}
	if e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
		return fmt.Errorf("%w: %w", err, planner.ErrConflict)
	}
	return err
}

func fail(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
}

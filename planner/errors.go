package planner

import "errors"

// Decisions that a caller may want to make. Everything else is a fault of ours.
var (
	ErrNotFound     = errors.New("not found")
	ErrUnauthorized = errors.New("not signed in")
	ErrConflict     = errors.New("conflict")
	ErrInvalid      = errors.New("invalid")
	// ErrUnavailable is a store that cannot answer now; asking again later can help.
	ErrUnavailable = errors.New("unavailable")
	// ErrMiss is a cache that works and does not hold the value.
	ErrMiss = errors.New("not in the cache")
)

// FieldError is a value that breaks a rule. It is an ErrInvalid.
type FieldError struct {
	Field  string // the name the client used
	Reason string // completes "title: …"
}

func (e *FieldError) Error() string        { return e.Field + ": " + e.Reason }
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

func refuse(field, reason string) error { return &FieldError{Field: field, Reason: reason} }

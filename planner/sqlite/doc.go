// Package sqlite keeps what the planner keeps in one SQLite file.
//
// It must never know the cache, the queue, or who asks; that every statement is
// a span is the work of otelsql and of the tracer it is given.
package sqlite

// Package events is the wide-event engine: a journal, an in-memory head and
// immutable compressed parts, searchable in time order from the first moment.
//
// It must never know what a log record, a span or a request is.
package events

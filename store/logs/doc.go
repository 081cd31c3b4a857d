// Package logs keeps log records in the wide-event engine and answers the
// search line: words, phrases, fields, comparisons, wildcards and patterns.
//
// It must never know HTTP or how the engine keeps its events.
package logs

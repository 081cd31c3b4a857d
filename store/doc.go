// Package store holds the words that every pillar shares: attributes, log
// records, spans, queries and the errors on which callers decide.
//
// It must never do I/O, know a wire format, or know how an engine keeps things.
package store

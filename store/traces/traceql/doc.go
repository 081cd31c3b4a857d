// Package traceql is the language in which people ask for spans and traces:
// it parses, prints and plans a query, and evaluates it over one trace at a
// time.
//
// What the public documentation leaves open is decided so: && and || bind
// alike, from left to right, as in Tempo (printing adds the parentheses); an
// attribute without a scope is the span's, or else the resource's; a span has
// all values of an attribute of its events or links, and they compare like an
// array; integers are divided like floats, and nothing comes of dividing by
// zero; of spans of one id the first is the parent of all its children; a
// circle of parents is cut at its first span.
//
// It must never do I/O, nor know how an engine keeps spans.
package traceql

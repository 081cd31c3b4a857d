// Package logsapi answers queries of logs over the product's own HTTP API, in
// the search line and in LogQL: whole answers as a stream of NDJSON or CSV, new
// lines as they come, and the way in which an answer was found.
//
// It must never know how records are kept or how a language is read.
package logsapi

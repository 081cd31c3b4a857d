// Package promread hands samples on to other Prometheus servers: by remote
// read, and as a page that they scrape (federation).
//
// It must never know an engine, and nothing else knows its wire formats.
package promread

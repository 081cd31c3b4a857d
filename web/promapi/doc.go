// Package promapi is Prometheus's HTTP API, as Grafana and Prometheus's own
// clients speak it: queries, names, targets and status.
//
// It must never know an engine, and nothing else knows its wire formats.
package promapi

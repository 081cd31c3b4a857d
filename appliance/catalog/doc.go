// Package catalog keeps what people make and list: dashboards with their
// history, in one SQLite file.
//
// It must never hold telemetry, nor know what a dashboard shows.
package catalog

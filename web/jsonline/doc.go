// Package jsonline takes log lines as JSON objects, one a line: at
// VictoriaLogs' /insert/jsonline, and plainly at /api/v1/logs.
//
// It must never know an engine.
package jsonline

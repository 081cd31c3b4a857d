// Package jaegerapi answers as Jaeger's query service does in version 1 of its
// JSON, for Grafana's data source and whatever else reads traces that way.
//
// It must never know an engine.
package jaegerapi

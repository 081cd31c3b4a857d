// Package jaegerapi answers as Jaeger's query service does in versions 1 and 3 of
// its JSON, for Grafana's data source and whatever else reads traces that way.
//
// It must never know an engine.
package jaegerapi

// Package tempoapi answers as Tempo's HTTP API does, as far as Grafana's data
// source asks: traces by id, search by TraceQL, tags, and metrics of TraceQL.
// It must never know how traces are kept, nor how OTLP is written.
package tempoapi

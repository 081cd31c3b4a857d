// Package metrics keeps samples, native histograms and exemplars in
// Prometheus's tsdb and answers PromQL with Prometheus's own engine, so that
// results are Prometheus's own.
//
// It must never know HTTP or a wire format, or who scrapes and who asks.
package metrics

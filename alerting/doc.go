// Package alerting evaluates Prometheus rule files with the upstream rule
// manager and hands alerts on to a notification pipeline.
//
// It must never know a store, a receiver or HTTP: series are asked for and
// written through functions, and a batch of alerts leaves through one door.
package alerting

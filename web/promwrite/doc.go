// Package promwrite takes in samples by Prometheus's remote-write, versions 1
// and 2.
//
// It must never know an engine, and nothing else knows its wire format.
package promwrite

// Package alertapi answers Prometheus's HTTP API about rules and alerts.
//
// It must never know how rules are evaluated; it asks for their state.
package alertapi

// Package alertapi answers Prometheus's HTTP API about rules and alerts, and
// Alertmanager's API v2 about what became of them.
//
// It must never know how rules are evaluated or notifications delivered; it
// asks for their state.
package alertapi

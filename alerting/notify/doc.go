// Package notify tells people about alerts: it groups them, sends each once
// and again when it is resolved, and remembers over a restart what it owes.
//
// It must never know rules, expressions or stores; alerts come to it in the
// form in which Prometheus sends them to Alertmanager.
package notify

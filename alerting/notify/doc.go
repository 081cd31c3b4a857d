// Package notify tells people about alerts: it runs Alertmanager's decisions on
// the wall clock, sends each once and again when it is resolved, and remembers
// over a restart what it owes.
//
// It must never know rules, expressions or stores; alerts come to it in the
// form in which Prometheus sends them to Alertmanager.
//
// Its doors for those who build on it: Events.Steps hears every decision (the
// answer to "why was I not paged?"), Options.Detail adds to an alert the chart
// and the link to what was frozen when it fired, and Test sends through the
// real route.
package notify

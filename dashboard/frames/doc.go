// Package frames holds the answers to a panel's queries as tables of typed
// fields, and the steps that turn them into what is shown.
//
// It must never know a query language, a store, or how a field is drawn.
package frames

// Package ui is the shell around every screen and the components that screens
// share, as templ components that are pure functions of view models.
//
// It must never fetch, read a clock, or know a store or a handler.
package ui

//go:generate go tool templ generate

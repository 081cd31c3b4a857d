// Package screens holds every screen's view model and the templ component that
// draws it; a component is a pure function of its model.
//
// It must never fetch, read a clock, or know a store or a handler.
package screens

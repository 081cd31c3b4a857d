// Package storetest is the contract of each pillar as one suite that every
// engine runs, and the crash harness.
//
// It must never know how an engine keeps things.
package storetest

// Lacks excuses an engine from a part of the contract; its zero value excuses
// nothing.
type Lacks struct {
	// Reopen: what was kept is not there for the next one who opens the folder.
	Reopen bool
	// Types: values come back as their text.
	Types bool
	// Facets: Facets, LabelNames and LabelValues are not there.
	Facets bool
}

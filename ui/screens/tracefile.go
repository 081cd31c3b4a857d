package screens

import "tripod/ui"

// TraceFile is the file that a trace is from.
type TraceFile struct {
	Name   string
	Until  string // when it is forgotten
	Note   string // what of it could not be read
	Others []ui.Tab
	More   int // further traces of it
}

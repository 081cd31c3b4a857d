package screens

import "tripod/ui"

// Compare is two traces side by side, by the path of their spans.
type Compare struct {
	A, B         CompareHead
	Longer       string // which one took longer, and by how much
	OnlyA, OnlyB int
	Different    int
	Shows        []ui.Tab
	Swap         string // address with the two exchanged
	Rows         []CompareRow
	Note         string
}

// CompareHead is one of the traces.
type CompareHead struct {
	ID, Href string
	Service  ui.Service
	Name     string
	Result   string
	Duration string
	Started  string
	Spans    string
}

// CompareRow is all spans of one path, in both traces.
type CompareRow struct {
	Depth   int
	Service ui.Service
	Name    string
	A, B    CompareSide
	Word    string // the difference
	Only    string // "a" or "b" when the other has none
	Much    bool   // the durations are far apart
}

// CompareSide is the spans of a path in one of the traces; shares are of the
// longer one's duration.
type CompareSide struct {
	There       bool
	Duration    string
	Calls       string
	Left, Width float64
	Error       bool
}

package screens

import "tripod/ui"

// LogCompare is in what the lines differ from others.
type LogCompare struct {
	Against     []ui.Tab // what they can be compared with
	Head        string   // 1,204 lines of 14:06 – 14:20 against 980 of 13:52 – 14:06
	Own, Others string   // heads of the shares: These lines, Before
	Rows        []LogCompareRow
	Empty       string // instead of rows
	Note        string // what was counted, and how
}

// LogCompareRow is a value of a field, or a pattern of messages.
type LogCompareRow struct {
	Field       string
	Value       string
	Parts       []PatternPart // of a pattern
	Own, Others LogCompareSide
	Change      string // new, gone, ×14, −18 %
	Tone        string // of the change: warn or none
	Href        string // lines that have it
	Only, Not   string // this view narrowed to it, and to others
	Also        []LogCompareAlso
	AlsoMore    int // that are left out
}

// LogCompareAlso is a value of another field that has the same counts.
type LogCompareAlso struct{ Text, Href string }

// LogCompareSide is one side's share.
type LogCompareSide struct {
	Share   float64
	Percent string
	Lines   string
}

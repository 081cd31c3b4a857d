package screens

import "tripod/ui"

// LogSaved are the queries that were given names, and the form for one more.
type LogSaved struct {
	Back string // address that the forms lead back to
	Text string // the query that would be saved
	List []LogSavedQuery
}

// LogSavedQuery is one of them.
type LogSavedQuery struct{ Name, Text, Href string }

// savedKeys are what the forms send besides.
func savedKeys(m LogSaved) []ui.Param { return []ui.Param{{Name: "back", Value: m.Back}} }

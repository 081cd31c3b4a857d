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

// LogSavedTaken is a query that is to be saved under the name of another.
type LogSavedTaken struct {
	Name, Was, Now string
	Back           string // address that the form leads back to
}

// keys are what the form sends: the query once more, in place of the other.
func (m LogSavedTaken) keys() []ui.Param {
	return []ui.Param{{Name: "back", Value: m.Back}, {Name: "name", Value: m.Name}, {Name: "text", Value: m.Now}, {Name: "replace", Value: "1"}}
}

// savedKeys are what the forms send besides.
func savedKeys(m LogSaved) []ui.Param { return []ui.Param{{Name: "back", Value: m.Back}} }

package store

// Facets are the fields of the records of a query.
type Facets struct {
	Lines  int64 // records that were looked at
	Cut    bool  // there are older ones
	Fields []Facet
}

// Facet is a field with its commonest values among the records of a query.
type Facet struct {
	Field    string
	Kind     FieldKind
	Lines    int64 // records that have it
	Distinct int   // values that were told apart
	More     bool  // there are others
	Cut      bool  // of Values: there are older records that were not looked at

	// Of numbers, and of durations in nanoseconds; Median is of a sample.
	Low, Median, High float64

	Values []FacetValue // the commonest first
}

// FieldKind is what the values of a field read as.
type FieldKind uint8

// The kinds of fields.
const (
	TextField FieldKind = iota
	NumberField
	DurationField
)

// FacetValue is one value and the number of records that have it.
type FacetValue struct {
	Value string
	Count int64
}

// FacetQuery asks for the values of one field that contain a text, whatever
// its case.
type FacetQuery struct {
	LogQuery
	Field string
	Has   string
	Top   int // at most so many values
}

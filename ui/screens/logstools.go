package screens

// LogColumns are the columns of the lines and what else could be one.
type LogColumns struct {
	Time   int // width of the time's column in px
	Shown  []LogColumn
	Others []LogColumn
	Reset  string // address with the usual columns, or empty
}

// LogColumn is a field that has a column or could have one.
type LogColumn struct {
	Name          string
	Width         int    // px
	Before, After string // addresses with it one place earlier or later, or empty
	Remove        string
	Add           string
}

// LogExport leads to all lines of the query as files.
type LogExport struct {
	Lines       string // 19,070 lines; empty when their number is not known
	NDJSON, CSV string
}

func columnTitle(name string) string {
	switch name {
	case "level":
		return "Level"
	case "service":
		return "Service"
	}
	return name
}

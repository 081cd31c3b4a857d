package store

// CompareQuery asks in what the records of a query differ from others.
type CompareQuery struct {
	LogQuery            // Limit bounds the records that are counted, of these and of the others
	With     []LogQuery // whose records, all together, they are compared with
	Within   bool       // the others contain the query's own
	Top      int        // at most so many differences
}

// LogComparison is what differs, what tells most first.
type LogComparison struct {
	Own, Others ComparedLogs
	Told        int      // values and patterns that were compared
	Many        []string // fields of which no values were compared, but how many lines have them: there are too many
	Kinds       int      // differences that are no noise, those listed included
	List        []LogDifference
}

// ComparedLogs is what was counted on one side.
type ComparedLogs struct {
	Lines       int64 // that were counted
	Cut         bool  // there are older ones, which were not
	Read        int64 // lines whose patterns were read, of every moment its share
	PatternsCut bool  // which were not all
}

// LogDifference is a value, or a pattern of messages, that more of the lines
// of one side have.
type LogDifference struct {
	Field  string // empty of a pattern
	Value  string
	Exists bool          // whether the field is there, whatever it says
	Parts  []PatternPart // of a pattern, whose text is Value
	Lines  int64         // that have it; of a pattern an estimate when not all were read
	Others int64
	// Share and OthersShare are the parts of the lines of each side, 0 to 1.
	Share, OthersShare float64
	// Tells is how much it says of a line's side that the line has it, in bits:
	// 0 nothing, 1 all when both sides have equally many lines.
	Tells float64
}

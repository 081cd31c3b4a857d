package logql

import "time"

// Expr is a query: *LogExpr for lines; *RangeAgg, *VectorAgg, *Binary, *Number,
// *Vector or *LabelReplace for numbers. String prints the text that parses to
// the same query.
type Expr interface {
	String() string
}

// LogExpr selects lines and takes them through stages.
type LogExpr struct {
	Matchers []Matcher
	Stages   []Stage
}

// unwrap is the stage that makes values, or nil.
func (l *LogExpr) unwrap() *Unwrap {
	for _, s := range l.Stages {
		if u, ok := s.(*Unwrap); ok {
			return u
		}
	}
	return nil
}

// Matcher compares a label with a text or, by =~ and !~, the whole of it with
// a regular expression.
type Matcher struct {
	Name, Op, Value string
	Pos, End        int
}

// Stage is one step of a pipeline: *LineFilter, *Parser, *LabelFilter,
// *LineFormat, *LabelFormat, *Decolorize, *DropKeep or *Unwrap.
type Stage interface{ String() string }

// LineFilter keeps lines by |= != |~ !~ |> or !>; one of its texts is enough.
type LineFilter struct {
	Op    string
	Texts []LineText
}

// LineText is what a line is compared with.
type LineText struct {
	Text     string
	IP       bool // ip("…")
	Pos, End int
}

// Parser takes labels out of the line: json, logfmt, pattern, regexp, unpack.
type Parser struct {
	Kind      string
	Strict    bool    // logfmt
	KeepEmpty bool    // logfmt
	Params    []Param // json and logfmt: only these
	Text      string  // of pattern and regexp
	Pos, End  int
}

// Param names the label of what an expression finds.
type Param struct {
	Name, Expr string
	Pos, End   int
}

// LabelFilter keeps lines by their labels.
type LabelFilter struct{ Cond Cond }

// Cond is *Both, *MatchCond, *NumberCond or *IPCond.
type Cond interface{ String() string }

// Both is two conditions, joined by "or" or "and".
type Both struct {
	Or   bool
	L, R Cond
}

// MatchCond compares texts.
type MatchCond struct{ Matcher }

// NumberCond compares numbers, durations or bytes.
type NumberCond struct {
	Name, Op string
	Unit     unit
	Value    float64 // durations in ns
	Text     string  // as it was written
}

// IPCond asks whether an address lies in a network or range.
type IPCond struct {
	Name, Text string
	Not        bool
	Pos, End   int
}

// LineFormat rewrites the line.
type LineFormat struct {
	Text     string
	Pos, End int
}

// LabelFormat renames labels and makes new ones.
type LabelFormat struct{ Items []FormatItem }

// FormatItem is to=from, or to="template".
type FormatItem struct {
	To, From string // From is a template when Template is set
	Template bool
	Pos, End int
}

// Decolorize takes terminal colours out of the line.
type Decolorize struct{}

// DropKeep removes labels, or all but these.
type DropKeep struct {
	Keep  bool
	Items []Matcher // Op is empty for a bare name
}

// Unwrap makes a label the sample's value.
type Unwrap struct {
	Label    string
	Convert  string // empty, duration, duration_seconds or bytes
	Pos, End int
}

// Grouping is by (…) or without (…).
type Grouping struct {
	Without bool
	Labels  []string
}

// RangeAgg aggregates the lines of a time window.
type RangeAgg struct {
	Fn       string
	Param    float64 // of quantile_over_time
	Log      *LogExpr
	Range    time.Duration
	Offset   time.Duration
	Group    *Grouping
	Pos, End int
}

// VectorAgg aggregates series.
type VectorAgg struct {
	Op    string
	Param int // of topk and its kin
	Group *Grouping
	X     Expr
}

// Binary is an operation on two sides.
type Binary struct {
	Op       string
	Bool     bool
	Match    *Matching
	L, R     Expr
	Pos, End int // of the operator
}

// Matching says which series of two sides belong together.
type Matching struct {
	On      bool // on (…), else ignoring (…)
	Labels  []string
	Group   string   // empty, group_left or group_right
	Include []string // labels copied from the one side
}

// Number is a literal.
type Number struct{ Value float64 }

// Vector is a literal as a vector without labels.
type Vector struct{ Value float64 }

// LabelReplace sets a label from what a regular expression finds in another.
type LabelReplace struct {
	X                   Expr
	Dst, Repl, Src, Exp string
	Pos, End            int
}

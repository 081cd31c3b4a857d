package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
)

// Evidence is what was known when an alert began to fire.
type Evidence struct {
	Tone     string // err while the alert fires
	Word     string // the same in a word
	Name     string // of the rule
	Rule     string // link
	Badge    string // firing 20 min
	Severity string
	Text     string
	Runbook  string
	Say      string // the conclusion, in a sentence; empty while it is gathered
	Because  string
	Actions  []ui.Button
	Service  *ui.Service
	Labels   []string // name=value
	Facts    []string
	Waiting  bool     // it is gathered at this moment
	Missing  []string // what could not be had, and why
	Chart    AlertChart
	Traces   EvidenceTraces
	Patterns EvidencePatterns
	Changes  EvidenceChanges
}

// EvidenceTraces are the traces that stood out.
type EvidenceTraces struct {
	Hint string
	None string
	Rows []EvidenceTrace
}

// EvidenceTrace is one of them, with the spans that were kept.
type EvidenceTrace struct {
	ID       string // eight characters
	Href     string // empty when the trace itself is gone
	Why      string // failing, slow
	Kind     string // of the badge
	Service  ui.Service
	Name     string
	Duration string
	Note     string // 12 spans, 2 errors
	When     string
	Exact    string
	Open     bool
	Spans    []EvidenceSpan
	More     string // 30 more spans were not kept
}

// EvidenceSpan is a bar; From and Width are shares of the trace.
type EvidenceSpan struct {
	Depth       int
	Service     ui.Service
	Name        string
	Duration    string
	Message     string
	Failed      bool
	From, Width float64
}

// EvidencePatterns are the log patterns of the time.
type EvidencePatterns struct {
	Hint string
	None string
	Rows []EvidencePattern
	Note string
}

// EvidencePattern is one pattern with lines of it.
type EvidencePattern struct {
	Level    string
	Service  ui.Service
	Parts    []PatternPart
	Class    string
	Steps    []float64
	Lines    string
	Share    string
	Exact    string
	Change   string
	Tone     string
	Href     string
	Open     bool
	Examples []EvidenceLine
}

// EvidenceLine is a log line.
type EvidenceLine struct {
	Time, Exact string
	Line        string // as it was sent
	Message     string
	Fields      []ui.Param
	Trace       string // link, or empty
}

// EvidenceChanges are what happened in the hour before.
type EvidenceChanges struct {
	Hint   string
	None   string
	Failed string // why rows may be missing
	Rows   []EvidenceChange
}

// EvidenceChange is one change.
type EvidenceChange struct {
	Time, Exact string
	Before      string // 10 min before
	Icon        string
	Text        string
	Href        string
	Service     *ui.Service // nil for none
	Logs        string      // those around it, or empty
}

// EvidenceList is what was kept of alerts, newest first.
type EvidenceList struct {
	Name     string   // of the rule that it is limited to, or empty
	Names    []string // of rules
	Hidden   []ui.Param
	All      string // leads to all evidence
	Narrowed bool   // it is limited to a rule or to services
	Rows     []EvidenceRow
	More     string // leads to older ones, or is empty
	Later    bool   // there are newer ones
	First    string // leads to the newest
}

// EvidenceRow is one of them.
type EvidenceRow struct {
	Day         string // when it is another than that of the row before
	Time, Exact string
	Href        string
	Name        string
	Tone, Word  string
	Severity    string
	Service     *ui.Service
	Text        string
	Value       string // when it fired
	Worst, Last string // empty when they are not known
	WorstAt     string
	Lasted      string // 20 min, firing 3 min
	Damaged     string // why it cannot be read
}

func (l EvidenceList) of() string {
	if l.Name != "" {
		return l.Name
	}
	return "these services"
}

func spanAt(s EvidenceSpan) templ.SafeCSS {
	return templ.SafeCSS("left:" + percent(s.From) + ";width:" + percent(s.Width))
}

func depth(n int) templ.SafeCSS {
	return templ.SafeCSS("--d:" + strconv.Itoa(min(n, 12)))
}

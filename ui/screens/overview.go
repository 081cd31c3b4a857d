package screens

import (
	"tripod/ui"
	"tripod/ui/chart"
)

// Overview is health at a glance. Each part has its own Failed, since one
// question that fails leaves the others standing.
type Overview struct {
	First    *Send // how to send data, while nothing was ever received
	Verdict  *Verdict
	Volume   Volume
	Services Services
	Alerts   Alerting
	Errors   Errors
	Strip    Strip
}

// Verdict is the conclusion from finished queries.
type Verdict struct {
	Tone    string // "err", "warn", or empty when nothing is wrong
	Say     string
	Because string
	Actions []ui.Button // at most three
}

// Volume is the number of log lines over time by level.
type Volume struct {
	Failed string
	Hint   string // 142,060 lines
	Legend []ui.LegendItem
	Bars   chart.Bars
	Open   string // link
	None   string // why there is nothing to draw
	Newest *ui.Button
}

// Services is the table of rate, errors and durations.
type Services struct {
	Failed string
	Hint   string
	Rows   []ServiceRow
	More   int // rows left out
	All    string
}

// ServiceRow is one service; the number cells are empty where there is no data.
type ServiceRow struct {
	Service   ui.Service
	Health    string // "", warn, err
	Word      string
	Requests  []float64
	Rate      string
	Errors    []float64
	Failing   bool // the error share deserves attention
	Any       bool // there was an error at all
	Share     string
	P95       []float64
	Slow      bool
	Millis    string
	ErrorLogs string // links
	Slowest   string
}

// Alerting is the alerts that are pending or firing.
type Alerting struct {
	Failed          string
	Firing, Pending int
	Rows            []AlertRow
	More            int
	All             string
}

// AlertRow is one active alert.
type AlertRow struct {
	Name   string
	Href   string
	Firing bool
	Value  string
	Text   string
	Since  string // exact time, for the title

	Evidence string // link, or empty
}

// Errors are the newest errors by pattern.
type Errors struct {
	Failed string
	Hint   string
	Range  string // Last 1 hour, the head of the column of lines over time
	Rows   []ErrorRow
	All    string
}

// ErrorRow is one pattern of one service.
type ErrorRow struct {
	Level   string
	Pattern []PatternPart
	Example string
	Service ui.Service
	Lines   []float64
	Count   string
	First   string
	FirstAt string
	Last    string
	LastAt  string
	New     bool
	Href    string
}

// PatternPart is literal text or the name of what varies there.
type PatternPart struct {
	Text string
	Var  bool
}

// Strip is storage and ingest in one line.
type Strip struct {
	Failed  string
	Pillars []StripPillar
	Health  string
	Word    string // Appliance healthy
	Text    string
	Details string
}

// StripPillar is one pillar's rate and disk use.
type StripPillar struct {
	Name  string
	Rate  string // 39 lines/s
	Disk  string // 41 of 60 GB
	Share float64
	Kind  string // warn when nearly full
	Kept  string // 30 days kept, full in 54 days
}

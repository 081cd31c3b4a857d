package screens

import "tripod/ui"

// Targets lists everything that is scraped.
type Targets struct {
	Failed string
	Tabs   []ui.Tab // of the appliance's screens
	States []ui.Tab // all, up, down, waiting
	Find   string
	Keep   []ui.Param // what the search goes on with
	Path   string
	Clear  string // without filters; empty when there are none
	Rows   []TargetRow
	More   string // what is not shown, empty when all is
	Notes  []string
	Add    *Snippet // how to scrape one's own; set when nothing is but our own
}

// TargetDetail is what is known of one target.
type TargetDetail struct {
	URL        string
	Error      string
	Advice     []string // what to do when it is down
	Labels     []ui.Param
	Discovered []ui.Param
	Series     string // link to them
	Close      string
}

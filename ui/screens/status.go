package screens

import "tripod/ui"

// Status is the appliance looking at itself.
type Status struct {
	Failed      string
	Tabs        []ui.Tab
	Tiles       []Tile
	Problems    []string
	Receivers   []ReceiverRow
	Pillars     []DiskRow
	DiskHint    string
	Targets     []TargetRow
	Up, Down    int
	AllTargets  string      // link to the whole list
	MoreTargets string      // how many are not shown, empty when all are
	Series      Cardinality // its first rows
	Notes       []string    // what cannot be seen here, and is no problem
	Level       *LevelForm
	Send        Send
}

// Tile is one vital sign.
type Tile struct {
	Name     string
	Health   bool // a dot stands before the value
	Tone     string
	Value    ui.Quantity
	Note     string
	NoteTone string
}

// ReceiverRow is one door that takes data.
type ReceiverRow struct {
	Protocol string
	Address  string
	Takes    string
	Health   string // "", warn, err or idle
	Word     string
	Shut     string // why it takes nothing; the numbers are left out then
	Trend    []float64
	Rate     string
	Accepted string
	Rejected string
	Refused  bool // some were rejected
	Error    string
}

// DiskRow is one pillar on disk.
type DiskRow struct {
	Name  string
	Class string
	Share float64
	Disk  string
	Exact string // bytes
	Kept  string
}

// TargetRow is one thing that is scraped.
type TargetRow struct {
	URL     string
	Address string // host and port
	Pool    string
	Service ui.Service
	Up      bool
	Waiting bool // not scraped yet
	Samples string
	Took    string
	Last    string
	LastAt  string
	Error   string

	// on the list of all targets only
	ID, Href string
	Labels   string
	Series   string
	New      string        // series that are new in the last hour
	Churns   bool          // many are
	Detail   *TargetDetail // of the open row
}

// LevelForm changes how much the appliance writes to its own log.
type LevelForm struct {
	Current string
	Levels  []string
	Action  string
}

// Send tells how to send data here.
type Send struct {
	Hint     string
	Snippets []Snippet
}

// Snippet is one way.
type Snippet struct {
	ID   string // short, unique in the page
	Name string
	Note string // one sentence, may be empty
	Code string
}

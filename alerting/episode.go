package alerting

import "time"

// TellsNobody is the Detail of a step into a group whose receiver tells nobody.
const TellsNobody = "tells nobody"

// Episode is what happened about one alert from the moment when its condition
// held until it was over and told; or, without an alert, while a rule could
// not be evaluated.
type Episode struct {
	Alert  string // fingerprint, or empty
	Name   string // of the rule
	Labels map[string]string
	Start  time.Time
	End    time.Time // zero while it goes on
	Steps  []Step    // in order of time
	Cut    int       // steps of it that are not among them
}

// EpisodeQuery asks for episodes, newest first; the zero value of a field asks for all.
type EpisodeQuery struct {
	Name  string    // of the rule
	Alert string    // fingerprint
	From  time.Time // those that were not over before
	To    time.Time // those that began by then
	Limit int
}

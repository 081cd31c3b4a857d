package screens

import "tripod/ui"

// AlertWhy is what happened about the alerts of a rule, newest first.
type AlertWhy struct {
	Failed   string
	Name     string // of the rule
	Episodes []AlertEpisode
	More     bool // there are older ones
}

// AlertEpisode is one alert from the moment when its condition held until its end.
type AlertEpisode struct {
	ID          string
	Tone        string // of the dot: "", warn, err, idle
	Outcome     string // the same in words
	Sentence    string
	When, Exact string
	Service     *ui.Service
	Labels      []string // name=value
	Open        bool
	Evidence    string // link to what was kept when it fired, or empty
	Steps       []AlertStep
	Cut         string // that steps are missing, or empty
}

// AlertStep is one step of the chain.
type AlertStep struct {
	Time, Exact string
	Text        string
	Tone        string // of its dot: "", ok, warn, err
}

package alerting

import "time"

// Outlook is what a group of alerts has told an integration, and what comes next.
type Outlook struct {
	Receiver    string
	Integration string
	Group       string        // key
	GroupBy     []string      // labels; nil with ByAll
	ByAll       bool          // every label makes a group
	Repeat      time.Duration // between two notifications of what still fires
	Alerts      []string      // fingerprints of those that fire

	Told       time.Time // of the last notification that arrived; zero before the first
	Opens      time.Time // when the group is looked at next
	NextRepeat time.Time // when it is told again if nothing changes; zero if it is not
	Owed       bool      // a notification is under way, or waits for another attempt
	NextTry    time.Time // of what is owed

	MutedBy    []string  // names of time intervals
	MutedUntil time.Time // the first minute outside of them; zero if there is none within a week
}

package store

import "time"

// Target is one thing that is scraped, as it was at its last scrape.
type Target struct {
	Pool       string // the scrape config's job_name
	URL        string
	Up         bool
	Error      string // of the last scrape, empty when it went well
	Scraped    int64  // Unix ns of the last scrape, 0 when there was none yet
	Took       time.Duration
	Samples    int               // in the last answer
	Labels     map[string]string // that every series of the target gets
	Discovered map[string]string // before relabelling
}

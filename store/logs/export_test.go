package logs

import "tripod/store/events"

// OpenTuned opens a store with an engine tuned for a test.
func OpenTuned(dir string, o Options, eo events.Options) (*Store, error) { return openWith(dir, o, eo) }

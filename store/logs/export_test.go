package logs

import (
	"time"

	"tripod/store"
	"tripod/store/events"
)

// OpenTuned opens a store with an engine tuned for a test.
func OpenTuned(dir string, o Options, eo events.Options) (*Store, error) { return openWith(dir, o, eo) }

// MatchesMessage says whether a query matches a record with this message.
func MatchesMessage(n Node, msg string) bool {
	return Where(n).Match(&events.Event{Time: 1, Fields: []events.Field{{Name: wordBody, Value: store.String(msg)}}})
}

// SetTallyTime changes how long counting all records may take.
func (s *Store) SetTallyTime(d time.Duration) { s.tallyTime = d }

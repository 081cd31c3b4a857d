package traces

import (
	"context"

	"tripod/store/events"
)

// Check reads all of a folder that no Store has open, and changes nothing
// unless it shall repair.
func Check(ctx context.Context, dir string, repair bool) (events.Report, error) {
	return events.Check(ctx, dir, events.CheckOptions{Repair: repair, NewDigest: func() events.Digest { return newDigest() }})
}

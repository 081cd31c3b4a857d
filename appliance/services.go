package appliance

import (
	"context"
	"slices"
	"time"

	"tripod/store"
)

// servicesBack is how far the scope menu looks for services that log.
const servicesBack = 24 * time.Hour

// services are the names that any pillar has seen, for the scope menu.
func (a *Appliance) services(ctx context.Context) []string {
	now := time.Now()
	names, _ := a.traces.Services(ctx) // a menu with half of the names is better than none
	logging, _ := a.logs.LabelValues(ctx, "service_name", store.Between(now.Add(-servicesBack), now))
	names = append(slices.Clone(names), logging...)
	slices.Sort(names)
	return slices.Compact(names)
}

// oldest is the time of the oldest record or span kept, zero when there is none.
func (a *Appliance) oldest() time.Time {
	var first int64
	for _, u := range []store.Usage{a.logs.Usage(), a.traces.Usage()} {
		if u.Oldest != 0 && (first == 0 || u.Oldest < first) {
			first = u.Oldest
		}
	}
	if first == 0 {
		return time.Time{}
	}
	return time.Unix(0, first)
}

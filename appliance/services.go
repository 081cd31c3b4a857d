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

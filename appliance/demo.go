package appliance

import (
	"context"
	"fmt"
	"time"

	"tripod/planner/traffic"
)

// demoSeed makes every demo the same story.
const demoSeed = 1312

// faultTime is how long a fault that was asked for by flag stays, unless it is
// switched off before.
const faultTime = 24 * time.Hour

// openDemo adds the simulated users and switches on the faults asked for.
func (a *Appliance) openDemo() error {
	for _, name := range a.o.Faults {
		if err := a.planner.SwitchFault(context.Background(), name, true, faultTime); err != nil {
			return fmt.Errorf("fault %s: %w", name, err)
		}
	}
	if a.o.Rate < 0 {
		return nil
	}
	users := traffic.New(traffic.Options{Base: a.URL(), Seed: demoSeed, Rate: a.o.Rate})
	a.life.onRun(producers, "simulated users", users.Run)
	return nil
}

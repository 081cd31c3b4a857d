package planner

import "time"

// Fault is a way to make the planner fail that the demo can switch on.
type Fault struct {
	Name        string
	Title       string
	Description string
	On          bool
	Until       time.Time // when it ends by itself; zero while off
}

// Package traffic is the life of the demo: simulated users who work through the
// planner's public HTTP API, and the switchboard of named faults.
//
// It must never know the stores, or what a fault does; it is handed a start and
// a stop.
package traffic

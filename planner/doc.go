// Package planner is the Proactive Planner: users, tasks, streaks, and the rules
// between them.
//
// It must never know I/O, HTTP or telemetry; storage, cache and queue are doors
// that it declares and others fill.
package planner

// Package observed makes the planner seen: spans at its doors, RED and business
// metrics, and JSON log lines, for each of its services.
//
// It must never know storage, and the planner must never know it: everything
// here wraps, or listens to events.
package observed

// Package state keeps the appliance's small, hot settings in one bbolt file.
//
// It must never hold anything that can be listed or joined, nor telemetry.
package state

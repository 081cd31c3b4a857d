// Package planapi is planner-api's JSON over HTTP, a client for it, and the door
// of planner-web that leads to it.
//
// It must never know where tasks are kept, or telemetry.
package planapi

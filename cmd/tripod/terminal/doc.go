// Package terminal asks a running appliance over HTTP, as any other client
// does, and shows its answers on a terminal.
//
// It must never know how the appliance works, nor flags, signals and exit codes.
package terminal

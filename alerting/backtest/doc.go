// Package backtest runs an alert's rule over what is stored: when it would have
// fired, for how long, and who would have been told, by the same decisions that
// the pipeline takes, on a simulated clock.
//
// It must never know a store, a wall clock or a receiver; series are asked for
// through one function.
package backtest

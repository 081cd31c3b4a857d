// Package logfiles reads log files as they grow: plain ones, Docker's json-file
// and those of Kubernetes' container runtimes, through rotation and restarts.
//
// It must never know an engine, nor how a cursor is kept.
package logfiles

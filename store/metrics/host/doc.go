// Package host reads how the machine and its control groups do, from /proc and
// /sys, and tells it under the names of node_exporter and cAdvisor, so that
// dashboards and rules that were written for these work unchanged.
//
// It must never know what keeps the numbers. Where there is no /proc it tells
// nothing and says so in Notes.
package host

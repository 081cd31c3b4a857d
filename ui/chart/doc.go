// Package chart draws charts as SVG on the server, and writes numbers,
// durations, bytes and times the way people read them.
//
// It must never know what is drawn, where it comes from, or what time it is.
package chart

// Package scrape runs VictoriaMetrics's promscrape, which brings 24 kinds of
// service discovery without a cloud SDK, and pushes what it finds into a sink.
//
// It must never know what keeps the samples, and nothing else knows promscrape:
// its flags, its logger and its one Init a process stay in this room.
package scrape

// Package lokiapi speaks Loki's HTTP API: push in JSON and snappy protobuf, and
// the queries that Grafana, logcli and promtail's kin ask.
//
// It must never know an engine, nor read LogQL itself: a query's text goes
// through the door as it came.
package lokiapi

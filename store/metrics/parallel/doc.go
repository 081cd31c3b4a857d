// Package parallel answers PromQL with Prometheus's own engine, but evaluates
// the parts that dashboards are made of, aggregations and functions over the
// samples of many series, itself: on all cores, over each series once, with
// results that are the same to the last bit.
//
// It must never know where samples are kept, nor HTTP.
package parallel

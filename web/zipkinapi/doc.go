// Package zipkinapi takes spans as Zipkin's clients report them: JSON of its
// API v2 (https://zipkin.io/zipkin-api/). It must never know how spans are
// kept.
package zipkinapi

// Package otlp receives OpenTelemetry's three signals over gRPC and HTTP,
// protobuf and JSON, and turns them into store's words and back.
//
// It must never know an engine, nor let pdata's types out, except metrics,
// which cross their door as they came.
package otlp

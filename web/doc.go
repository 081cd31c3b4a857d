// Package web is the ground floor of every wire protocol: reading a bounded
// body, turning an error into a status, writing an answer.
//
// It must never know an engine or a wire format; those live one floor up, one
// room a protocol.
package web

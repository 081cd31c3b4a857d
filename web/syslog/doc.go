// Package syslog takes RFC 3164 and RFC 5424 messages in datagrams and over
// streams (octet counting and lines, plain or within TLS).
//
// It must never know an engine, nor bind an address or read a certificate.
package syslog

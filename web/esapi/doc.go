// Package esapi takes log records as Elasticsearch's _bulk does, and answers
// just as much else as its shippers ask before they send: Filebeat, Logstash,
// Fluent Bit, Vector, rsyslog's omelasticsearch.
//
// It must never know an engine, and never search.
package esapi

// Package traces keeps spans in the wide-event engine: traces by id, search,
// services and operations, and rates, errors and durations.
//
// It must never know a wire format or HTTP.
package traces

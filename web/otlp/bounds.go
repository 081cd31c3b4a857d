package otlp

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// Decoding grows a request: two bytes of an empty log record become 500 in
// memory, and each level of a nested value is stack of a recursive decoder. So
// the structure is walked first, without allocating.
const (
	// maxParts bounds the messages (records, attributes, values, …) within one
	// request: at most some 300 MB once decoded.
	maxParts = 1 << 20
	// maxDepth bounds messages within messages; OTLP itself needs 8, each
	// level of a nested value two more.
	maxDepth = 100
)

// part is a kind of message of OTLP's schema.
type part uint8

const (
	leaf part = iota // holds no messages that we count
	logsRequest
	resourceLogs
	scopeLogs
	logRecord
	tracesRequest
	resourceSpans
	scopeSpans
	span
	keyed3 // messages whose only messages are the attributes in field 3: scope, span event
	keyed4 // … in field 4: span link
	metricsRequest
	resourceMetrics
	scopeMetrics
	metric
	numbers // gauge and sum
	histograms
	expHistograms
	summaries
	number
	histogram
	expHistogram
	summary
	exemplar
	resource
	keyValue
	anyValue
	arrayValue
	keyValues
	parts
)

// field is a field of a message that holds messages.
type field struct {
	num protowire.Number
	of  part
}

// schema lists, per message, the fields that hold messages.
func schema() [parts][]field {
	return [parts][]field{
		logsRequest:     {{1, resourceLogs}},
		resourceLogs:    {{2, scopeLogs}, {1, resource}, {1000, scopeLogs}},
		scopeLogs:       {{2, logRecord}, {1, keyed3}},
		logRecord:       {{6, keyValue}, {5, anyValue}},
		tracesRequest:   {{1, resourceSpans}},
		resourceSpans:   {{2, scopeSpans}, {1, resource}, {1000, scopeSpans}},
		scopeSpans:      {{2, span}, {1, keyed3}},
		span:            {{9, keyValue}, {11, keyed3}, {13, keyed4}, {15, leaf}},
		keyed3:          {{3, keyValue}},
		keyed4:          {{4, keyValue}},
		metricsRequest:  {{1, resourceMetrics}},
		resourceMetrics: {{2, scopeMetrics}, {1, resource}, {1000, scopeMetrics}},
		scopeMetrics:    {{2, metric}, {1, keyed3}},
		metric:          {{5, numbers}, {7, numbers}, {9, histograms}, {10, expHistograms}, {11, summaries}, {12, keyValue}},
		numbers:         {{1, number}},
		histograms:      {{1, histogram}},
		expHistograms:   {{1, expHistogram}},
		summaries:       {{1, summary}},
		number:          {{7, keyValue}, {5, exemplar}},
		histogram:       {{9, keyValue}, {8, exemplar}},
		expHistogram:    {{1, keyValue}, {11, exemplar}, {8, leaf}, {9, leaf}},
		summary:         {{7, keyValue}, {6, leaf}},
		exemplar:        {{7, keyValue}},
		resource:        {{1, keyValue}, {3, leaf}},
		keyValue:        {{2, anyValue}},
		anyValue:        {{5, arrayValue}, {6, keyValues}},
		arrayValue:      {{1, anyValue}},
		keyValues:       {{1, keyValue}},
	}
}

// walker measures one request.
type walker struct {
	schema *[parts][]field
	left   int
}

// checkProto says whether decoding a protobuf request stays within the bounds;
// it returns store.ErrTooLarge or, for bytes that are no protobuf, ErrInvalid.
func (a *API) checkProto(b []byte, root part) error {
	w := walker{schema: &a.schema, left: maxParts}
	return w.walk(b, root, maxDepth)
}

func (w *walker) walk(b []byte, p part, depth int) error {
	if w.left--; w.left < 0 {
		return tooManyParts()
	}
	if depth == 0 {
		return tooDeep()
	}
	fields := w.schema[p]
	if len(fields) == 0 {
		return nil // the decoder itself reads leaves
	}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("protobuf: %w: %w", protowire.ParseError(n), store.ErrInvalid)
		}
		b = b[n:]
		if typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return fmt.Errorf("protobuf: %w: %w", protowire.ParseError(n), store.ErrInvalid)
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return fmt.Errorf("protobuf: %w: %w", protowire.ParseError(n), store.ErrInvalid)
		}
		b = b[n:]
		for i := range fields {
			if fields[i].num == num {
				if err := w.walk(v, fields[i].of, depth-1); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

func tooManyParts() error {
	return fmt.Errorf("request holds more than %d records, attributes and values: %w", maxParts, store.ErrTooLarge)
}

func tooDeep() error {
	return fmt.Errorf("values are nested more than %d messages deep: %w", maxDepth, store.ErrTooLarge)
}

// checkJSON does the same for JSON by counting brackets outside strings, and
// refuses what stands behind the first value, which the decoder would ignore.
func checkJSON(b []byte) error {
	if begin := bytes.TrimLeft(b, " \t\r\n"); len(begin) == 0 {
		return fmt.Errorf("the body is empty: want a JSON object: %w", store.ErrInvalid)
	} else if begin[0] != '{' && begin[0] != 'n' { // null is an empty request
		return fmt.Errorf("the body begins with %q: want a JSON object: %w", begin[0], store.ErrInvalid)
	}
	depth, count := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			if count++; count > 2*maxParts {
				return fmt.Errorf("JSON holds more than %d objects and arrays: %w", 2*maxParts, store.ErrTooLarge)
			}
			if depth > 2*maxDepth {
				return fmt.Errorf("JSON is nested more than %d levels deep: %w", 2*maxDepth, store.ErrTooLarge)
			}
		case '}', ']':
			if depth--; depth <= 0 {
				return onlySpace(b, i+1)
			}
		}
	}
	if depth > 0 {
		return fmt.Errorf("JSON is cut off at byte %d: an object, list or text does not end: %w", len(b), store.ErrInvalid)
	}
	return nil
}

func onlySpace(b []byte, from int) error {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
		default:
			return fmt.Errorf("JSON ends at byte %d, but %q follows: %w", from, b[i], store.ErrInvalid)
		}
	}
	return nil
}

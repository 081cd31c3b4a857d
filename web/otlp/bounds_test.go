package otlp

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// nested is a request whose log body holds values within values.
func nested(levels int) []byte {
	var w backward
	for range levels {
		w.close(1, 0) // values of an array
		w.close(5, 0) // an array
	}
	w.close(5, 0) // body
	w.close(2, 0) // record
	w.close(2, 0) // scope
	w.close(1, 0) // resource
	return w.bytes()
}

func TestProtobufIsBounded(t *testing.T) {
	a := New(Doors{}, Options{})
	manyRecords := func(n int) []byte { // n empty log records of two bytes each
		var w backward
		copy(w.room(2*n), bytes.Repeat([]byte{0x12, 0}, n))
		w.close(2, 0)
		w.close(1, 0)
		return w.bytes()
	}
	for name, c := range map[string]struct {
		body []byte
		want error
	}{
		"nested as deep as it may":  {nested(47), nil},
		"nested too deep":           {nested(48), store.ErrTooLarge},
		"nested a million deep":     {nested(1 << 20), store.ErrTooLarge},
		"as many records as it may": {manyRecords(maxParts - 3), nil},
		"too many records":          {manyRecords(maxParts - 2), store.ErrTooLarge},
		"no protobuf":               {[]byte("\xff\xff\xff"), store.ErrInvalid},
		"length past the end":       {[]byte{0x0a, 0x7f, 0}, store.ErrInvalid},
		"torn number":               {[]byte{0x08}, store.ErrInvalid},
		"empty":                     {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := a.checkProto(c.body, logsRequest); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if _, _, _, err := a.readLogs(protobuf, c.body); !errors.Is(err, c.want) {
				t.Errorf("reading logs: got %v, want %v", err, c.want)
			}
		})
	}
}

// Whatever pdata allocates a message for has to be counted, or a request full
// of it would grow without bound.
func TestEveryKindOfMessageIsCounted(t *testing.T) {
	a := New(Doors{}, Options{})
	for name, c := range map[string]struct {
		root part
		path []protowire.Number // from the request to the message
	}{
		"log record":                  {logsRequest, []protowire.Number{1, 2, 2}},
		"old scope logs":              {logsRequest, []protowire.Number{1, 1000}},
		"log attribute":               {logsRequest, []protowire.Number{1, 2, 2, 6}},
		"resource attribute":          {logsRequest, []protowire.Number{1, 1, 1}},
		"entity":                      {logsRequest, []protowire.Number{1, 1, 3}},
		"scope attribute":             {logsRequest, []protowire.Number{1, 2, 1, 3}},
		"item of a list":              {logsRequest, []protowire.Number{1, 2, 2, 5, 5, 1}},
		"member of a map":             {logsRequest, []protowire.Number{1, 2, 2, 6, 2, 6, 1}},
		"span":                        {tracesRequest, []protowire.Number{1, 2, 2}},
		"span attribute":              {tracesRequest, []protowire.Number{1, 2, 2, 9}},
		"event attribute":             {tracesRequest, []protowire.Number{1, 2, 2, 11, 3}},
		"link attribute":              {tracesRequest, []protowire.Number{1, 2, 2, 13, 4}},
		"metric metadata":             {metricsRequest, []protowire.Number{1, 2, 2, 12}},
		"gauge attribute":             {metricsRequest, []protowire.Number{1, 2, 2, 5, 1, 7}},
		"exemplar of a sum":           {metricsRequest, []protowire.Number{1, 2, 2, 7, 1, 5, 7}},
		"exemplar of a histogram":     {metricsRequest, []protowire.Number{1, 2, 2, 9, 1, 8, 7}},
		"exemplar of an exponential":  {metricsRequest, []protowire.Number{1, 2, 2, 10, 1, 11, 7}},
		"histogram attribute":         {metricsRequest, []protowire.Number{1, 2, 2, 9, 1, 9}},
		"exponential attribute":       {metricsRequest, []protowire.Number{1, 2, 2, 10, 1, 1}},
		"buckets of an exponential":   {metricsRequest, []protowire.Number{1, 2, 2, 10, 1, 8}},
		"quantile of a summary":       {metricsRequest, []protowire.Number{1, 2, 2, 11, 1, 6}},
		"attribute of a summary":      {metricsRequest, []protowire.Number{1, 2, 2, 11, 1, 7}},
		"resource attribute, metrics": {metricsRequest, []protowire.Number{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var w backward
			for range maxParts {
				w.close(c.path[len(c.path)-1], w.mark())
			}
			for _, num := range slices.Backward(c.path[:len(c.path)-1]) {
				w.close(num, 0)
			}
			if err := a.checkProto(w.bytes(), c.root); !errors.Is(err, store.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
			if c.root != logsRequest {
				return
			}
			if _, _, _, err := a.readLogs(protobuf, w.bytes()); !errors.Is(err, store.ErrTooLarge) {
				t.Errorf("reading logs: got %v, want ErrTooLarge", err)
			}
		})
	}
}

func TestJSONIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"object":                    {`{"a":[1,{"b":"}]\\\"}"}]} ` + "\n", nil},
		"deep":                      {"{" + strings.Repeat("[", 2*maxDepth-1) + strings.Repeat("]", 2*maxDepth-1) + "}", nil},
		"too deep":                  {"{" + strings.Repeat("[", 2*maxDepth), store.ErrTooLarge},
		"too many":                  {"{" + strings.Repeat("{},", 2*maxParts) + "{}}", store.ErrTooLarge},
		"two values":                {"{}{}", store.ErrInvalid},
		"brackets within a string":  {`{"a":"` + strings.Repeat("[", 1000) + `"}`, nil},
		"null":                      {"null", nil},
		"empty":                     {" ", store.ErrInvalid},
		"list":                      {"[]", store.ErrInvalid},
		"open string":               {`{"a`, store.ErrInvalid},
		"open escape":               {`{"a\`, store.ErrInvalid},
		"open object":               {`{"a":[]`, store.ErrInvalid},
		"more closing than opening": {"]", store.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if err := checkJSON([]byte(c.body)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

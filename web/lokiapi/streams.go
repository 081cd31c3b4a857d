package lokiapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"tripod/store"
)

// maxAnswer bounds the lines of one answer, in bytes.
const maxAnswer = 64 << 20

// streams groups records by label set and writes them as Loki does.
type streams struct {
	categorize bool
	sets       *setCache
	values     map[string][]byte // by the set's key: the entries as JSON, each behind a comma
	size       int
}

func newStreams(categorize bool) *streams {
	return &streams{categorize: categorize, sets: newSetCache(), values: map[string][]byte{}}
}

// add takes the next record, in the order of the answer.
func (s *streams) add(r *store.Record) error {
	key, _, _ := s.sets.of(r)
	before := s.values[key]
	b := append(before, ',', '[', '"')
	b = strconv.AppendInt(b, r.Time, 10)
	b = append(b, '"', ',')
	b = appendJSON(b, r.Line())
	if s.categorize {
		b = append(b, ',')
		b = appendJSON(b, struct {
			StructuredMetadata map[string]string `json:"structuredMetadata,omitempty"`
		}{metadataOf(r)})
	}
	b = append(b, ']')
	s.values[key] = b
	if s.size += len(b) - len(before); s.size > maxAnswer {
		return fmt.Errorf("the answer is larger than %d bytes; ask for a shorter time or a lower limit: %w", maxAnswer, store.ErrInvalid)
	}
	return nil
}

func (s *streams) json() []byte {
	b := make([]byte, 0, s.size+s.size/8+256)
	b = append(b, `{"status":"success","data":{"resultType":"streams",`...)
	if s.categorize {
		b = append(b, `"encodingFlags":["`+categorizeFlag+`"],`...)
	}
	b = append(b, `"result":[`...)
	for i, key := range slices.Sorted(maps.Keys(s.values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"stream":`...)
		b = appendJSON(b, s.sets.byKey[key].asMap())
		b = append(b, `,"values":[`...)
		b = append(b, s.values[key][1:]...)
		b = append(b, `]}`...)
	}
	return append(b, `],"stats":{}}}`...)
}

// appendJSON appends what encoding/json makes of strings and maps of strings,
// which cannot fail.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("lokiapi: " + err.Error()) // a broken invariant of our own
	}
	return append(b, text...)
}

// metadataOf is what came with the line rather than in it: the ids, the scope
// and the attributes that the line does not hold itself.
func metadataOf(r *store.Record) map[string]string {
	m := map[string]string{}
	for _, a := range r.Attrs[:len(r.Attrs)-attrsInLine(r)] {
		if name := lokiName(a.Key); m[name] == "" {
			m[name] = a.Value.Text()
		}
	}
	if !r.TraceID.IsZero() {
		m["trace_id"] = r.TraceID.String()
	}
	if !r.SpanID.IsZero() {
		m["span_id"] = r.SpanID.String()
	}
	if r.Scope != nil && r.Scope.Name != "" {
		m["scope_name"] = r.Scope.Name
	}
	if r.Scope != nil && r.Scope.Version != "" {
		m["scope_version"] = r.Scope.Version
	}
	return m
}

// attrsInLine counts the attributes that SetLine takes out of the record's
// line, which stand last. A record that knows all words already takes the line
// apart just as the one did that got them from it.
func attrsInLine(r *store.Record) int {
	if r.Raw == "" {
		return 0
	}
	probe := *r
	probe.Attrs = nil
	probe.SetLine(r.Raw)
	return min(len(probe.Attrs), len(r.Attrs))
}

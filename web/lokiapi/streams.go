package lokiapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
)

// maxAnswer bounds the lines of one answer, in bytes.
const maxAnswer = 64 << 20

// streams groups entries by their labels and writes them as Loki does: by all
// labels or, when these are wanted apart, by those of the stream.
type streams struct {
	categorize bool
	labels     map[string]map[string]string // by labelsKey
	values     map[string][]byte            // by labelsKey: the entries as JSON, each behind a comma
	size       int
}

func newStreams(categorize bool) *streams {
	return &streams{categorize: categorize, labels: map[string]map[string]string{}, values: map[string][]byte{}}
}

// add takes the next entry, in the order of the answer.
func (s *streams) add(e *store.LogEntry) error {
	key := s.key(e)
	before := s.values[key]
	b := append(before, ',', '[', '"')
	b = strconv.AppendInt(b, e.Time, 10)
	b = append(b, '"', ',')
	b = appendJSON(b, e.Line)
	if s.categorize {
		b = append(b, ',')
		b = appendJSON(b, categories{asMap(e.Metadata), asMap(e.Parsed)})
	}
	b = append(b, ']')
	s.values[key] = b
	if s.size += len(b) - len(before); s.size > maxAnswer {
		return fmt.Errorf("the answer is larger than %d bytes; ask for a shorter time or a lower limit: %w", maxAnswer, store.ErrInvalid)
	}
	return nil
}

// categories are the labels that are not the stream's.
type categories struct {
	StructuredMetadata map[string]string `json:"structuredMetadata,omitempty"`
	Parsed             map[string]string `json:"parsed,omitempty"`
}

func (s *streams) key(e *store.LogEntry) string {
	labels := e.Stream
	if !s.categorize && len(e.Metadata)+len(e.Parsed) > 0 {
		labels = slices.Concat(e.Stream, e.Metadata, e.Parsed)
	}
	key := labelsKey(labels)
	if s.labels[key] == nil {
		s.labels[key] = asMap(labels)
	}
	return key
}

func asMap(l store.LogLabels) map[string]string {
	m := make(map[string]string, len(l))
	for i := range l {
		m[l[i].Name] = l[i].Value
	}
	return m
}

// labelsKey is equal for equal labels.
func labelsKey(l store.LogLabels) string {
	var b strings.Builder
	for i := range l {
		b.WriteString(l[i].Name)
		b.WriteByte(0)
		b.WriteString(l[i].Value)
		b.WriteByte(0)
	}
	return b.String()
}

// list writes the streams: [{"stream":{…},"values":[…]},…].
func (s *streams) list(b []byte) []byte {
	b = append(b, '[')
	for i, key := range slices.Sorted(maps.Keys(s.values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"stream":`...)
		b = appendJSON(b, s.labels[key])
		b = append(b, `,"values":[`...)
		b = append(b, s.values[key][1:]...)
		b = append(b, `]}`...)
	}
	return append(b, ']')
}

func (s *streams) json(t told) []byte {
	b := make([]byte, 0, s.size+s.size/8+256)
	b = append(b, `{"status":"success","data":{"resultType":"streams",`...)
	if s.categorize {
		b = append(b, `"encodingFlags":["`+categorizeFlag+`"],`...)
	}
	b = append(b, `"result":`...)
	b = append(s.list(b), `,"stats":`...)
	b = append(appendJSON(b, t.stats), '}')
	if len(t.warnings) > 0 {
		b = appendJSON(append(b, `,"warnings":`...), t.warnings)
	}
	if t.explain != nil {
		b = appendJSON(append(b, `,"explain":`...), t.explain)
	}
	return append(b, '}')
}

// appendJSON appends what encoding/json makes of strings, finite numbers and
// what is made of them, which cannot fail.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("lokiapi: " + err.Error()) // a broken invariant of our own
	}
	return append(b, text...)
}

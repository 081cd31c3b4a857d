package lokiapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/web"
)

// maxAnswer bounds the lines of one answer, in bytes.
const maxAnswer = 64 << 20

// streams groups entries by their labels and writes them as Loki does: by all
// labels or, when these are wanted apart, by those of the stream.
type streams struct {
	categorize bool
	of         map[string]*answered // by labelsKey
	size       int
	labels     store.LogLabels // of an entry
	key        []byte          // of these
}

// answered is a stream of an answer as JSON: all but the last two brackets.
type answered []byte

func newStreams(categorize bool) *streams {
	return &streams{categorize: categorize, of: map[string]*answered{}}
}

// add takes the next entry, in the order of the answer.
func (s *streams) add(e *store.LogEntry) error {
	to, begun := s.stream(e)
	b := *to
	before := len(b)
	if begun {
		b = append(b, ',')
	}
	b = append(b, '[', '"')
	b = strconv.AppendInt(b, e.Time, 10)
	b = append(b, '"', ',')
	b = web.AppendString(b, e.Line)
	if s.categorize {
		b = appendCategories(append(b, ','), e)
	}
	b = append(b, ']')
	*to = b
	if s.size += len(b) - before; s.size > maxAnswer {
		return fmt.Errorf("the answer is larger than %d bytes; ask for a shorter time or a lower limit: %w", maxAnswer, store.ErrInvalid)
	}
	return nil
}

// appendCategories writes the labels that are not the stream's.
func appendCategories(b []byte, e *store.LogEntry) []byte {
	b = append(b, '{')
	if len(e.Metadata) > 0 {
		b = appendLabels(append(b, `"structuredMetadata":`...), e.Metadata)
	}
	if len(e.Metadata) > 0 && len(e.Parsed) > 0 {
		b = append(b, ',')
	}
	if len(e.Parsed) > 0 {
		b = appendLabels(append(b, `"parsed":`...), e.Parsed)
	}
	return append(b, '}')
}

// stream finds or begins that of an entry; begun says that it has entries.
func (s *streams) stream(e *store.LogEntry) (to *answered, begun bool) {
	s.labels = append(s.labels[:0], e.Stream...)
	if !s.categorize && len(e.Metadata)+len(e.Parsed) > 0 {
		s.labels = mergeLabels(append(append(s.labels, e.Metadata...), e.Parsed...))
	}
	s.key = appendKey(s.key[:0], s.labels)
	if to := s.of[string(s.key)]; to != nil {
		return to, true
	}
	b := make(answered, 0, 512)
	b = append(appendLabels(append(b, `{"stream":`...), s.labels), `,"values":[`...)
	s.size += len(b)
	s.of[string(s.key)] = &b
	return &b, false
}

// mergeLabels puts labels in order of name; of several of one name the last
// stays, so that equal streams have equal keys.
func mergeLabels(l store.LogLabels) store.LogLabels {
	slices.SortStableFunc(l, func(a, b store.LogLabel) int { return strings.Compare(a.Name, b.Name) })
	out := l[:0]
	for i := range l {
		if i+1 == len(l) || l[i].Name != l[i+1].Name {
			out = append(out, l[i])
		}
	}
	return out
}

// appendLabels writes labels, which are in order of name, as an object.
func appendLabels(b []byte, l store.LogLabels) []byte {
	b = append(b, '{')
	for i := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(web.AppendString(b, l[i].Name), ':')
		b = web.AppendString(b, l[i].Value)
	}
	return append(b, '}')
}

func asMap(l store.LogLabels) map[string]string {
	m := make(map[string]string, len(l))
	for i := range l {
		m[l[i].Name] = l[i].Value
	}
	return m
}

// labelsKey is equal for equal labels.
func labelsKey(l store.LogLabels) string { return string(appendKey(nil, l)) }

func appendKey(b []byte, l store.LogLabels) []byte {
	for i := range l {
		b = append(append(b, l[i].Name...), 0)
		b = append(append(b, l[i].Value...), 0)
	}
	return b
}

// list writes the streams: [{"stream":{…},"values":[…]},…].
func (s *streams) list(b []byte) []byte {
	b = append(b, '[')
	for i, key := range slices.Sorted(maps.Keys(s.of)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, *s.of[key]...), `]}`...)
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

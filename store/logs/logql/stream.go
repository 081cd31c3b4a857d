package logql

import (
	"cmp"
	"slices"
	"strings"

	"tripod/store"
)

func levelWord(l store.Level) string {
	if l == store.LevelUnset {
		return "unknown"
	}
	return l.Word()
}

// labelName writes "_" for all but letters and digits, and in front of a digit
// that leads.
func labelName(name string) string {
	name = strings.Map(func(c rune) rune {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name)
	if name == "" || isDigit(name[0]) {
		return "_" + name
	}
	return name
}

// streamCache shares the labels of neighbours of one resource, service and
// level.
type streamCache struct {
	bySender map[sender]store.LogLabels
	byKey    map[string]store.LogLabels
}

// sender is what a stream is of.
type sender struct {
	res     *store.Resource
	service string
	level   string
}

// labels are those of the stream: the resource's attributes in Loki's spelling,
// the service and the level.
func (s *sender) labels() store.LogLabels {
	service := cmp.Or(s.service, "unknown_service")
	out := store.LogLabels{{Name: "service_name", Value: service}, {Name: "detected_level", Value: s.level}}
	if s.res != nil {
		for _, a := range s.res.Attrs {
			name := labelName(a.Key)
			if text := a.Value.Text(); text != "" && !slices.ContainsFunc(out, func(l store.LogLabel) bool { return l.Name == name }) {
				out = append(out, store.LogLabel{Name: name, Value: text})
			}
		}
	}
	return sorted(out)
}

// maxSenders bounds the cache.
const maxSenders = 10_000

func newStreamCache() *streamCache {
	return &streamCache{bySender: map[sender]store.LogLabels{}, byKey: map[string]store.LogLabels{}}
}

func (c *streamCache) of(s sender) store.LogLabels {
	if known, ok := c.bySender[s]; ok {
		return known
	}
	if len(c.bySender) >= maxSenders {
		clear(c.bySender)
		clear(c.byKey)
	}
	s.service = strings.Clone(s.service)
	labels := s.labels()
	key := labelsKey(labels)
	if known, ok := c.byKey[key]; ok {
		labels = known
	}
	c.byKey[key], c.bySender[s] = labels, labels
	return labels
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

// metadataOf are the labels that came with a line rather than in it: the ids,
// the scope and the attributes that the line does not hold itself, without
// those that differ from line to line by nature.
func metadataOf(r *store.Record, each func(name, value string)) {
	n := len(r.Attrs)
	if r.Raw != "" {
		n = min(n, r.Ahead)
	}
	for _, a := range r.Attrs[:n] {
		if !store.IsFileMark(a.Key) {
			each(labelName(a.Key), a.Value.Text())
		}
	}
	if !r.TraceID.IsZero() {
		each("trace_id", r.TraceID.String())
	}
	if !r.SpanID.IsZero() {
		each("span_id", r.SpanID.String())
	}
	if r.Scope != nil {
		each("scope_name", r.Scope.Name)
		each("scope_version", r.Scope.Version)
	}
}

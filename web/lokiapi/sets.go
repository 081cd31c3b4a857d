package lokiapi

import (
	"cmp"
	"slices"
	"strings"

	"tripod/store"
)

// labelPair and labelSet are a stream's labels, sorted by name.
type (
	labelPair struct{ name, value string }
	labelSet  []labelPair
)

func (s labelSet) asMap() map[string]string {
	m := make(map[string]string, len(s))
	for _, l := range s {
		m[l.name] = l.value
	}
	return m
}

// key is the set as text, equal for equal sets.
func (s labelSet) key() string {
	var b strings.Builder
	for _, l := range s {
		b.WriteString(l.name)
		b.WriteByte(0)
		b.WriteString(l.value)
		b.WriteByte(0)
	}
	return b.String()
}

// labelsOf are the labels of a record's stream: its resource's attributes in
// Loki's spelling, its service and its level.
func labelsOf(r *store.Record) labelSet {
	out := make(labelSet, 0, 8)
	if r.Service != "" {
		out = append(out, labelPair{"service_name", r.Service})
	} else {
		out = append(out, labelPair{"service_name", "unknown_service"})
	}
	out = append(out, labelPair{"detected_level", levelWord(r.Level)})
	if r.Resource != nil {
		for _, a := range r.Resource.Attrs {
			if name := lokiName(a.Key); name != "service_name" && name != "detected_level" {
				out = append(out, labelPair{name, a.Value.Text()})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b labelPair) int { return cmp.Compare(a.name, b.name) })
	return slices.CompactFunc(out, func(a, b labelPair) bool { return a.name == b.name })
}

func levelWord(l store.Level) string {
	if l == store.LevelUnset {
		return "unknown"
	}
	return l.Word()
}

// lokiName writes "_" for all but letters and digits, and before a digit that
// leads.
func lokiName(name string) string {
	name = strings.Map(func(c rune) rune {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// setCache finds a record's label set; neighbours of one resource, service and
// level share it.
type setCache struct {
	byOrigin map[origin]string // to the key
	byKey    map[string]labelSet
}

type origin struct {
	res     *store.Resource
	service string
	level   string
}

func newSetCache() *setCache {
	return &setCache{byOrigin: map[origin]string{}, byKey: map[string]labelSet{}}
}

// of gives the record's label set, and whether it is the first with it.
func (c *setCache) of(r *store.Record) (key string, set labelSet, fresh bool) {
	o := origin{r.Resource, r.Service, levelWord(r.Level)}
	if key, ok := c.byOrigin[o]; ok {
		return key, c.byKey[key], false
	}
	set = labelsOf(r)
	key = set.key()
	c.byOrigin[o] = key
	if known, ok := c.byKey[key]; ok {
		return key, known, false
	}
	c.byKey[key] = set
	return key, set, true
}

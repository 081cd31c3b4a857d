package web

import (
	"encoding/json"
	"strings"

	"tripod/store"
)

// leaveWords takes from a record what members of its line that are not to be
// kept have become, and says whether the line has any. The time stays: every
// record has one.
func (s *Members) leaveWords(r *store.Record) (left bool) {
	for _, name := range s.words {
		for _, value := range valuesOf(nil, r.Raw, name) {
			var alone store.Record
			alone.SetLine(`{"` + name + `":` + string(value) + `}`)
			forget(r, &alone)
			left = true
		}
	}
	return left
}

// forget takes from a record each word that a member alone makes the same. A
// level that another member says too stays.
func forget(r, alone *store.Record) {
	if alone.Body.Kind != store.KindEmpty && alone.Body.Equal(r.Body) {
		r.Body = store.Value{}
	}
	if alone.Level != store.LevelUnset && alone.Level == r.Level && alone.LevelText == r.LevelText && r.LevelFrom != "?" {
		r.Level, r.LevelText = store.LevelUnset, ""
	}
	if alone.TraceID == r.TraceID {
		r.TraceID = store.TraceID{}
	}
	if alone.SpanID == r.SpanID {
		r.SpanID = store.SpanID{}
	}
	if alone.Service == r.Service {
		r.Service = ""
	}
}

// valuesOf appends the values of the members of an object that have a name,
// with dots for those of objects in it.
func valuesOf(list []json.RawMessage, object, name string) []json.RawMessage {
	d := json.NewDecoder(strings.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return list
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return list
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return list
		}
		if key == name {
			list = append(list, value)
		} else if rest, ok := strings.CutPrefix(name, key.(string)+"."); ok {
			list = valuesOf(list, string(value), rest)
		}
	}
	return list
}

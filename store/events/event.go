package events

import (
	"strings"

	"tripod/store"
)

// Classes bounds Event.Class: the engine counts events by class and minute.
const Classes = 8

// Event is one wide event. An event handed out by Scan, with every string in
// it, is valid only until the next one: keep Clone's answer, not the event.
type Event struct {
	Time   int64 // Unix ns
	Class  uint8 // below Classes
	Alike  bool  // the digest would learn nothing of it that the event before in its batch did not tell; only for Append
	Fields []Field
}

// Field is one named value; fields keep the order in which they were sent and
// names may repeat.
type Field struct {
	Name  string
	Value store.Value
}

// Get finds the first field of a name.
func (e *Event) Get(name string) (store.Value, bool) {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value, true
		}
	}
	return store.Value{}, false
}

// Text is the text of the first field of a name, or empty.
func (e *Event) Text(name string) string {
	v, _ := e.Get(name)
	return v.Text()
}

// Clone is a copy that shares no memory with the engine.
func (e *Event) Clone() Event {
	c := Event{Time: e.Time, Class: e.Class, Fields: make([]Field, len(e.Fields))}
	for i, f := range e.Fields {
		c.Fields[i] = Field{strings.Clone(f.Name), f.Value.Clone()}
	}
	return c
}

package store

// Bounds of what SetLine takes apart. What lies beyond is kept as JSON text.
const (
	maxLineDepth  = 8    // of objects and lists in one another
	maxLineValues = 1024 // of one line
)

// SetLine takes one line of a log apart.
//
// A line that is a JSON object gives its members to Attrs in their order,
// objects flattened with dots, lists kept as lists, numbers as integers when
// they are integers of 64 bits; an integer beyond that is kept as the text of
// its digits, so that no digit is lost. A member may repeat. Some members
// become words of the record instead, wherever the record has none yet or has
// the same already:
//
//	msg, message, @message, @m, short_message      Body (strings only)
//	level, severity, lvl, log.level and the like   Level and LevelText
//	time, ts, timestamp, @timestamp, @t, datetime  Time
//	trace_id, traceId, trace.id and the like       TraceID (32 digits)
//	span_id, spanId, span.id and the like          SpanID (16 digits)
//	service, service.name, service_name            Service
//
// They are found again through Lookup by the first name of their row (time
// excepted, which every record has); Raw is the line. A member that is called
// so and says something else than the record stays in Attrs. Objects and lists
// nested deeper than 8 are kept as their JSON text; after 1,024 values the
// members left over of an object are kept as JSON text under "_rest". Such a
// record is Opaque.
//
// Any other line is the Body as it stands, and gives a level where it states
// one at a usual place (see ParseLevel).
//
// Attributes that the record has already are kept in front, Ahead of the others.
// The record shares the memory of the line.
func (r *Record) SetLine(line string) {
	r.setLine(line, r.Attrs[:len(r.Attrs):len(r.Attrs)], nil)
}

// setLine uses the memory behind the attributes in room, which are all that the
// record has, as far as it goes.
func (r *Record) setLine(line string, room Attrs, seen *Lines) {
	before := *r
	p := lineReader{text: line, left: maxLineValues, rec: r, seen: seen}
	r.clearLine(room)
	if seen == nil || !p.knownLine() {
		*r, p.at = before, 0
		r.clearLine(room)
		if !p.line() {
			*r = before
			r.Body, r.Raw = String(line), ""
			if r.Level == LevelUnset {
				r.setTextLevel(line)
			}
			return
		}
	}
	r.Raw = line
	if r.Service == "" {
		r.setServiceByName()
	}
}

// clearLine takes away what a line says.
func (r *Record) clearLine(own Attrs) {
	r.Attrs, r.Ahead, r.Opaque = own, len(own), false
	r.Body, r.Raw, r.LevelFrom = Value{}, "", ""
}

func (r *Record) setTextLevel(line string) {
	l, text := textLevel(line)
	if l == LevelUnset {
		return
	}
	r.Level = l
	if r.LevelText == "" {
		r.LevelText = text
	}
}

// setServiceByName takes the service from the name that pino and bunyan put
// beside pid and hostname; the attribute stays.
func (r *Record) setServiceByName() {
	name, ok := r.Attrs.Get("name")
	if !ok || name.Kind != KindString {
		return
	}
	if _, ok := r.Attrs.Get("pid"); !ok {
		return
	}
	if _, ok := r.Attrs.Get("hostname"); ok {
		r.Service = name.Str()
	}
}

// addAttr makes room for the value of one more attribute.
func (r *Record) addAttr(key string) *Value {
	n := len(r.Attrs)
	if n == cap(r.Attrs) {
		grown := make(Attrs, n, max(16, 2*n))
		copy(grown, r.Attrs)
		r.Attrs = grown
	}
	r.Attrs = r.Attrs[:n+1]
	r.Attrs[n].Key = key
	return &r.Attrs[n].Value
}

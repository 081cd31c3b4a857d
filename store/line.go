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
	r.SetLineIn(line, r.Attrs[:len(r.Attrs):len(r.Attrs)])
}

// SetLineIn is SetLine with room for the attributes: the memory behind those in
// room, which must be all that the record has, is used as far as it goes.
func (r *Record) SetLineIn(line string, room Attrs) {
	before := *r
	r.Attrs = room
	r.Body, r.Raw, r.Ahead, r.Opaque, r.LevelFrom = Value{}, "", len(room), false, ""
	p := lineReader{text: line, left: maxLineValues, rec: r}
	if !p.line() {
		*r = before
		r.Body, r.Raw = String(line), ""
		if r.Level == LevelUnset {
			r.setTextLevel(line)
		}
		return
	}
	r.Raw = line
	if r.Service == "" {
		r.setServiceByName()
	}
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

// setMember gives a member of the line to the record: as one of its words, or
// as an attribute. The text of a number is as it was written.
func (r *Record) setMember(key string, v Value, number string) {
	taken := false
	switch key {
	case "msg", "message", "@message", "@m", "short_message":
		if taken = v.Kind == KindString && r.Body.Kind == KindEmpty; taken {
			r.Body = v
		}
	case "level", "severity", "lvl", "log.level", "loglevel", "levelname", "level_name",
		"@level", "@l", "Level", "LogLevel", "Severity", "severity_text", "severityText", "SeverityText":
		if taken = r.takeLevel(v, number); taken && r.LevelFrom == "" {
			r.LevelFrom = key
		} else if taken && r.LevelFrom != key {
			r.LevelFrom = "?"
		}
	case "severity_number", "severityNumber", "SeverityNumber":
		if n := v.Int(); v.Kind == KindInt && n > 0 && n <= 24 {
			if r.Level == LevelUnset {
				r.Level = Level(n)
			}
			taken = r.Level == Level(n)
		}
	case "time", "ts", "timestamp", "@timestamp", "@t", "datetime", "Timestamp":
		taken = r.takeTime(v, number)
	case "trace_id", "traceId", "traceID", "traceid", "trace.id", "TraceId":
		if id := (TraceID{}); hexBytes(id[:], v) && !id.IsZero() {
			if r.TraceID.IsZero() {
				r.TraceID = id
			}
			taken = r.TraceID == id
		}
	case "span_id", "spanId", "spanID", "spanid", "span.id", "SpanId":
		if id := (SpanID{}); hexBytes(id[:], v) && !id.IsZero() {
			if r.SpanID.IsZero() {
				r.SpanID = id
			}
			taken = r.SpanID == id
		}
	case "service", "service.name", "service_name":
		if v.Kind == KindString && v.str != "" {
			if r.Service == "" {
				r.Service = v.str
			}
			taken = r.Service == v.str
		}
	}
	if !taken {
		r.addAttr(key, v)
	}
}

func (r *Record) addAttr(key string, v Value) {
	if len(r.Attrs) == cap(r.Attrs) {
		grown := make(Attrs, len(r.Attrs), max(16, 2*len(r.Attrs)))
		copy(grown, r.Attrs)
		r.Attrs = grown
	}
	r.Attrs = append(r.Attrs, Attr{key, v})
}

// hexBytes reads a string of exactly as many hexadecimal digits as fill to.
func hexBytes(to []byte, v Value) bool {
	if v.Kind != KindString || len(v.str) != 2*len(to) {
		return false
	}
	for i := range to {
		hi, lo := hexDigit[v.str[2*i]], hexDigit[v.str[2*i+1]]
		if hi == 0 || lo == 0 {
			return false
		}
		to[i] = (hi-1)<<4 | (lo - 1)
	}
	return true
}

// takeLevel says whether the record now has the level just as the line states it.
func (r *Record) takeLevel(v Value, number string) bool {
	text := number
	if v.Kind == KindString {
		text = v.str
	}
	l, ok := ParseLevel(text)
	if !ok || r.Level != LevelUnset && LevelSlot(r.Level) != LevelSlot(l) {
		return false
	}
	if r.Level == LevelUnset {
		r.Level = l
	}
	if r.LevelText == "" {
		r.LevelText = text
	}
	return r.LevelText == text
}

// takeTime says whether the record now has the time of the line; a record that
// knows it more exactly has it as well.
func (r *Record) takeTime(v Value, number string) bool {
	text := number
	if v.Kind == KindString {
		text = v.str
	}
	t, unit, ok := parseLineTime(text)
	if !ok {
		return false
	}
	if r.Time == 0 {
		r.Time = t
	}
	return t == r.Time || t%unit == 0 && r.Time-r.Time%unit == t
}

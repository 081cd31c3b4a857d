package store

// word is a part of a record that members of lines may be.
type word uint8

const (
	noWord word = iota
	bodyWord
	levelWord
	levelNumber
	timeWord
	traceWord
	spanWord
	serviceWord
)

// wordOf is what a member of that name may be.
func wordOf(key string) word {
	switch key {
	case "msg", "message", "@message", "@m", "short_message":
		return bodyWord
	case "level", "severity", "lvl", "log.level", "loglevel", "levelname", "level_name",
		"@level", "@l", "Level", "LogLevel", "Severity", "severity_text", "severityText", "SeverityText":
		return levelWord
	case "severity_number", "severityNumber", "SeverityNumber":
		return levelNumber
	case "time", "ts", "timestamp", "@timestamp", "@t", "datetime", "Timestamp":
		return timeWord
	case "trace_id", "traceId", "traceID", "traceid", "trace.id", "TraceId":
		return traceWord
	case "span_id", "spanId", "spanID", "spanid", "span.id", "SpanId":
		return spanWord
	case "service", "service.name", "service_name":
		return serviceWord
	}
	return noWord
}

// MayBeWord says whether a member of that name may be one of a record's words.
func MayBeWord(member string) bool { return wordOf(member) != noWord }

// keep makes the last attribute one of the record's words, if it is one that
// the record takes; it stays an attribute otherwise. The text of a number is as
// it was written.
func (r *Record) keep(m *member, v *Value, number string) {
	taken := false
	switch {
	case m.word == noWord:
		return
	case v.Kind == KindString:
		taken = r.takeText(m.word, v.str)
	case v.Kind == KindInt || v.Kind == KindFloat:
		taken = r.takeNumber(m.word, v, number)
	}
	if !taken {
		return
	}
	r.Attrs = r.Attrs[:len(r.Attrs)-1]
	if m.word != levelWord {
		return
	}
	if r.LevelFrom == "" {
		r.LevelFrom = m.key
	} else if r.LevelFrom != m.key {
		r.LevelFrom = "?"
	}
}

// takeText says whether the record now has the text as one of its words.
func (r *Record) takeText(w word, text string) bool {
	switch w {
	case bodyWord:
		if r.Body.Kind == KindEmpty {
			r.Body.SetString(text)
			return true
		}
	case levelWord:
		return r.takeLevel(text)
	case timeWord:
		t, unit, ok := parseLineTime(text)
		return ok && t > 0 && r.takeTime(t, unit)
	case traceWord:
		if id := (TraceID{}); hexBytes(id[:], text) && !id.IsZero() {
			if r.TraceID.IsZero() {
				r.TraceID = id
			}
			return r.TraceID == id
		}
	case spanWord:
		if id := (SpanID{}); hexBytes(id[:], text) && !id.IsZero() {
			if r.SpanID.IsZero() {
				r.SpanID = id
			}
			return r.SpanID == id
		}
	case serviceWord:
		if r.Service == "" {
			r.Service = text
		}
		return text != "" && r.Service == text
	}
	return false
}

// takeNumber is takeText for a number.
func (r *Record) takeNumber(w word, v *Value, text string) bool {
	switch w {
	case levelWord:
		return r.takeLevel(text)
	case levelNumber:
		n := v.Int()
		if v.Kind != KindInt || n <= 0 || n > 24 {
			return false
		}
		if r.Level == LevelUnset {
			r.Level = Level(n)
		}
		return r.Level == Level(n)
	case timeWord:
		if v.Kind == KindInt {
			t, unit, ok := wholeTime(v.Int())
			return ok && r.takeTime(t, unit)
		}
		t, unit, ok := parseLineTime(text)
		return ok && t > 0 && r.takeTime(t, unit)
	}
	return false
}

// takeLevel says whether the record now has the level just as the line states it.
func (r *Record) takeLevel(text string) bool {
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

// takeTime says whether the record now has that time, which is exact to so many
// ns; a record that knows it more exactly has it as well.
func (r *Record) takeTime(t, unit int64) bool {
	if r.Time == 0 {
		r.Time = t
	}
	return t == r.Time || t%unit == 0 && r.Time-r.Time%unit == t
}

// NoTime finds the member of the line that is called like a time but none that
// can be kept: it cannot be read, or lies outside 1970 to 2262. There is none
// when the record has a time, or when the line does not state one at all: no
// text and no number.
func (r *Record) NoTime() (a Attr, found bool) {
	if r.Time != 0 || r.Raw == "" {
		return Attr{}, false
	}
	for _, a := range r.Attrs[min(max(r.Ahead, 0), len(r.Attrs)):] {
		if wordOf(a.Key) != timeWord {
			continue
		}
		switch a.Value.Kind {
		case KindInt, KindFloat:
			return a, true
		case KindString:
			if a.Value.Str() != "" {
				return a, true
			}
		}
	}
	return Attr{}, false
}

package syslog

import (
	"strings"
	"time"

	"tripod/store"
)

// maxParams bounds the structured data of one message.
const maxParams = 256

// rfc5424 reads "1 TIME HOST APP PROC ID DATA [TEXT]". It is false, and leaves
// the message as it was, when the text does not begin so.
func (m *message) rfc5424(text string) bool {
	rest, ok := strings.CutPrefix(text, "1 ")
	if !ok {
		return false
	}
	var head [5]string
	for i := range head {
		word, after, more := strings.Cut(rest, " ")
		if !more || word == "" {
			return false
		}
		if word == "-" {
			word = ""
		}
		head[i], rest = word, after
	}
	if head[0] != "" {
		at, err := time.Parse(time.RFC3339Nano, head[0])
		if err != nil || !keepable(at) {
			return false
		}
		m.time = at.UnixNano()
	}
	m.host, m.app, m.proc, m.id = head[1], head[2], head[3], head[4]
	if after, ok := strings.CutPrefix(rest, "-"); ok && (after == "" || after[0] == ' ') {
		rest = after
	} else if data, after, ok := structured(rest); ok {
		m.data, rest = data, after
	}
	rest = strings.TrimPrefix(rest, " ")
	// rsyslog leaves the space behind an RFC 3164 tag in front of the text
	m.text = strings.TrimPrefix(strings.TrimPrefix(rest, "\ufeff"), " ")
	return true
}

// structured reads "[id name="value" …]…". Each value is called id.name.
func structured(text string) (out store.Attrs, rest string, ok bool) {
	for strings.HasPrefix(text, "[") {
		end := strings.IndexAny(text, " ]")
		if end < 2 {
			return nil, "", false
		}
		id := text[1:end]
		text = text[end:]
		if text[0] == ']' {
			out = append(out, store.Attr{Key: id, Value: store.Bool(true)})
		}
		for text[0] == ' ' {
			name, after, found := strings.Cut(strings.TrimLeft(text, " "), `="`)
			if !found || name == "" || strings.ContainsAny(name, " ]\"") {
				return nil, "", false
			}
			value, after, closed := paramValue(after)
			if !closed || after == "" {
				return nil, "", false
			}
			out = append(out, store.Attr{Key: id + "." + name, Value: store.String(value)})
			text = after
		}
		if text[0] != ']' || len(out) > maxParams {
			return nil, "", false
		}
		text = text[1:]
	}
	return out, text, len(out) > 0 && (text == "" || text[0] == ' ')
}

// paramValue reads up to the closing quote; \" \\ and \] stand for what follows
// the backslash, and any other backslash for itself.
func paramValue(text string) (value, rest string, ok bool) {
	if end := strings.IndexAny(text, `"\`); end >= 0 && text[end] == '"' {
		return text[:end], text[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`"\]`, text[i+1]) >= 0:
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

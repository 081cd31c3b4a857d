package jsonline

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tripod/store"
)

// Bounds of the fields that a request may name, and of the streams that share
// one resource in a request.
const (
	maxNames   = 32
	maxStreams = 10_000
)

// shape says which members of a line are its message, time and stream.
type shape struct {
	msg, time, stream []string
	ignore            []string    // members that are not kept
	extra             store.Attrs // of the whole request
	streams           map[string]*store.Resource
	lines             store.Lines
}

// newShape reads VictoriaLogs' parameters, or its headers of the same meaning:
// _msg_field, _time_field, _stream_fields and ignore_fields name members, with
// commas between several, and extra_fields gives name=value pairs to every line.
func newShape(r *http.Request) shape {
	q := r.URL.Query()
	list := func(param, header, byDefault string) []string {
		text := q.Get(param)
		if text == "" {
			text = r.Header.Get(header)
		}
		if text == "" {
			text = byDefault
		}
		var out []string
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" && len(out) < maxNames && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return out
	}
	s := shape{
		msg:     list("_msg_field", "VL-Msg-Field", "_msg"),
		time:    list("_time_field", "VL-Time-Field", "_time"),
		stream:  list("_stream_fields", "VL-Stream-Fields", ""),
		ignore:  list("ignore_fields", "VL-Ignore-Fields", ""),
		streams: map[string]*store.Resource{},
	}
	for _, pair := range list("extra_fields", "VL-Extra-Fields", "") {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			s.extra = append(s.extra, store.Attr{Key: name, Value: store.String(value)})
		}
	}
	return s
}

// record makes a record of a line, or says why it cannot be one.
func (s *shape) record(r *store.Record, line string) (why string) {
	s.lines.Set(r, line)
	if r.Raw == "" {
		return "no JSON object"
	}
	if why := s.setTime(r, line); why != "" {
		return why
	}
	if a, bad := r.NoTime(); bad && !slices.Contains(s.ignore, a.Key) {
		return noTime(a.Key, a.Value.Text())
	}
	s.setMessage(r)
	s.setStream(r)
	s.leaveOut(r)
	if r.Time == 0 {
		r.Time = r.Observed
	}
	return ""
}

// setTime takes the time from the member that was named. A member that
// SetLine takes for the time by its name is left to it, unless both are there.
func (s *shape) setTime(r *store.Record, line string) (why string) {
	for _, name := range s.time {
		i := find(r.Attrs, name)
		if i < 0 {
			continue
		}
		text := r.Attrs[i].Value.Text()
		if text == "" || text == "0" { // VictoriaLogs' words for now
			takeOut(r, i)
			return ""
		}
		at, ok := store.ParseTime(text)
		if !ok || at <= 0 {
			return noTime(name, text)
		}
		if r.Time != 0 && r.Time != at { // again, now that the time is known: the other one is a field
			*r = store.Record{Time: at, Observed: r.Observed}
			s.lines.Set(r, line)
			i = find(r.Attrs, name)
		}
		r.Time = at
		if i >= 0 {
			takeOut(r, i)
		}
		return ""
	}
	return ""
}

func noTime(name, text string) string {
	return fmt.Sprintf("%s %.60q is no time from 1970 to 2262", name, text)
}

// setMessage takes the message from the first member that was named and holds
// something. A message that the line has besides stays a field.
func (s *shape) setMessage(r *store.Record) {
	for _, name := range s.msg {
		i := find(r.Attrs, name)
		if i < 0 || r.Attrs[i].Value.Text() == "" {
			continue
		}
		other := r.Body
		r.Body = r.Attrs[i].Value
		if other.Kind == store.KindEmpty {
			takeOut(r, i)
		} else {
			r.Attrs[i], r.Opaque = store.Attr{Key: "message", Value: other}, true
		}
		return
	}
}

// leaveOut drops the members that are not to be kept, and with them the line as
// it was sent.
func (s *shape) leaveOut(r *store.Record) {
	for _, name := range s.ignore {
		if i := find(r.Attrs, name); i >= 0 {
			r.Attrs = slices.Delete(r.Attrs, i, i+1)
			r.Raw, r.Ahead, r.LevelFrom, r.Opaque = "", 0, "", false
		}
	}
}

// takeOut removes an attribute that the record has in another place.
func takeOut(r *store.Record, i int) {
	r.Attrs, r.Opaque = slices.Delete(r.Attrs, i, i+1), true
}

// setStream moves the members that make up the stream to the resource, which
// all lines of the stream in this request share.
func (s *shape) setStream(r *store.Record) {
	if len(s.stream) == 0 && len(s.extra) == 0 {
		return
	}
	attrs := make(store.Attrs, 0, len(s.stream)+len(s.extra))
	var key strings.Builder
	for _, name := range s.stream {
		if i := find(r.Attrs, name); i >= 0 {
			attrs = append(attrs, r.Attrs[i])
			fmt.Fprintf(&key, "%q=%d%q,", name, r.Attrs[i].Value.Kind, r.Attrs[i].Value.Text())
			takeOut(r, i)
		}
	}
	attrs = append(attrs, s.extra...)
	if r.Service == "" {
		r.Service = serviceOf(attrs)
	}
	res := s.streams[key.String()]
	if res == nil {
		res = &store.Resource{Attrs: attrs}
		if len(s.streams) < maxStreams {
			s.streams[key.String()] = res
		}
	}
	r.Resource = res
}

// serviceOf finds the service among the labels that name one, surest first.
func serviceOf(attrs store.Attrs) string {
	for _, name := range [...]string{"service.name", "service_name", "service", "app", "application", "app_name", "container", "container_name", "job"} {
		if v := attrs.Text(name); v != "" {
			return v
		}
	}
	return ""
}

func find(attrs store.Attrs, name string) int {
	return slices.IndexFunc(attrs, func(a store.Attr) bool { return a.Key == name })
}

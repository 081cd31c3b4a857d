package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tripod/store"
)

// Bounds of the members that a request may name, and of the streams that share
// one resource in a request.
const (
	maxMembers = 32
	maxStreams = 10_000
)

// Members says which members of a line of JSON are its message, time and stream.
type Members struct {
	msg, time, stream []string
	ignore            []string    // members that are not kept
	words             []string    // those of them that may become words of a record
	extra             store.Attrs // of the whole request
	streams           map[string]*store.Resource
	lines             store.Lines
}

// NewMembers reads VictoriaLogs' parameters, or its headers of the same meaning:
// _msg_field, _time_field, _stream_fields and ignore_fields name members, with
// commas between several, and extra_fields gives name=value pairs to every line.
// Where none is named, msg and time are; they may be empty.
func NewMembers(r *http.Request, msg, time string) Members {
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
			if name = strings.TrimSpace(name); name != "" && len(out) < maxMembers && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return out
	}
	s := Members{
		msg:     list("_msg_field", "VL-Msg-Field", msg),
		time:    list("_time_field", "VL-Time-Field", time),
		stream:  list("_stream_fields", "VL-Stream-Fields", ""),
		ignore:  list("ignore_fields", "VL-Ignore-Fields", ""),
		streams: map[string]*store.Resource{},
	}
	for _, name := range s.ignore {
		if store.MayBeWord(name) && !slices.Contains(s.msg, name) {
			s.words = append(s.words, name)
		}
	}
	for _, pair := range list("extra_fields", "VL-Extra-Fields", "") {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			s.extra = append(s.extra, store.Attr{Key: name, Value: store.String(value)})
		}
	}
	return s
}

// Set takes a line apart into r, beside attributes and a resource that r has
// already, and takes its time from the member that was named. It says why the
// line cannot be a record; a line that is no JSON object leaves Raw empty.
func (s *Members) Set(r *store.Record, line string) (why string) {
	ahead := slices.Clone(r.Attrs)
	if s.lines.Set(r, line); r.Raw == "" {
		return ""
	}
	return s.setTime(r, line, ahead)
}

// Ignores says that a member is not to be kept.
func (s *Members) Ignores(name string) bool { return slices.Contains(s.ignore, name) }

// Finish takes the message and the stream from the members that were named, and
// drops those that are not to be kept, and with them the line as it was sent.
func (s *Members) Finish(r *store.Record) {
	left := s.leaveWords(r)
	s.setMessage(r)
	s.setStream(r)
	if s.leaveOut(r) || left {
		r.Raw, r.Ahead, r.LevelFrom, r.Opaque = "", 0, "", false
	}
}

// setTime takes the time from the member that was named. A member that
// SetLine takes for the time by its name is left to it, unless both are there.
func (s *Members) setTime(r *store.Record, line string, ahead store.Attrs) (why string) {
	for _, name := range s.time {
		i := find(r, name)
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
			return NoTime(name, text)
		}
		if r.Time != 0 && r.Time != at { // again, now that the time is known: the other one is a field
			*r = store.Record{Time: at, Observed: r.Observed, Resource: r.Resource, Attrs: ahead}
			s.lines.Set(r, line)
			i = find(r, name)
		}
		r.Time = at
		if i >= 0 {
			takeOut(r, i)
		}
		return ""
	}
	return ""
}

// NoTime says what is wrong with a member that was to be the time.
func NoTime(name, text string) string {
	return fmt.Sprintf("%s %.60q is no time from 1970 to 2262", name, text)
}

// setMessage takes the message from the first member that was named and holds
// something. A message that the line has besides stays a field.
func (s *Members) setMessage(r *store.Record) {
	for _, name := range s.msg {
		i := find(r, name)
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

// leaveOut drops the attributes that are not to be kept, and says whether there
// were any.
func (s *Members) leaveOut(r *store.Record) bool {
	if len(s.ignore) == 0 {
		return false
	}
	had := len(r.Attrs)
	kept := slices.DeleteFunc(r.Attrs[r.Ahead:], func(a store.Attr) bool { return s.Ignores(a.Key) })
	r.Attrs = r.Attrs[:r.Ahead+len(kept)]
	return len(r.Attrs) < had
}

// takeOut removes an attribute that the record has in another place.
func takeOut(r *store.Record, i int) {
	r.Attrs, r.Opaque = slices.Delete(r.Attrs, i, i+1), true
}

// setStream moves the members that make up the stream to the resource, which
// all lines of the stream in this request share.
func (s *Members) setStream(r *store.Record) {
	if len(s.stream) == 0 && len(s.extra) == 0 {
		return
	}
	attrs := make(store.Attrs, 0, len(s.stream)+len(s.extra))
	var key strings.Builder
	if r.Resource != nil {
		attrs = append(attrs, r.Resource.Attrs...)
	}
	for _, name := range s.stream {
		if i := find(r, name); i >= 0 {
			attrs = append(attrs, r.Attrs[i])
			takeOut(r, i)
		}
	}
	for _, a := range attrs {
		fmt.Fprintf(&key, "%q=%d%q,", a.Key, a.Value.Kind, a.Value.Text())
	}
	attrs = append(attrs, s.extra...)
	if r.Service == "" {
		r.Service = serviceOf(attrs)
	}
	res := s.streams[key.String()]
	if res == nil {
		res = &store.Resource{Attrs: attrs.Clone()} // else it would hold the text of all lines that came with this one
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

// find is where a member of the line is among the attributes, or -1.
func find(r *store.Record, name string) int {
	for i := r.Ahead; i < len(r.Attrs); i++ {
		if r.Attrs[i].Key == name {
			return i
		}
	}
	return -1
}

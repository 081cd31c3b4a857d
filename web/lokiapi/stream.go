package lokiapi

import (
	"fmt"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/web"
)

// serviceLabels name the service, surest first; those behind weakFrom name it
// only when the line itself does not.
var serviceLabels = [...]string{
	"service_name", "service.name", "service", "app", "application",
	"app_kubernetes_io_name", "name", "container", "container_name", "job",
}

const weakFrom = 5

// metadataLevels are the structured metadata that say an entry's level, which
// are those of Loki's discover_log_levels, surest first.
var metadataLevels = []string{
	"detected_level", "level", "LEVEL", "Level", "Severity", "severity", "SEVERITY", "lvl", "LVL", "Lvl",
	"severity_text", "Severity_Text", "SEVERITY_TEXT",
}

// stream is one stream of a push: what its entries share.
type stream struct {
	res   *store.Resource
	sure  string // service
	weak  string // service, unless the line says another
	level string // label, as sent
}

func newStream(labels store.Attrs) stream {
	s := stream{res: &store.Resource{Attrs: labels}}
	for i, name := range serviceLabels {
		text := labels.Text(name)
		if text == "" {
			continue
		}
		if i < weakFrom && s.sure == "" {
			s.sure = text
		} else if s.weak == "" {
			s.weak = text
		}
	}
	s.level = firstText(labels, levelLabels...)
	return s
}

func firstText(a store.Attrs, names ...string) string {
	for _, n := range names {
		if text := a.Text(n); text != "" {
			return text
		}
	}
	return ""
}

// batch collects the entries of a push.
type batch struct {
	maxLine int
	records []store.Record
	streams map[string]*stream // by labels: pino-loki sends a stream for every line
	text    []byte             // room for texts of JSON
	body    []byte             // room for a body
	lines   store.Lines        // what it knows from lines before
	refused web.Refusals
}

// stream finds the stream of these labels, so that equal ones share a resource.
func (b *batch) stream(labels store.Attrs) *stream {
	key := labelString(labels)
	s, ok := b.streams[key]
	if !ok {
		if b.streams == nil {
			b.streams = map[string]*stream{}
		}
		fresh := newStream(labels)
		s = &fresh
		b.streams[key] = s
	}
	return s
}

// add takes one entry: metadata become attributes, but for the ids.
func (b *batch) add(s *stream, at int64, line string, metadata store.Attrs) {
	switch {
	case len(line) > b.maxLine:
		b.refused.Add(web.TooLarge, 1, fmt.Sprintf("max entry size %d bytes exceeded for stream %s while adding an entry with length %d bytes", b.maxLine, labelString(s.res.Attrs), len(line)))
		return
	case at <= 0:
		b.refused.Add(web.Invalid, 1, fmt.Sprintf("entry for stream %s has a timestamp before 1970, or 0", labelString(s.res.Attrs)))
		return
	}
	r := b.begin(s, at)
	if len(metadata) > 0 {
		r.Attrs = takeIDs(r, metadata)
		setLevel(r, firstText(r.Attrs, metadataLevels...)) // in front of what the line says
	}
	b.lines.Set(r, line)
	b.finish(r, s, s.level)
}

// addKnown is add for the line that in is at, if it is like lines before: then
// it is read where it stands. Otherwise nothing is done.
func (b *batch) addKnown(in *jsonIn, s *stream, at int64) bool {
	if at <= 0 {
		return false
	}
	in.makeRoom(len(in.b) - in.at)
	begin := len(in.text)
	r := b.begin(s, at)
	plain, n := b.lines.SetQuoted(r, view(in.b[in.at+1:]), in.text)
	if n == 0 || len(plain)-begin > b.maxLine {
		b.takeBack()
		return false
	}
	in.at, in.text = in.at+1+n, plain
	r.Raw = view(plain[begin:])
	b.finish(r, s, s.level)
	return true
}

func (b *batch) begin(s *stream, at int64) *store.Record {
	b.records = append(b.records, store.Record{Time: at, Service: s.sure, Resource: s.res})
	return &b.records[len(b.records)-1]
}

func (b *batch) takeBack() {
	last := len(b.records) - 1
	b.records[last] = store.Record{}
	b.records = b.records[:last]
}

// finish is done when the line was taken apart: what it does not say the
// stream does.
func (b *batch) finish(r *store.Record, s *stream, level string) {
	if r.Service == "" {
		r.Service = s.weak
	}
	if r.Level == store.LevelUnset {
		setLevel(r, level)
	}
}

// setLevel sets the level that a label says, if it says one.
func setLevel(r *store.Record, text string) {
	if l, ok := store.ParseLevel(text); ok && text != "" {
		r.Level, r.LevelText = l, text
	}
}

// takeIDs moves the ids out of the metadata, and gives back the rest. It
// changes the list, which is the entry's own.
func takeIDs(r *store.Record, metadata store.Attrs) store.Attrs {
	rest := metadata[:0]
	for _, a := range metadata {
		switch a.Key {
		case "trace_id", "traceID", "traceId", "trace.id":
			if id, err := store.ParseTraceID(a.Value.Str()); err == nil && r.TraceID.IsZero() && len(a.Value.Str()) == 32 {
				r.TraceID = id
				continue
			}
		case "span_id", "spanID", "spanId", "span.id":
			if id, err := store.ParseSpanID(a.Value.Str()); err == nil && r.SpanID.IsZero() && len(a.Value.Str()) == 16 {
				r.SpanID = id
				continue
			}
		}
		rest = append(rest, a)
	}
	return rest
}

// labelString writes labels as parseLabels reads them.
func labelString(labels store.Attrs) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, a := range labels {
		if i > 0 {
			b.WriteString(", ")
		}
		if bareName(a.Key) {
			b.WriteString(a.Key)
		} else {
			b.WriteString(strconv.Quote(a.Key))
		}
		b.WriteByte('=')
		b.WriteString(strconv.Quote(a.Value.Text()))
	}
	b.WriteByte('}')
	return b.String()
}

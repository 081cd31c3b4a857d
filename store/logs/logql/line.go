package logql

import (
	"cmp"
	"slices"
	"strings"
	"text/template"

	"tripod/store"
	"tripod/store/logs"
)

// origin is where a label of a line comes from.
type origin uint8

const (
	fromStream origin = iota
	fromMetadata
	fromParsed
)

type labelValue struct {
	name, value string
	origin      origin
}

// The names of what went wrong with a line.
const (
	errorLabel   = "__error__"
	detailsLabel = "__error_details__"
)

// line is one record on its way through the stages. It is used for one record
// after the other.
type line struct {
	at     int64 // Unix ns
	rec    *store.Record
	row    *logs.Row // instead of rec
	text   string
	labels []labelValue
	value  float64 // what unwrap found
	taken  int     // labels that were taken out of the line

	err, details string
	metadata     bool // it was loaded
	pending      bool // the labels in the row's line are still to be taken out
	streams      *streamCache
	stream       store.LogLabels // as it was sent
	lost         bool            // more was asked than the row has
	touched      bool            // a label of the stream was changed or dropped

	templates map[*lineTemplate]*template.Template // bound to this line
	fields    map[string]string                    // data's memory
}

func newLine() *line { return &line{streams: newStreamCache()} }

// start takes up a record.
func (l *line) start(r *store.Record) {
	l.rec, l.row = r, nil
	l.begin(r.Time, r.Line(), l.streams.of(sender{r.Resource, r.Service, levelWord(r.Level)}))
}

// times is for how many records the line stands.
func (l *line) times() int64 {
	if l.row == nil {
		return 1
	}
	return l.row.Times()
}

// startRow takes up a record that is not copied: nothing of the line but the
// labels of its stream may be kept.
func (l *line) startRow(r *logs.Row) {
	l.rec, l.row = nil, r
	l.begin(r.Time(), r.Line(), l.streams.of(sender{r.Resource, r.Service, levelWord(r.Level())}))
}

func (l *line) begin(at int64, text string, stream store.LogLabels) {
	l.at, l.text, l.stream = at, text, stream
	l.err, l.details, l.metadata, l.pending, l.lost, l.touched, l.value, l.taken = "", "", false, false, false, false, 0, 0
	l.labels = l.labels[:0]
	for _, s := range l.stream {
		l.labels = append(l.labels, labelValue{s.Name, s.Value, fromStream})
	}
}

// load adds the labels that came with the line, which cost more than the
// others, and those in it that are still to be taken out.
func (l *line) load() {
	if l.lean() && !l.row.HasMetadata() {
		l.lost, l.pending, l.metadata = true, false, true
		return
	}
	if !l.metadata {
		l.metadata = true
		l.eachMetadata(func(name, value string) {
			if value == "" || slices.ContainsFunc(l.labels, func(have labelValue) bool { return have.name == name }) {
				return
			}
			l.labels = append(l.labels, labelValue{name, value, fromMetadata})
		})
	}
	if l.pending {
		l.pending = false
		l.takeJSON()
	}
}

// record is the line's record, which may be kept.
func (l *line) record() store.Record {
	if l.row == nil {
		return *l.rec
	}
	return l.row.Record()
}

// lean says that the line has a few labels only.
func (l *line) lean() bool { return l.row != nil && l.row.Lean() }

func (l *line) eachMetadata(each func(name, value string)) {
	if l.row == nil {
		metadataOf(l.rec, each)
		return
	}
	l.row.Metadata(func(name string, v store.Value) {
		if !store.IsFileMark(name) {
			each(labelName(name), v.Text())
		}
	})
}

// levelLabel is the label "level" that came with the line, which costs less
// than all that came.
func (l *line) levelLabel() string {
	if l.row != nil {
		return l.row.LevelLabel()
	}
	level := ""
	metadataOf(l.rec, func(name, value string) {
		if name == "level" && level == "" {
			level = value
		}
	})
	return level
}

func (l *line) find(name string) int {
	for i := range l.labels {
		if l.labels[i].name == name {
			return i
		}
	}
	return -1
}

// get is a label's value, empty when there is none. level stands for
// detected_level where no label has that name.
func (l *line) get(name string) string {
	v, _ := l.lookup(name)
	return v
}

func (l *line) lookup(name string) (string, bool) {
	switch name {
	case errorLabel:
		return l.err, l.err != ""
	case detailsLabel:
		return l.details, l.details != ""
	}
	i, told := l.find(name), false
	if i < 0 && name == "level" && (!l.metadata || l.lost) {
		if level := l.levelLabel(); level != "" {
			return level, true
		}
	}
	if i < 0 && l.pending {
		v, ok := l.row.Label(name)
		told = ok && v.Kind != store.KindFloat
		if told && (v.Kind != store.KindEmpty || name != "level") {
			return v.Text(), v.Kind != store.KindEmpty
		}
	}
	if i < 0 && !told && (l.pending || !l.metadata && name != "level") { // which levelLabel told
		l.load()
		i = l.find(name)
	}
	if i < 0 && name == "level" {
		i = l.find("detected_level")
	}
	if i < 0 {
		return "", false
	}
	return l.labels[i].value, true
}

// number is a label whose number is known without its text.
func (l *line) number(name string) (float64, bool) {
	if !l.pending || l.find(name) >= 0 {
		return 0, false
	}
	v, ok := l.row.Label(name)
	if !ok || v.Kind != store.KindInt && v.Kind != store.KindFloat {
		return 0, false
	}
	return v.Number()
}

// set makes or replaces a label; an empty value removes it.
func (l *line) set(name, value string, from origin) {
	switch name {
	case errorLabel:
		l.err = value
		return
	case detailsLabel:
		l.details = value
		return
	}
	l.load()
	if value == "" {
		l.drop(name)
		return
	}
	if i := l.find(name); i >= 0 {
		l.touched = l.touched || l.labels[i].origin == fromStream
		l.labels[i] = labelValue{name, value, from}
		return
	}
	l.labels = append(l.labels, labelValue{name, value, from})
}

func (l *line) drop(name string) {
	switch name {
	case errorLabel:
		l.err = ""
		return
	case detailsLabel:
		l.details = ""
		return
	}
	l.load()
	if i := l.find(name); i >= 0 {
		l.touched = l.touched || l.labels[i].origin == fromStream
		l.labels = slices.Delete(l.labels, i, i+1)
	}
}

// extract adds a label that a parser found: the first of a name wins, and one
// of the stream or the metadata is left alone.
func (l *line) extract(name, value string) {
	if name == "" {
		return
	}
	l.load()
	i := l.find(name)
	if i >= 0 && l.labels[i].origin != fromParsed {
		name += "_extracted"
		i = l.find(name)
	}
	if i < 0 && value != "" && l.room() {
		l.taken++
		l.labels = append(l.labels, labelValue{name, value, fromParsed})
	}
}

// maxLineLabels bounds the labels that are taken out of one line, each of which
// is compared with all others.
const maxLineLabels = 2048

func (l *line) room() bool {
	if l.taken < maxLineLabels {
		return true
	}
	l.fail(limitError, "more than 2,048 labels")
	return false
}

// fail notes the first error of the line.
func (l *line) fail(kind, details string) {
	if l.err == "" {
		l.err, l.details = kind, details
	}
}

// all are the labels of the line, sorted, errors included.
func (l *line) all() store.LogLabels {
	l.load()
	out := make(store.LogLabels, 0, len(l.labels)+2)
	for i := range l.labels {
		out = append(out, store.LogLabel{Name: l.labels[i].name, Value: l.labels[i].value})
	}
	return sorted(l.withErrors(out))
}

func (l *line) withErrors(out store.LogLabels) store.LogLabels {
	if l.err != "" {
		out = append(out, store.LogLabel{Name: errorLabel, Value: l.err})
	}
	if l.details != "" {
		out = append(out, store.LogLabel{Name: detailsLabel, Value: l.details})
	}
	return out
}

func sorted(l store.LogLabels) store.LogLabels {
	slices.SortFunc(l, func(a, b store.LogLabel) int { return cmp.Compare(a.Name, b.Name) })
	return l
}

// own makes all of the line that stages have not touched its own, so that it
// may be kept.
func (l *line) own() {
	l.load()
	if l.row == nil {
		return
	}
	l.text = strings.Clone(l.text)
	for i := range l.labels {
		if lv := &l.labels[i]; lv.origin != fromStream {
			lv.value = strings.Clone(lv.value)
		}
	}
}

// entry is the line as it came out of the stages.
func (l *line) entry() store.LogEntry {
	l.load()
	e := store.LogEntry{Time: l.at, Line: l.text, Stream: l.stream}
	if l.touched {
		e.Stream = l.of(fromStream)
	}
	e.Metadata = l.of(fromMetadata)
	e.Parsed = sorted(l.withErrors(l.of(fromParsed)))
	return e
}

func (l *line) of(from origin) store.LogLabels {
	var out store.LogLabels
	for i := range l.labels {
		if l.labels[i].origin == from {
			out = append(out, store.LogLabel{Name: l.labels[i].name, Value: l.labels[i].value})
		}
	}
	return sorted(out)
}

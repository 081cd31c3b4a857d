package logs

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Row is one record as it is kept, before a copy is made of it: it and its
// texts are valid until the next one.
type Row struct {
	Resource *store.Resource // as in store.Record
	Service  string

	e      *events.Event
	d      decoder
	line   string // as it was sent; Record().Line() when raw is unset
	raw    bool   // the line was taken apart
	asked  *Asked // of Members and Fold, else nil
	times  int64
	opaque bool   // the line may hold what no field does
	level  string // see LevelLabel
}

// Rows is Find without copies, for those who look at few parts of many records.
func (s *Store) Rows(ctx context.Context, n Node, q store.LogQuery) iter.Seq2[*Row, error] {
	return s.rows(ctx, ask(n, q), nil)
}

// Lines is Rows for those who ask rows for nothing but the time, the level, the
// stream, the line and Metadata.
func (s *Store) Lines(ctx context.Context, n Node, q store.LogQuery) iter.Seq2[*Row, error] {
	eq := ask(n, q)
	eq.Picked = pickLine
	return s.rows(ctx, eq, nil)
}

// pickLine leaves the attributes out where all of them are in the line.
func pickLine(names []string, pick []bool) {
	raw, beside := slices.Contains(names, wordRaw), slices.Contains(names, wordAhead)
	for i, name := range names {
		switch {
		case name == "" || name[0] >= keep[0]:
			pick[i] = !raw || beside
		case name[0] == own[0]:
			pick[i] = !raw || name != wordBody
		default:
			pick[i] = name[0] == resource[0]
		}
	}
}

// ErrLines says that Members cannot answer: there are other records.
var ErrLines = errors.New("some records are not told by their fields")

// Asked are the labels that Members and Fold are to know: nil when those of the
// streams are all.
type Asked struct {
	Labels []string
	Beside bool // they came with the lines, rather than in them
}

// Members is Rows for those who look at a few labels alone, and reads little
// else: all that a row has is its time, level, service, resource and what Label
// says of these labels or, of those that came with the lines, Metadata. It gives
// ErrLines, with labels, when some record does not tell them so: for those in
// lines, one whose line is not of FieldJSON; for others, one whose line was taken
// apart.
func (s *Store) Members(ctx context.Context, n Node, q store.LogQuery, asked Asked) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if err := s.told(ctx, n, q, asked); err != nil && !yield(nil, err) {
			return
		}
		eq := ask(n, q)
		eq.Named = asked.fields()
		on := true
		s.rows(ctx, eq, &asked)(func(r *Row, err error) bool {
			on = yield(r, err)
			return on
		})
		if on && asked.Beside {
			if err := s.told(ctx, n, q, asked); err != nil {
				yield(nil, err)
			}
		}
	}
}

// Fold is Members for those who only count records in steps from the beginning
// of the range on: a row may stand for more records of its step, and rows come
// in no order. Calls come from several goroutines, one at a time.
func (s *Store) Fold(ctx context.Context, n Node, q store.LogQuery, asked Asked, step time.Duration, do func(*Row) error) error {
	if err := s.told(ctx, n, q, asked); err != nil {
		return err
	}
	eq := ask(n, q)
	eq.Named, eq.Origin = asked.fields(), q.Range.From
	r := Row{asked: &asked}
	err := s.events.Fold(ctx, eq, step, func(e *events.Event, times int64) error {
		r.read(e)
		r.times = times
		return do(&r)
	})
	if err == nil && asked.Beside {
		err = s.told(ctx, n, q, asked)
	}
	return err
}

// told gives ErrLines when some record does not tell the labels by its fields.
// Of those that came with lines that is asked again behind the records, since a
// row does not say whether its line was taken apart and others may have come.
func (s *Store) told(ctx context.Context, n Node, q store.LogQuery, asked Asked) error {
	if asked.Labels == nil {
		return nil
	}
	not := Where(&Not{JSONLine{Sure: true}})
	if asked.Beside {
		not = events.Exists{Field: wordRaw}
	}
	other := events.Query{Range: q.Range, Oldest: q.Oldest, Limit: 1, Where: events.And{not, Where(n)}, Named: func(string) bool { return false }}
	for _, err := range s.events.Scan(ctx, other) {
		if err == nil || errors.Is(err, store.ErrUnread) { // nobody knows of what is not read
			err = ErrLines
		}
		return err
	}
	return nil
}

// fields are those by which Label or Metadata answers for the labels, and those
// of every row.
func (a *Asked) fields() func(string) bool {
	word, attr := a.wordInLine, a.attrInLine
	if a.Beside {
		word, attr = a.wordBeside, a.attrBeside
	}
	return func(field string) bool {
		name, isAttr := askedName(field)
		switch {
		case !isAttr:
			return field == wordService || field == wordLevelLabel || field == wordResourceDropped || field == wordResourceSchema || slices.ContainsFunc(a.Labels, func(label string) bool { return word(field, label) })
		case field != "" && field[0] == resource[0]:
			return true
		case field != "" && field[0] == scope[0]:
			return false
		}
		return attr(name)
	}
}

func (a *Asked) wordInLine(field, label string) bool {
	word, isWord := memberWords[label]
	return isWord && (word == field || word == wordLevelText && field == wordLevelFrom)
}

func (a *Asked) attrInLine(name string) bool {
	return oddMember(name) || slices.ContainsFunc(a.Labels, func(label string) bool { return memberLabel(name, label) })
}

func (a *Asked) wordBeside(field, label string) bool {
	switch label {
	case "trace_id":
		return field == wordTrace
	case "span_id":
		return field == wordSpan
	case "scope_name":
		return field == wordScopeName
	case "scope_version":
		return field == wordScopeVersion
	}
	return false
}

func (a *Asked) attrBeside(name string) bool {
	return name == "" || slices.ContainsFunc(a.Labels, func(label string) bool { return memberLabel(name, label) })
}

func (s *Store) rows(ctx context.Context, eq events.Query, asked *Asked) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		r := Row{asked: asked}
		for e, err := range s.events.Scan(ctx, eq) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			r.read(e)
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// read takes up an event.
func (r *Row) read(e *events.Event) {
	r.e, r.Service, r.line, r.level, r.raw, r.opaque, r.times = e, "", "", "", false, false, 1
	r.d.resource = store.Resource{Attrs: r.d.resource.Attrs[:0]}
	for i := range e.Fields {
		f := &e.Fields[i]
		switch {
		case f.Name == "" || f.Name[0] > resource[0]:
		case f.Name[0] == resource[0]:
			r.d.resource.Attrs = append(r.d.resource.Attrs, store.Attr{Key: f.Name[1:], Value: f.Value})
		default:
			r.word(f)
		}
	}
	r.Resource = r.d.sharedResource()
}

func (r *Row) word(f *events.Field) {
	switch f.Name {
	case wordService:
		r.Service = f.Value.Str()
	case wordRaw:
		r.line, r.raw = f.Value.Str(), true
	case wordBody:
		if !r.raw {
			r.line = f.Value.Text()
		}
	case wordOpaque:
		r.opaque = true
	case wordLevelLabel:
		r.level = f.Value.Str()
	case wordResourceDropped:
		r.d.resource.Dropped = uint32(f.Value.Int())
	case wordResourceSchema:
		r.d.resource.SchemaURL = f.Value.Str()
	}
}

// Lean says that all that the row has is what Members says.
func (r *Row) Lean() bool { return r.asked != nil }

// HasMetadata says that Metadata knows all that was asked for.
func (r *Row) HasMetadata() bool { return r.asked == nil || r.asked.Beside }

// Times is for how many records the row stands: more than one only in Fold.
func (r *Row) Times() int64 { return r.times }

// Time is in Unix ns.
func (r *Row) Time() int64 { return r.e.Time }

// Level is the record's, or the first of its range of four.
func (r *Row) Level() store.Level { return slotLevel(int(r.e.Class)) }

// LevelLabel is the attribute "level" that came with the line, and not in it;
// empty when there is none. Rows of Members and Fold say it too.
func (r *Row) LevelLabel() string { return r.level }

// Line is what was sent.
func (r *Row) Line() string { return r.line }

// Record is a copy of the whole record.
func (r *Row) Record() store.Record { return r.d.record(r.e) }

// Metadata calls each with what came with the line rather than in it: the
// attributes, and then the ids and the name and version of the scope.
func (r *Row) Metadata(each func(name string, v store.Value)) {
	n, ids := r.ahead(), [4]store.Value{}
	for i := range r.e.Fields {
		f := &r.e.Fields[i]
		switch {
		case f.Name == "" || f.Name[0] >= keep[0]:
			if n--; n >= 0 {
				name, _ := askedName(f.Name)
				each(name, f.Value)
			}
		case f.Name == wordTrace:
			ids[0] = f.Value
		case f.Name == wordSpan:
			ids[1] = f.Value
		case f.Name == wordScopeName:
			ids[2] = f.Value
		case f.Name == wordScopeVersion:
			ids[3] = f.Value
		}
	}
	for i, name := range [...]string{"trace_id", "span_id", "scope_name", "scope_version"} {
		if ids[i].Kind != store.KindEmpty {
			each(name, ids[i])
		}
	}
}

// ahead is how many attributes came with the line.
func (r *Row) ahead() int {
	if !r.raw {
		return len(r.e.Fields)
	}
	n, _ := r.e.Get(wordAhead)
	return int(n.Int())
}

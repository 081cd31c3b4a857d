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
	lean   bool   // of Members and Fold
	times  int64
	opaque bool // the line may hold what no field does
}

// Rows is Find without copies, for those who look at few parts of many records.
func (s *Store) Rows(ctx context.Context, n Node, q store.LogQuery) iter.Seq2[*Row, error] {
	return s.rows(ctx, ask(n, q), false)
}

// ErrLines says that Members cannot answer: there are other records.
var ErrLines = errors.New("some records are not told by their fields")

// Members is Rows for those who look at a few labels alone, and reads little
// else: all that a row has is its time, level, service, resource and what Label
// says of these labels. With labels it begins with ErrLines when the line of
// some record is not of FieldJSON.
func (s *Store) Members(ctx context.Context, n Node, q store.LogQuery, labels []string) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if labels != nil {
			if err := s.allMembers(ctx, n, q); err != nil && !yield(nil, err) {
				return
			}
		}
		eq := ask(n, q)
		eq.Named = memberFields(labels)
		s.rows(ctx, eq, true)(yield)
	}
}

// Fold is Members for those who only count records in steps from the beginning
// of the range on: a row may stand for more records of its step, and rows come
// in no order. Calls come from several goroutines, one at a time.
func (s *Store) Fold(ctx context.Context, n Node, q store.LogQuery, labels []string, step time.Duration, do func(*Row) error) error {
	if labels != nil {
		if err := s.allMembers(ctx, n, q); err != nil {
			return err
		}
	}
	eq := ask(n, q)
	eq.Named, eq.Origin = memberFields(labels), q.Range.From
	r := Row{lean: true}
	return s.events.Fold(ctx, eq, step, func(e *events.Event, times int64) error {
		r.read(e)
		r.times = times
		return do(&r)
	})
}

func (s *Store) allMembers(ctx context.Context, n Node, q store.LogQuery) error {
	other := ask(And{&Not{JSONLine{Sure: true}}, n}, q)
	other.Limit, other.Receipt, other.Named = 1, nil, func(string) bool { return false }
	for _, err := range s.events.Scan(ctx, other) {
		if err == nil || errors.Is(err, store.ErrUnread) { // nobody knows of what is not read
			err = ErrLines
		}
		return err
	}
	return nil
}

// memberFields are the fields by which Label answers for the labels, and those
// of every row.
func memberFields(labels []string) func(string) bool {
	return func(field string) bool {
		name, isAttr := askedName(field)
		switch {
		case !isAttr:
			return field == wordService || field == wordResourceDropped || field == wordResourceSchema || slices.ContainsFunc(labels, func(label string) bool {
				word, isWord := memberWords[label]
				return isWord && (word == field || word == wordLevelText && field == wordLevelFrom)
			})
		case field != "" && field[0] == resource[0]:
			return true
		case field != "" && field[0] == scope[0]:
			return false
		}
		return oddMember(name) || slices.ContainsFunc(labels, func(label string) bool { return memberLabel(name, label) })
	}
}

func (s *Store) rows(ctx context.Context, eq events.Query, lean bool) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		r := Row{lean: lean}
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
	r.e, r.Service, r.line, r.raw, r.opaque, r.times = e, "", "", false, false, 1
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
	case wordResourceDropped:
		r.d.resource.Dropped = uint32(f.Value.Int())
	case wordResourceSchema:
		r.d.resource.SchemaURL = f.Value.Str()
	}
}

// Lean says that all that the row has is what Members says.
func (r *Row) Lean() bool { return r.lean }

// Times is for how many records the row stands: more than one only in Fold.
func (r *Row) Times() int64 { return r.times }

// Time is in Unix ns.
func (r *Row) Time() int64 { return r.e.Time }

// Level is the record's, or the first of its range of four.
func (r *Row) Level() store.Level { return slotLevel(int(r.e.Class)) }

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

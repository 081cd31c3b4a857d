package logs

import (
	"context"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// unknownService is the label of records that name no service.
const unknownService = "unknown_service"

// StreamLabel asks for the label that a record's stream has; where the stream
// has none of the name, Otherwise is asked. It is no part of the search line,
// and prints as Otherwise, which is all that a search line can say of it.
type StreamLabel struct {
	Label     string // as Loki spells it
	Test      func(value string) bool
	Is        string // the value of a Test that only one passes, else empty
	Otherwise Node
}

func (n *StreamLabel) where() events.Expr {
	test := func(v store.Value) bool { return v.Kind != store.KindEmpty && n.Test(v.Text()) }
	if n.Label == labelService {
		return n.serviceWhere(test)
	}
	has := func(v store.Value) bool { return v.Text() != "" }
	return events.Or{
		events.Any{Named: n.named, Test: func(v store.Value) bool { return has(v) && test(v) }, Implied: impliedBy(nil, n.Is)},
		events.And{events.Not{X: events.Any{Named: n.named, Test: has}}, Where(n.Otherwise)},
	}
}

// serviceWhere asks for the service: every stream has that label.
func (n *StreamLabel) serviceWhere(test func(store.Value) bool) events.Expr {
	is := events.Any{Named: func(field string) bool { return field == wordService }, Test: test, Implied: impliedBy([]string{wordService}, n.Is)}
	if n.Test(unknownService) {
		return events.Or{is, events.Not{X: events.Exists{Field: wordService}}}
	}
	return is
}

// named says whether a field is the label of a stream.
func (n *StreamLabel) named(field string) bool {
	return field != "" && field[0] == resource[0] && sameLabel(field[1:], n.Label)
}

func (n *StreamLabel) String() string                     { return n.Otherwise.String() }
func (n *StreamLabel) write(b *strings.Builder, bind int) { n.Otherwise.write(b, bind) }

// HasStreamLabel says whether streams with records in a range, or for "level"
// the records, may have a label of this name.
func (s *Store) HasStreamLabel(ctx context.Context, name string, r store.TimeRange) (bool, error) {
	names, more, err := s.events.Names(ctx, r)
	n := StreamLabel{Label: name}
	return more || slices.ContainsFunc(names, n.named) || name == labelLevel && slices.Contains(names, wordLevelLabel), err
}

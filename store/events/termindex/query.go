package termindex

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Words finds the blocks that have a pattern with all these words.
func (x *Index) Words(words ...string) ([]uint32, error) {
	if len(words) == 0 {
		return x.all().numbers(), nil
	}
	found := x.loose()
	dict, err := x.dictionary(fieldWord)
	if err == nil {
		err = dict.visitAll(words, found)
	}
	return result(found, err)
}

// MatchWords finds the blocks that have a pattern with a word that has the
// prefix and of which ok says yes.
func (x *Index) MatchWords(ctx context.Context, prefix string, ok func(word string) bool) ([]uint32, error) {
	found := x.loose()
	dict, err := x.dictionary(fieldWord)
	if err == nil {
		err = dict.match(ctx, prefix, ok, found)
	}
	return result(found, err)
}

// Value finds the blocks in which a field may have the value: it has, or not
// every value that it has there is indexed.
func (x *Index) Value(name, value string) ([]uint32, error) {
	found := newSet(x.t.blocks)
	dict, err := x.dictionary(fieldValue)
	if err == nil {
		err = errors.Join(dict.visit(Term(name, value), found), dict.visit(name, found))
	}
	if err == nil && IsID(value) {
		err = x.ids.find(Term(name, value), x.t.blocks, found)
	}
	return result(found, err)
}

// MatchValues finds the blocks in which a field may have a value that has the
// prefix and of which ok says yes.
func (x *Index) MatchValues(ctx context.Context, name, prefix string, ok func(value string) bool) ([]uint32, error) {
	found := newSet(x.t.blocks)
	dict, err := x.dictionary(fieldValue)
	if err == nil {
		skip := len(name) + 1
		err = errors.Join(dict.visit(name, found), dict.visit(idMark(name), found), dict.match(ctx, Term(name, prefix), func(term string) bool { return ok(term[skip:]) }, found))
	}
	return result(found, err)
}

func result(found set, err error) ([]uint32, error) {
	if err != nil {
		return nil, err
	}
	return found.numbers(), nil
}

func (x *Index) all() set {
	s := newSet(x.t.blocks)
	for n := range x.t.blocks {
		s.add(uint32(n))
	}
	return s
}

func (x *Index) loose() set {
	s := newSet(x.t.blocks)
	s.or(x.t.loose)
	return s
}

func (x *Index) broken(err error) error { return fmt.Errorf("%w: %s: %w", ErrDamaged, x.dir, err) }

// addBlocks adds the blocks of a document.
func (x *Index) addBlocks(number uint64, found set) error {
	id, err := x.seg.DocID(number)
	if err != nil {
		return x.broken(err)
	}
	v, n := binary.Uvarint(id)
	switch what := v / 2; {
	case n > 0 && v%2 == 0 && what < uint64(x.t.blocks):
		found.add(uint32(what))
	case n > 0 && v%2 == 1 && what < uint64(len(x.t.patterns)):
		found.or(x.t.sets[x.t.patterns[what]])
	default:
		return x.broken(fmt.Errorf("document %d has the id %x", number, id))
	}
	return nil
}

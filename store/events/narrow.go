package events

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"tripod/store/events/termindex"
)

// maxIndexes bounds the indexes that are kept open: each has two files and a
// goroutine.
const maxIndexes = 16

// indexes keeps the indexes of sealed parts open that were asked last.
type indexes struct {
	mu   sync.Mutex
	open []*openIndex // asked last stands last
}

type openIndex struct {
	part *part
	x    *termindex.Index
	uses int
	gone bool // to be closed by its last user
}

// use calls do with a part's index, if it has a sound one. The part is held.
func (s *Store) use(p *part, do func(*termindex.Index) error) error {
	if !p.sealed.Load() {
		return nil
	}
	o, err := s.indexes.take(p)
	if err == nil {
		err = do(o.x)
		s.indexes.give(o)
	}
	if errors.Is(err, termindex.ErrDamaged) {
		s.damaged(p.indexName(), 0, err)
		s.unseal(p)
		return nil // it only saves work
	}
	return err
}

// unseal removes an index, which is then made anew.
func (s *Store) unseal(p *part) {
	p.sealed.Store(false)
	s.indexes.close(p)
	if err := s.o.files.RemoveAll(p.indexName()); err != nil {
		p.unsealed.Store(true)
	}
}

func (xs *indexes) take(p *part) (*openIndex, error) {
	xs.mu.Lock()
	defer xs.mu.Unlock()
	if i := slices.IndexFunc(xs.open, func(o *openIndex) bool { return o.part == p }); i >= 0 {
		o := xs.open[i]
		xs.open = append(slices.Delete(xs.open, i, i+1), o)
		o.uses++
		return o, nil
	}
	x, err := termindex.Open(p.indexName())
	if err != nil {
		return nil, err
	}
	if len(xs.open) >= maxIndexes {
		xs.drop(0)
	}
	o := &openIndex{part: p, x: x, uses: 1}
	xs.open = append(xs.open, o)
	return o, nil
}

func (xs *indexes) give(o *openIndex) {
	xs.mu.Lock()
	defer xs.mu.Unlock()
	if o.uses--; o.gone && o.uses == 0 {
		o.x.Close()
	}
}

// drop closes an index when nobody uses it; the caller holds mu.
func (xs *indexes) drop(i int) {
	o := xs.open[i]
	xs.open = slices.Delete(xs.open, i, i+1)
	if o.gone = true; o.uses == 0 {
		o.x.Close()
	}
}

// close closes a part's index.
func (xs *indexes) close(p *part) {
	xs.mu.Lock()
	defer xs.mu.Unlock()
	if i := slices.IndexFunc(xs.open, func(o *openIndex) bool { return o.part == p }); i >= 0 {
		xs.drop(i)
	}
}

func (xs *indexes) closeAll() {
	xs.mu.Lock()
	defer xs.mu.Unlock()
	for len(xs.open) > 0 {
		xs.drop(0)
	}
}

// narrowed are the blocks of a sealed part that may match, by their numbers;
// all is set when the index says nothing about the predicate.
func (s *Store) narrowed(ctx context.Context, p *part, x Expr) (blocks bitset, all bool) {
	all = true
	err := s.use(p, func(index *termindex.Index) (err error) {
		if index.Blocks() != len(p.blocks) {
			return termindex.ErrDamaged
		}
		n := narrower{ctx: ctx, s: s, part: p, x: index, blocks: len(p.blocks), by: p.by}
		blocks, all = n.of(x)
		return n.err
	})
	return blocks, all || err != nil
}

// narrower asks an index about a predicate.
type narrower struct {
	ctx    context.Context
	s      *Store
	part   *part
	x      *termindex.Index
	blocks int
	by     string // a field whose texts the part's own index knows by block: see decider
	err    error
}

// of gives the blocks that may match; true when all may.
func (n *narrower) of(x Expr) (bitset, bool) {
	switch x := x.(type) {
	case And:
		return n.every(x)
	case Or:
		return n.some(x)
	case Word:
		return n.wordsIn(x.Fields, x.Text, true)
	case Phrase:
		return n.wordsIn(x.Fields, x.Text, true)
	case Substring:
		return n.wordsIn(x.Fields, x.Text, false)
	case Equal:
		if x.Field == n.by {
			return nil, true
		}
		return n.value(x.Field, x.Text)
	case OneOf:
		if len(x.Texts) > maxAsked {
			return nil, true
		}
		var or Or
		for text := range x.Texts {
			or = append(or, Equal{x.Field, text})
		}
		return n.some(or)
	case ValueIn:
		return n.values(x)
	case Within:
		return n.of(x.X)
	case Any:
		return n.of(x.Implied)
	case Func:
		return n.of(x.Implied)
	}
	return nil, true
}

func (n *narrower) every(list []Expr) (out bitset, all bool) {
	list, all = conjuncts(list), true
	for _, x := range list {
		blocks, any := n.of(x)
		out, all = both(out, all, blocks, any)
		if x, ok := x.(Equal); ok {
			blocks, any = n.pairs(x, list)
			out, all = both(out, all, blocks, any)
		}
	}
	return out, all
}

// conjuncts are what an And asks, and what Ands in it ask.
func conjuncts(list []Expr) (out []Expr) {
	for _, x := range list {
		if and, ok := x.(And); ok {
			out = append(out, conjuncts(and)...)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// both are the blocks of two sets of which each may be all.
func both(a bitset, allOfA bool, b bitset, allOfB bool) (bitset, bool) {
	switch {
	case allOfB:
		return a, allOfA
	case allOfA:
		return b, false
	}
	a.and(b)
	return a, false
}

func (n *narrower) some(list []Expr) (bitset, bool) {
	out := sizedBits(nil, n.blocks)
	for _, x := range list {
		blocks, all := n.of(x)
		if all {
			return nil, true
		}
		out.or(blocks)
	}
	return out, false
}

func (n *narrower) wordsIn(fields []string, text string, edges bool) (bitset, bool) {
	if len(fields) == 1 && fields[0] == n.by {
		return nil, true
	}
	return n.words(text, edges)
}

// words asks for the words of a text that the index knows all about.
func (n *narrower) words(text string, edges bool) (out bitset, all bool) {
	all = true
	low := lower(text)
	for at := 0; ; {
		start, end := nextToken(low, at)
		if end == 0 {
			return out, all
		}
		at = end
		if !edges && (start == 0 || end == len(low)) || !indexed(low[start:end]) {
			continue
		}
		blocks, err := n.x.Words(low[start:end])
		if err != nil {
			n.err = err
			return nil, true
		}
		found := n.set(blocks)
		if all {
			out, all = found, false
			continue
		}
		for i := range out {
			out[i] &= found[i]
		}
	}
}

// indexed says whether a word that is there is in the index: neither a run with
// a digit nor part of a UUID.
func indexed(word string) bool {
	if !isASCII(word) || strings.ContainsAny(word, digits) {
		return false
	}
	partOfUUID := len(word) == 4 || len(word) == 8 || len(word) == 12
	return !partOfUUID || strings.Trim(word, "abcdef") != ""
}

func (n *narrower) value(field, text string) (bitset, bool) {
	blocks, err := n.x.Value(field, text)
	if err != nil {
		n.err = err
		return nil, true
	}
	return n.set(blocks), false
}

func (n *narrower) values(x ValueIn) (bitset, bool) {
	out := sizedBits(nil, n.blocks)
	for _, field := range x.Fields {
		blocks, err := n.x.MatchValues(n.ctx, field, x.Prefix, x.OK)
		if err != nil {
			n.err = err
			return nil, true
		}
		out.or(n.set(blocks))
	}
	return out, false
}

func (n *narrower) set(blocks []uint32) bitset {
	out := sizedBits(nil, n.blocks)
	for _, no := range blocks {
		if int(no) < n.blocks {
			out.set(int(no))
		}
	}
	return out
}

// findIndexes sees which parts are sealed, and removes what else is there.
func (s *Store) findIndexes() error {
	sealed := map[string]*part{}
	for _, p := range s.parts {
		sealed[p.indexName()] = p
	}
	return s.eachDayFile(func(name string) error {
		if p := sealed[name]; p != nil {
			p.sealed.Store(true)
			return nil
		}
		if strings.HasSuffix(name, indexSuffix) || strings.HasSuffix(name, indexSuffix+".tmp") {
			return s.o.files.RemoveAll(name)
		}
		return nil
	})
}

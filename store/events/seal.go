package events

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events/columns"
	"tripod/store/events/termindex"
)

// A part is sealed when it has an index of words and values beside it. It is
// worth it for parts that were merged and have so many blocks.
const sealBlocks = 16

// indexSuffix ends the name of an index, a folder beside its part.
const indexSuffix = ".index"

func (p *part) indexName() string { return strings.TrimSuffix(p.name, ".part") + indexSuffix }

// Bounds of what is indexed of one block.
const (
	maxBlockTerms = 20_000
	maxTermValues = 256 // of one field; of one with more the filter knows the words
)

// sealOne makes the index of one part that wants one, if there is one.
func (s *Store) sealOne(ctx context.Context) (bool, error) {
	p := s.sealable()
	if p == nil {
		return false, nil
	}
	defer p.release(s.o.files)
	start := time.Now()
	err := s.seal(ctx, p)
	if err != nil {
		if ctx.Err() == nil {
			p.unsealed.Store(true) // not to be tried again and again
		}
		return false, err
	}
	p.sealed.Store(true)
	if s.o.Events.Sealed != nil {
		s.o.Events.Sealed(p.info.rows, time.Since(start))
	}
	return true, nil
}

// sealable finds a part that wants an index, and holds it.
func (s *Store) sealable() *part {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.parts {
		if p.info.level > 0 && !p.sealed.Load() && !p.unsealed.Load() && p.info.rows >= sealBlocks*s.o.MaxBlockRows/2 {
			p.hold()
			return p
		}
	}
	return nil
}

func (s *Store) seal(ctx context.Context, p *part) error {
	blocks, err := p.index(s.o.files, s.codecs)
	if err != nil {
		s.damaged(p.name, 0, err)
		return err
	}
	t := terms{s: s, p: p, blocks: blocks, words: map[string][]uint32{}}
	err = termindex.Build(ctx, p.indexName(), t.each, t.patterns)
	return errors.Join(t.err, err)
}

// terms reads what is indexed of a part's blocks.
type terms struct {
	s      *Store
	p      *part
	blocks []blockMeta
	words  map[string][]uint32 // blocks of each word
	err    error               // the first; ends each
}

func (t *terms) each(yield func(termindex.Block) bool) {
	var b block
	for i := range t.blocks {
		if t.err = b.open(partBlock{t.p, &t.blocks[i]}, t.s.codecs, nil); t.err != nil {
			break
		}
		out := t.block(&b, uint32(i))
		if t.err = b.err; t.err != nil || !yield(out) {
			break
		}
	}
	if t.err != nil {
		t.s.damaged(t.p.name, b.meta.off, t.err)
	}
}

// block gives the values of a block's fields, and notes its words.
func (t *terms) block(b *block, no uint32) (out termindex.Block) {
	words := wordSet{}
	b.whole()
	for i := range b.cols {
		c := &b.cols[i]
		if c.kind != store.KindEmpty && !b.load(c) {
			return out
		}
		if ids := c.ids(); len(out.IDs)+len(ids) <= maxBlockTerms && len(ids) > 0 {
			out.IDs = append(out.IDs, ids...)
			b.words(c, words)
			continue
		}
		values, all := c.terms()
		if all && len(out.Terms)+len(values) <= maxBlockTerms && !strings.Contains(c.label, pairMark) {
			out.Terms = append(out.Terms, values...)
		} else {
			out.Partial = append(out.Partial, c.label)
		}
		b.words(c, words)
	}
	if pairs := t.s.o.Pairs.of(b); len(out.Terms)+len(pairs) <= maxBlockTerms {
		out.Terms = append(out.Terms, pairs...)
	}
	if out.Loose = len(words) > maxBlockTerms; !out.Loose {
		for w := range words {
			t.words[w] = append(t.words[w], no)
		}
	}
	return out
}

// fewIDs are as well kept as other values.
const fewIDs = 32

// ids are the values of a column when all are ids that rows share, and many.
func (c *col) ids() (out []string) {
	if c.texts == nil || c.kind != store.KindString || c.lines != nil || c.texts.Entries() < fewIDs || c.texts.Entries() > maxTermValues || strings.Contains(c.label, "\x00") {
		return nil
	}
	var buf []byte
	for i := range c.texts.Entries() {
		text := c.texts.Entry(i, &buf)
		if !termindex.IsID(text) {
			return nil
		}
		out = append(out, termindex.Term(c.label, text))
	}
	return out
}

// terms are the values of a column; false when they are too many.
func (c *col) terms() (out []string, all bool) {
	switch {
	case c.texts != nil && c.kind == store.KindString && c.lines == nil && c.texts.Entries() <= maxTermValues:
		var buf []byte
		for i := range c.texts.Entries() {
			out = append(out, termindex.Term(c.label, strings.Clone(c.texts.Entry(i, &buf))))
		}
		return out, true
	case c.kind == store.KindInt || c.kind == store.KindBool:
		seen, ok := distinct(c.ints, maxTermValues)
		if !ok {
			return nil, false
		}
		for n := range seen {
			v := store.Int(n)
			if c.kind == store.KindBool {
				v = store.Bool(n != 0)
			}
			out = append(out, termindex.Term(c.label, v.Text()))
		}
		return out, true
	}
	return nil, false
}

// wordSet is the words without a digit of a block, folded.
type wordSet map[string]bool

func (s wordSet) add(text string) {
	for at := 0; len(s) <= maxBlockTerms; {
		start, end := nextToken(text, at)
		if end == 0 {
			return
		}
		if w := text[start:end]; strings.IndexAny(w, digits) < 0 {
			if low := lower(w); !s[low] {
				s[strings.Clone(low)] = true
			}
		}
		at = end
	}
}

const digits = "0123456789"

// words notes the words of a column.
func (b *block) words(c *col, to wordSet) {
	if c.lines != nil {
		for i := range c.lines.templates {
			t := &c.lines.templates[i]
			to.add(t.first)
			for j := range t.slots {
				to.add(t.slots[j].after)
			}
		}
		for _, own := range c.lines.own {
			if own != nil {
				own.Pieces(to.add)
			}
		}
	}
	switch c.kind {
	case store.KindString:
		c.texts.Pieces(to.add)
	case store.KindBool:
		to.add("true false")
	case store.KindFloat:
		to.add("NaN Inf")
	case store.KindBytes, store.KindList, store.KindMap:
		var buf []byte
		for i := range c.texts.Entries() {
			buf = buf[:0]
			to.add(b.entry(c, i, &buf).Text())
		}
	}
}

// patterns gives the words, those of like blocks together.
func (t *terms) patterns(yield func(termindex.Pattern) bool) {
	byBlocks := map[string][]string{}
	var key []byte
	for _, w := range slices.Sorted(maps.Keys(t.words)) {
		key = key[:0]
		for _, no := range t.words[w] {
			key = binary.LittleEndian.AppendUint32(key, no)
		}
		byBlocks[string(key)] = append(byBlocks[string(key)], w)
	}
	for _, key := range slices.Sorted(maps.Keys(byBlocks)) {
		list := byBlocks[key]
		for words := range slices.Chunk(list, maxPatternWords) {
			if !yield(termindex.Pattern{Words: words, Blocks: t.words[list[0]]}) {
				return
			}
		}
	}
}

// maxPatternWords bounds the words that are indexed together.
const maxPatternWords = 500

// distinct are the values of a column; false when there are more than most.
func distinct(ints *columns.Ints, most int) (seen map[int64]bool, ok bool) {
	seen = map[int64]bool{}
	var lately [64]int64 // and one more: columns of few values have these again and again
	for i := range ints.Len() {
		n := ints.At(i)
		late := &lately[uint64(n)%uint64(len(lately))]
		if *late == n+1 && n != -1 {
			continue
		}
		*late = n + 1
		if seen[n] = true; len(seen) > most {
			return nil, false
		}
	}
	return seen, true
}

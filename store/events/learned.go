package events

import (
	"math"
	"slices"
	"strings"

	"tripod/store"
)

// Few parts have no index yet, but the newest events stand in them, and scans
// are mostly about these. So of the blocks of such a part a scan notes the pairs
// (see Pairs) that it saw in the columns that it had to read, and scans after it
// pass the blocks by that have no row with both of a pair.

// learnedPairs are those of a block, for each of Pairs.Texts.
type learnedPairs []learnedField

// learnedField is what stands beside each text of a field; nil texts are not
// known.
type learnedField struct {
	texts   map[string]int64 // no number beside it is greater; MinInt64 when there is none
	numbers numbersKnown
}

// numbersKnown is how much is known of the numbers beside texts.
type numbersKnown uint8

const (
	noNumbers  numbersKnown = iota
	blockBound              // the greatest of the block
	eachBound               // the greatest beside each text
)

// maxLearned bounds what is noted of all blocks, in bytes.
const maxLearned = 8 << 20

// pairAsk is what a predicate asks of each row that matches: a text of a field
// of Pairs.Texts, and numbers in Pairs.Number.
type pairAsk struct {
	field int
	text  string
	may   []func(z zone) bool
}

// pairAsks are those of a predicate about a part.
func (s *Store) pairAsks(p *part, x Expr) (asks []pairAsk) {
	all, ok := x.(And)
	if !ok {
		all = And{x}
	}
	list := conjuncts(all)
	for _, x := range list {
		equal, ok := x.(Equal)
		field := slices.Index(s.o.Pairs.Texts, equal.Field)
		if !ok || field < 0 {
			continue
		}
		ask := pairAsk{field: field, text: equal.Text}
		for _, y := range list {
			switch y := y.(type) {
			case Measured:
				if s.onlyNumber(p, y.Named) {
					ask.may = append(ask.may, y.may)
				}
			case Compare:
				if y.Field == s.o.Pairs.Number {
					ask.may = append(ask.may, y.may)
				}
			}
		}
		asks = append(asks, ask)
	}
	return asks
}

// has says whether a block may have a row that is asked for.
func (p *part) has(m *blockMeta, asks []pairAsk) bool {
	l := p.learned[m.no].Load()
	return l == nil || !slices.ContainsFunc(asks, func(ask pairAsk) bool { return (*l)[ask.field].lacks(&ask) })
}

func (f *learnedField) lacks(ask *pairAsk) bool {
	if f.texts == nil {
		return false
	}
	greatest, there := f.texts[ask.text]
	if !there || f.numbers == noNumbers || len(ask.may) == 0 {
		return !there
	}
	upTo := zone{store.Int(math.MinInt64), store.Int(greatest)}
	return greatest == math.MinInt64 || slices.ContainsFunc(ask.may, func(may func(zone) bool) bool { return !may(upTo) })
}

// learn notes the pairs of a block that was searched, unless all that they tell
// was known.
func (s *Store) learn(b *block, asks []pairAsk) {
	at := &b.part.learned[b.meta.no]
	known := at.Load()
	now := make(learnedPairs, len(s.o.Pairs.Texts))
	if known != nil {
		copy(now, *known)
	}
	size := int64(0)
	for i := range asks {
		f := &now[asks[i].field]
		numbers, tell := b.numbers(s.o.Pairs.Number)
		if f.texts != nil && (f.numbers >= tell || len(asks[i].may) == 0) {
			continue
		}
		if next := b.pairsOf(s.o.Pairs.Texts[asks[i].field], numbers, tell); next.texts != nil {
			*f, size = next, size+next.bytes()
		}
	}
	if size == 0 {
		return
	}
	if s.learnedBytes.Add(size) > maxLearned {
		s.forgetLearned()
	}
	at.Store(&now)
}

// bytes is about what it takes in memory.
func (f *learnedField) bytes() int64 {
	n := int64(64)
	for text := range f.texts {
		n += int64(len(text)) + 40
	}
	return n
}

// numbers is the column of numbers, nil when the block has none, and what it
// tells.
func (b *block) numbers(name string) (*col, numbersKnown) {
	c, ok := b.only(name, store.KindInt)
	switch {
	case !ok || name == "":
		return nil, noNumbers
	case c == nil || c.isRead():
		return c, eachBound
	case c.zoned:
		return c, blockBound
	}
	return nil, noNumbers
}

// pairsOf are a field's, if its column was read.
func (b *block) pairsOf(field string, numbers *col, tell numbersKnown) (f learnedField) {
	texts, ok := b.only(field, store.KindString)
	if !ok || texts != nil && (!texts.isRead() || texts.lines != nil || texts.texts.Entries() > maxTermValues) {
		return f
	}
	f.texts, f.numbers = map[string]int64{}, tell
	if texts == nil {
		f.numbers = eachBound
		return f
	}
	greatest := make([]int64, texts.texts.Entries())
	for i := range greatest {
		greatest[i] = math.MinInt64
		if tell == blockBound {
			greatest[i] = max(numbers.zone.most.Int(), math.MinInt64+1)
		}
	}
	for row := 0; tell == eachBound && numbers != nil && row < b.meta.rows; row++ {
		if i, j := texts.at(row), numbers.at(row); i >= 0 && j >= 0 {
			g := &greatest[texts.texts.Code(i)]
			*g = max(*g, numbers.ints.At(j), math.MinInt64+1)
		}
	}
	var buf []byte
	for entry, n := range greatest {
		buf = buf[:0]
		text := strings.Clone(texts.texts.Entry(entry, &buf))
		if was, again := f.texts[text]; again { // a column may have a text several times
			n = max(n, was)
		}
		f.texts[text] = n
	}
	return f
}

// only is the column of a name, maybe not read; nil when the block has none,
// false when it has several, or one of another kind.
func (b *block) only(name string, kind store.Kind) (only *col, ok bool) {
	for i := range b.cols {
		c := &b.cols[i]
		if c.label != name {
			continue
		}
		if only != nil || c.kind != kind {
			return nil, false
		}
		only = c
	}
	return only, true
}

// isRead says that values and their rows are known.
func (c *col) isRead() bool { return c.loaded && c.ranked }

func (s *Store) forgetLearned() {
	s.learnedBytes.Store(0)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.parts {
		p.mu.Lock()
		for i := range p.learned {
			p.learned[i].Store(nil)
		}
		p.mu.Unlock()
	}
}

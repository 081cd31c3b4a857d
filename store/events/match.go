package events

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"tripod/store"
)

// node is a compiled predicate. Every leaf asks whether some field passes.
type node struct {
	op     nodeOp
	kids   []*node           // of an And those first that cost least
	names  []string          // of a leaf; any when empty
	named  func(string) bool // instead of names
	exists bool              // a leaf that every value passes
	test   func(store.Value) bool
	text   *needle           // what every text that passes has, if that is known
	oneOf  map[string]bool   // ids of which one is what passes, as bytes; nil when other things are asked
	may    func(z zone) bool // whether some number between two may pass, if that is known
	mask   uint8             // of classes
	fn     func(*Event) bool // of opFunc
	custom bool              // some fn is in here
	cost   int
}

type nodeOp uint8

const (
	opAnd nodeOp = iota
	opOr
	opNot
	opLeaf
	opClass
	opFunc
)

func compile(x Expr) *node {
	switch x := x.(type) {
	case nil:
		return &node{op: opAnd}
	case And:
		return join(opAnd, x)
	case Or:
		return join(opOr, x)
	case Not:
		return join(opNot, []Expr{x.X})
	case ClassIn:
		return &node{op: opClass, mask: uint8(x)}
	case Word:
		low := lower(x.Text)
		return textLeaf(x.Fields, newNeedle(needleWord, low, true), func(s string) bool { return hasWord(s, low) })
	case Phrase:
		low := lower(x.Text)
		return textLeaf(x.Fields, newNeedle(needlePhrase, low, true), func(s string) bool { return hasPhrase(s, low) })
	case Substring:
		if !x.Fold {
			return textLeaf(x.Fields, newNeedle(needlePart, x.Text, false), func(s string) bool { return strings.Contains(s, x.Text) })
		}
		low := lower(x.Text)
		return textLeaf(x.Fields, newNeedle(needlePart, low, true), func(s string) bool { return foldIndex(s, low) >= 0 })
	case Regexp:
		return textLeaf(x.Fields, needleOf(x.Re), x.Re.MatchString)
	case Equal:
		n := leaf([]string{x.Field}, func(v store.Value) bool { return isText(v, x.Text) })
		n.text = newNeedle(needleWhole, x.Text, false)
		return n
	case OneOf:
		n := textLeaf([]string{x.Field}, nil, func(s string) bool { return x.Texts[s] })
		n.oneOf = rawIDs(x.Texts)
		return n
	case Compare:
		n := leaf([]string{x.Field}, func(v store.Value) bool {
			n, ok := v.Number()
			return ok && x.Op.holds(n, x.Number)
		})
		n.may = x.may
		return n
	case Exists:
		n := leaf([]string{x.Field}, func(store.Value) bool { return true })
		n.exists, n.cost = true, 1
		return n
	case Any:
		return &node{op: opLeaf, named: x.Named, test: x.Test, cost: 3}
	case Measured:
		return &node{op: opLeaf, named: x.Named, test: x.test, may: x.may, cost: 3}
	case Within:
		if n := compile(x.X); n.op == opLeaf && n.named == nil && len(n.names) == 0 {
			n.named = x.Named
			return n
		}
	case Func:
		return &node{op: opFunc, fn: x.Fn, custom: true, cost: 1000}
	}
	return &node{op: opFunc, fn: x.Match, custom: true, cost: 1000}
}

// rawIDs are the bytes of those texts that are lower-case hexadecimal digits.
func rawIDs(texts map[string]bool) map[string]bool {
	out := map[string]bool{}
	for text, ok := range texts {
		if raw, err := hex.DecodeString(text); err == nil && ok && strings.ToLower(text) == text {
			out[string(raw)] = true
		}
	}
	return out
}

func join(op nodeOp, xs []Expr) *node {
	n := &node{op: op}
	for _, x := range xs {
		kid := compile(x)
		n.kids = append(n.kids, kid)
		n.custom = n.custom || kid.custom
		n.cost += kid.cost
	}
	if op == opAnd {
		slices.SortStableFunc(n.kids, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	}
	return n
}

func textLeaf(names []string, text *needle, ask func(string) bool) *node {
	n := leaf(names, func(v store.Value) bool {
		var buf [textBuf]byte
		return ask(shortText(v, &buf))
	})
	n.text = text
	return n
}

func leaf(names []string, test func(store.Value) bool) *node {
	cost := 2
	if len(names) == 0 {
		cost = 20
	}
	return &node{op: opLeaf, names: names, test: test, cost: cost}
}

// asks says whether fields of this name may pass.
func (n *node) asks(name string) bool {
	if n.named != nil {
		return n.named(name)
	}
	return len(n.names) == 0 || slices.Contains(n.names, name)
}

// match asks about one event.
func (n *node) match(e *Event) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !k.match(e) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if k.match(e) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].match(e)
	case opClass:
		return n.mask>>e.Class&1 == 1
	case opFunc:
		return n.fn(e)
	}
	for i := range e.Fields {
		if f := &e.Fields[i]; n.asks(f.Name) && n.test(f.Value) {
			return true
		}
	}
	return false
}

// filter is a predicate ready for use by one goroutine.
type filter struct {
	plan plan
	root *node   // nil matches everything
	want *wanted // fields of the events that it gives

	known *decider // of the part of the current block; nil when nothing is known

	hits  bitset // of the current block; with a custom node, rows that may match
	block *block

	chunk   *chunkView // instead of a block
	batches []chunkBatch
	picked  Event // of a row, the fields that decide
	spare   []bitset
	text    []byte
	memo    []int8
	passing []int
}

func newFilter(x Expr) *filter {
	f := &filter{plan: planOf(x)}
	if x != nil {
		f.root = compile(x)
	}
	return f
}

// fork is the same predicate for rows of another block at the same time.
func (f *filter) fork() *filter {
	return &filter{plan: f.plan, root: f.root, want: f.want}
}

// classesOnly says that time and class of a row decide.
func (f *filter) classesOnly() bool { return f.root == nil || f.root.op == opClass }

// enter prepares for rows from..to-1 of a block.
func (f *filter) enter(rows rowSet, from, to int) error {
	b, ok := rows.(*block)
	if f.block = b; !ok {
		f.enterChunk(rows.(*chunkView))
		return nil
	}
	f.hits = sizedBits(f.hits, b.len())
	f.hits.fill(from, to)
	if f.root == nil {
		return nil
	}
	cand := f.take()
	copy(cand, f.hits)
	clear(f.hits)
	b.find(f, f.root, cand, f.hits)
	f.give(cand)
	return b.err
}

// take is a set with a bit for each row of the block, of any content.
func (f *filter) take() bitset {
	if n := len(f.spare); n > 0 {
		b := f.spare[n-1]
		f.spare = f.spare[:n-1]
		return sizedBits(b, f.block.len())
	}
	return sizedBits(nil, f.block.len())
}

func (f *filter) give(b bitset) { f.spare = append(f.spare, b) }

// match asks about a row of the block; e is room for the event, and holds it
// when the answer is yes and full is set.
func (f *filter) match(rows rowSet, i int, e *Event, full bool) (bool, error) {
	if f.block != nil {
		if !f.hits.has(i) {
			return false, nil
		}
		if f.root == nil || !f.root.custom {
			if full {
				return true, rows.event(i, e, f.want)
			}
			return true, nil
		}
	}
	if f.plan.mask>>rows.class(i)&1 == 0 {
		return false, nil
	}
	if f.block == nil {
		switch f.ofRow(i) {
		case never:
			return false, nil
		case always:
			if full {
				return true, rows.event(i, e, f.want)
			}
			return true, nil
		}
	}
	if err := rows.event(i, e, nil); err != nil || !f.root.match(e) {
		return false, err
	}
	return true, nil
}

package events

import (
	"slices"
	"strings"

	"tripod/store"
)

// node is a compiled predicate. Every leaf asks whether some field passes, so a
// block asks each leaf once for each distinct field, not once a row.
type node struct {
	op     nodeOp
	kids   []*node
	names  []string          // of a leaf; any when empty
	named  func(string) bool // instead of names
	test   func(store.Value) bool
	field  func(string, store.Value) bool // instead of test
	slot   int                            // of a leaf
	mask   uint8
	fn     func(*Event) bool
	custom bool // some fn is in here
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

// compiler numbers the leaves.
type compiler struct{ leaves []*node }

func (c *compiler) compile(x Expr) *node {
	switch x := x.(type) {
	case nil:
		return &node{op: opAnd}
	case And:
		return c.join(opAnd, x)
	case Or:
		return c.join(opOr, x)
	case Not:
		return c.join(opNot, []Expr{x.X})
	case ClassIn:
		return &node{op: opClass, mask: uint8(x)}
	case Word:
		low := lower(x.Text)
		return c.text(x.Fields, func(s string) bool { return hasWord(s, low) })
	case Phrase:
		low := lower(x.Text)
		return c.text(x.Fields, func(s string) bool { return hasPhrase(s, low) })
	case Substring:
		if !x.Fold {
			return c.text(x.Fields, func(s string) bool { return strings.Contains(s, x.Text) })
		}
		low := lower(x.Text)
		return c.text(x.Fields, func(s string) bool { return foldIndex(s, low) >= 0 })
	case Regexp:
		return c.text(x.Fields, x.Re.MatchString)
	case Equal:
		return c.leaf([]string{x.Field}, func(v store.Value) bool { return isText(v, x.Text) })
	case OneOf:
		return c.text([]string{x.Field}, func(s string) bool { return x.Texts[s] })
	case Compare:
		return c.leaf([]string{x.Field}, func(v store.Value) bool {
			n, ok := v.Number()
			return ok && x.Op.holds(n, x.Number)
		})
	case Exists:
		return c.leaf([]string{x.Field}, func(store.Value) bool { return true })
	case Any:
		return c.add(&node{op: opLeaf, field: x.Test})
	case Within:
		var inner compiler
		if n := inner.compile(x.X); n.op == opLeaf && n.field == nil && len(n.names) == 0 {
			return c.add(&node{op: opLeaf, named: x.Named, test: n.test})
		}
	case Func:
		return &node{op: opFunc, fn: x.Fn, custom: true}
	}
	return &node{op: opFunc, fn: x.Match, custom: true}
}

func (c *compiler) join(op nodeOp, xs []Expr) *node {
	n := &node{op: op}
	for _, x := range xs {
		kid := c.compile(x)
		n.kids = append(n.kids, kid)
		n.custom = n.custom || kid.custom
	}
	return n
}

func (c *compiler) text(names []string, ask func(string) bool) *node {
	return c.leaf(names, func(v store.Value) bool {
		var buf [textBuf]byte
		return ask(shortText(v, &buf))
	})
}

func (c *compiler) leaf(names []string, test func(store.Value) bool) *node {
	return c.add(&node{op: opLeaf, names: names, test: test})
}

func (c *compiler) add(leaf *node) *node {
	leaf.slot = len(c.leaves)
	c.leaves = append(c.leaves, leaf)
	return leaf
}

func (n *node) passes(f *Field) bool { return n.asks(f.Name) && n.holds(f) }

// asks says whether fields of this name may pass.
func (n *node) asks(name string) bool {
	if n.named != nil {
		return n.named(name)
	}
	return len(n.names) == 0 || slices.Contains(n.names, name)
}

func (n *node) holds(f *Field) bool {
	if n.field != nil {
		return n.field(f.Name, f.Value)
	}
	return n.test(f.Value)
}

// match asks about one event; leaf answers for the leaves.
func (n *node) match(e *Event, leaf func(*node) bool) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !k.match(e, leaf) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if k.match(e, leaf) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].match(e, leaf)
	case opClass:
		return n.mask>>e.Class&1 == 1
	case opFunc:
		return n.fn(e)
	}
	return leaf(n)
}

// filter is a predicate ready for use by one goroutine.
type filter struct {
	plan   plan
	root   *node // nil matches everything
	leaves []*node
	bits   [][]bool // by leaf and pair of the current block
	block  *block
	refs   []uint32 // of the current row
	event  *Event   // of the current row
	byRef  func(*node) bool
	byName func(*node) bool
}

func newFilter(x Expr) *filter {
	f := &filter{plan: planOf(x)}
	if x != nil {
		var c compiler
		f.root = c.compile(x)
		f.leaves = c.leaves
	}
	f.bind()
	return f
}

// fork is the same predicate for rows of another block at the same time.
func (f *filter) fork() *filter {
	g := &filter{plan: f.plan, root: f.root, leaves: f.leaves}
	g.bind()
	return g
}

func (f *filter) bind() {
	f.byRef = func(n *node) bool {
		bits := f.bits[n.slot]
		for _, ref := range f.refs {
			if bits[ref] {
				return true
			}
		}
		return false
	}
	f.byName = func(n *node) bool {
		for i := range f.event.Fields {
			if n.passes(&f.event.Fields[i]) {
				return true
			}
		}
		return false
	}
}

// classesOnly says that time and class of a row decide.
func (f *filter) classesOnly() bool { return f.root == nil || f.root.op == opClass }

// enter prepares for a block's rows.
func (f *filter) enter(rows rowSet) {
	b, ok := rows.(*block)
	f.block = b
	if !ok || f.classesOnly() {
		return
	}
	f.bits = slices.Grow(f.bits[:0], len(f.leaves))[:len(f.leaves)]
	for i, n := range f.leaves {
		bits := slices.Grow(f.bits[i][:0], len(b.pairs))[:len(b.pairs)]
		for j := range b.pairs {
			bits[j] = n.asks(b.pairs[j].Name) && n.holds(b.pair(uint32(j)))
		}
		f.bits[i] = bits
	}
}

// match asks about a row of the block; e is room for the event, and holds it
// when the answer is yes and full is set.
func (f *filter) match(rows rowSet, i int, e *Event, full bool) (bool, error) {
	if class := rows.class(i); f.plan.mask>>class&1 == 0 {
		return false, nil
	}
	if f.root == nil || f.root.op == opClass {
		if full {
			return true, rows.event(i, e)
		}
		return true, nil
	}
	if f.block == nil || f.root.custom {
		if err := rows.event(i, e); err != nil {
			return false, err
		}
	} else {
		e.Class = rows.class(i)
	}
	ok := false
	if f.event = e; f.block == nil {
		ok = f.root.match(e, f.byName)
	} else {
		f.refs = f.block.refs[f.block.starts[i]:f.block.starts[i+1]]
		ok = f.root.match(e, f.byRef)
	}
	if ok && full && f.block != nil && !f.root.custom {
		return true, rows.event(i, e)
	}
	return ok, nil
}

package events

import "tripod/store"

// verdict is what is known of a predicate without a look at rows.
type verdict uint8

const (
	unknown verdict = iota
	never           // no row matches
	always          // all rows match
)

// decider knows a predicate's verdicts about the rows of a part by their class
// and group, so that the index of the part decides of blocks, and of leaves of
// the predicate in them. It never changes.
type decider struct {
	part   *part
	leaves map[*node][]verdict // by group
	whole  [Classes][]verdict  // of the predicate, by group
}

// decide asks about a held part whose index was read; root nil matches all.
func decide(root *node, p *part) *decider {
	d := &decider{part: p, leaves: map[*node][]verdict{}}
	for class := range d.whole {
		d.whole[class] = make([]verdict, int(groupFirst)+len(p.groups))
		for group := range d.whole[class] {
			d.whole[class][group] = d.rows(root, uint8(class), uint16(group))
		}
	}
	return d
}

// rows is the verdict about rows of a class and group.
func (d *decider) rows(n *node, class uint8, group uint16) verdict {
	switch {
	case n == nil:
		return always
	case n.op == opAnd:
		return d.join(n, class, group, never, always)
	case n.op == opOr:
		return d.join(n, class, group, always, never)
	case n.op == opNot:
		switch d.rows(n.kids[0], class, group) {
		case always:
			return never
		case never:
			return always
		}
	case n.op == opClass:
		if n.mask>>class&1 == 1 {
			return always
		}
		return never
	case n.op == opLeaf:
		if d.leaves[n] == nil {
			d.leaves[n] = d.leaf(n)
		}
		return d.leaves[n][group]
	}
	return unknown
}

// join gives one verdict when a part of the predicate has it, the other when
// all have that.
func (d *decider) join(n *node, class uint8, group uint16, one, all verdict) verdict {
	sum := all
	for _, k := range n.kids {
		switch d.rows(k, class, group) {
		case one: // goes on, so that all leaves are known
			sum = one
		case unknown:
			if sum == all {
				sum = unknown
			}
		}
	}
	return sum
}

// leaf are the verdicts by group about what asks whether some field passes.
func (d *decider) leaf(n *node) []verdict {
	known := make([]verdict, int(groupFirst)+len(d.part.groups))
	asks := d.part.by != "" && n.asks(d.part.by)
	rest := never // when the field of the groups does not pass
	if d.asksOthers(n, asks) {
		rest = unknown
	}
	for g := range known {
		known[g] = rest
		switch group := uint16(g); {
		case !asks:
		case group == groupUnsure:
			known[g] = unknown
		case group >= groupFirst && (n.exists || n.test(store.String(d.part.groups[group-groupFirst]))):
			known[g] = always
		}
	}
	return known
}

// asksOthers says whether a leaf asks about a field that the part may have,
// other than that of the groups, and the one that says the same when that is
// asked.
func (d *decider) asksOthers(n *node, asks bool) bool {
	if d.part.others {
		return true
	}
	for _, name := range d.part.names {
		if name != d.part.by && !(asks && name == d.part.same) && n.asks(name) {
			return true
		}
	}
	return false
}

// count is the verdict about the rows of a count.
func (d *decider) count(c *minuteCount) verdict { return d.whole[c.class][c.group] }

// block is the verdict about all rows of a block.
func (d *decider) block(m *blockMeta) verdict { return sameOf(m, d.count) }

// leafIn is the verdict of a leaf about all rows of a block.
func (d *decider) leafIn(n *node, m *blockMeta) verdict {
	known := d.leaves[n]
	if known == nil {
		return unknown
	}
	return sameOf(m, func(c *minuteCount) verdict { return known[c.group] })
}

// sameOf is the verdict that all counts of a block have in common.
func sameOf(m *blockMeta, of func(*minuteCount) verdict) verdict {
	all := unknown
	for i := range m.counts {
		v := of(&m.counts[i])
		if v == unknown || i > 0 && v != all {
			return unknown
		}
		all = v
	}
	return all
}

package traceql

// joined gives the spans of a set that an operator between two spansets keeps.
func (e *evaluation) joined(j *Joined, in Set) []int {
	l := union(e.stages([]Stage{j.L}, []Set{in}))
	if e.err != nil || j.Op == "&&" && len(l) == 0 {
		return nil
	}
	r := union(e.stages([]Stage{j.R}, []Set{in}))
	switch {
	case e.err != nil || len(r) == 0 && j.Op != "||":
		return nil
	case j.Op == "&&" || j.Op == "||":
		return union([]Set{{Spans: l}, {Spans: r}})
	}
	op, negated, both := j.relation()
	found := e.t.related(op, l)
	var kept []int
	for _, at := range r {
		if found[at] != negated {
			kept = append(kept, at)
		}
	}
	if both {
		found = e.t.related(inverse[op], r)
		var others []int
		for _, at := range l {
			if found[at] {
				others = append(others, at)
			}
		}
		kept = union([]Set{{Spans: others}, {Spans: kept}})
	}
	return kept
}

// relation is the operator without the sign before it: ! or &.
func (j *Joined) relation() (op string, negated, both bool) {
	switch j.Op[0] {
	case '!':
		return j.Op[1:], true, false
	case '&':
		return j.Op[1:], false, true
	}
	return j.Op, false, false
}

var inverse = map[string]string{">": "<", "<": ">", ">>": "<<", "<<": ">>", "~": "~"}

// related marks the spans that are the children (>), descendants (>>), parents
// (<), ancestors (<<) or siblings (~) of some span of a list.
func (t *Tree) related(op string, spans []int) []bool {
	in, out := make([]bool, len(t.Spans)), make([]bool, len(t.Spans))
	for _, at := range spans {
		in[at] = true
	}
	switch op {
	case ">", ">>":
		for _, at := range t.order {
			p := t.parent[at]
			out[at] = p != none && (in[p] || op == ">>" && out[p])
		}
	case "<", "<<":
		for i := len(t.order) - 1; i >= 0; i-- {
			at := t.order[i]
			if p := t.parent[at]; p != none && (in[at] || op == "<<" && out[at]) {
				out[p] = true
			}
		}
	case "~":
		t.siblings(spans, out)
	}
	return out
}

func (t *Tree) siblings(spans []int, out []bool) {
	count := make([]int32, t.groups) // of each family, those in the list
	one := make([]int, t.groups)     // one of them
	for _, at := range spans {
		if g := t.group[at]; g != none {
			count[g]++
			one[g] = at
		}
	}
	for at, g := range t.group {
		out[at] = g != none && (count[g] > 1 || count[g] == 1 && one[g] != at)
	}
}

package pages

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store"
)

const (
	maxQueries = 10       // boxes of one screen, A to J
	maxWhole   = 64 << 10 // bytes of a formula with its queries put in
)

// metricQueries are the boxes of the screen in order; their letters are A, B
// and so on. A letter alone in a query stands for that query, as if its text
// stood there in parentheses.
type metricQueries []string

func letterOf(i int) string { return string(rune('A' + i)) }

// queriesOf are those of the address: q, or Prometheus's g0.expr, g1.expr …
func queriesOf(st *State) metricQueries {
	out := slices.Clone(st.Queries)
	for i := 0; len(out) == 0 || i > 0; i++ {
		expr := st.Values.Get("g" + strconv.Itoa(i) + ".expr")
		if expr == "" || i >= maxQueries {
			break
		}
		out = append(out, expr)
	}
	return out[:min(len(out), maxQueries)]
}

// reference is a letter in a query: which query it names, and its place in
// bytes of the text as it was typed.
type reference struct {
	query      int
	start, end int
	window     bool // of samples in a range, A[5m]
}

// references are the letters in a query, in the order of their places.
func references(read parser.Parser, typed string) ([]reference, *store.QueryError) {
	e, err := parsePromQL(read, shortRate(typed))
	if err != nil {
		if qe := parseProblem(read, typed); qe != nil {
			return nil, qe
		}
		return nil, &store.QueryError{Query: typed, Msg: err.Error(), End: len(typed)}
	}
	var out []reference
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok || len(v.Name) != 1 || v.Name[0] < 'A' || v.Name[0] > 'Z' || len(v.LabelMatchers) != 1 {
			return nil
		}
		r := reference{query: int(v.Name[0] - 'A'), start: unexpanded(typed, int(v.PosRange.Start))}
		r.end = r.start + 1
		if typed[r.start:r.end] != v.Name {
			return nil // {__name__="A"} means a metric of that name
		}
		if len(path) > 0 {
			_, r.window = path[len(path)-1].(*parser.MatrixSelector)
		}
		out = append(out, r)
		return nil
	})
	slices.SortFunc(out, func(a, b reference) int { return a.start - b.start })
	return out, nil
}

// formula says whether a query names others.
func formula(read parser.Parser, typed string) bool {
	refs, err := references(read, typed)
	return err == nil && len(refs) > 0
}

// whole is query i with those that it names put in, in parentheses.
func (q metricQueries) whole(read parser.Parser, i int) (string, *store.QueryError) {
	return q.putIn(read, i, nil)
}

func (q metricQueries) putIn(read parser.Parser, i int, path []int) (string, *store.QueryError) {
	typed := q[i]
	refs, problem := references(read, typed)
	if problem != nil {
		return "", problem
	}
	path = append(path, i)
	out := typed
	for _, r := range slices.Backward(refs) {
		fault := func(msg, hint string) *store.QueryError {
			return &store.QueryError{Query: typed, Pos: r.start, End: r.end, Msg: msg, Hint: hint}
		}
		name := letterOf(r.query)
		switch {
		case r.query == i:
			return "", fault(name+" refers to itself", "")
		case slices.Contains(path, r.query):
			return "", fault(fmt.Sprintf("%s refers to itself through %s", name, letterOf(i)), "")
		case r.query >= len(q) || strings.TrimSpace(q[r.query]) == "":
			return "", fault("there is no query "+name, q.others(i))
		case r.window:
			return "", fault(name+" is a query and has no samples of its own; a range of its values has a colon", name+"[5m:]")
		}
		in, problem := q.putIn(read, r.query, path)
		if problem != nil {
			return "", fault(fmt.Sprintf("%s cannot be read: %s", name, problem.Msg), "")
		}
		if out = out[:r.start] + inParens(in) + out[r.end:]; len(out) > maxWhole {
			return "", fault("with its queries put in this is longer than 64 KB", "")
		}
	}
	if len(refs) > 0 {
		if _, err := parsePromQL(read, shortRate(out)); err != nil {
			return "", &store.QueryError{Query: typed, End: len(typed), Msg: "with its queries put in: " + firstLine(err)}
		}
	}
	return out, nil
}

// inParens keeps a comment at the end of a query from taking the parenthesis.
func inParens(q string) string {
	if strings.Contains(q, "#") {
		q += "\n"
	}
	return "(" + q + ")"
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// others names the queries that a formula can refer to.
func (q metricQueries) others(i int) string {
	var names []string
	for k := range q {
		if k != i && strings.TrimSpace(q[k]) != "" {
			names = append(names, letterOf(k))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "there is " + strings.Join(names, ", ")
}

// without takes a query away. Those behind it move up, so their letters change
// in all formulas; where one named it, its text is put in, so that the formula
// means what it meant.
func (q metricQueries) without(read parser.Parser, i int) metricQueries {
	var out metricQueries
	for k, typed := range q {
		if k == i {
			continue
		}
		refs, _ := references(read, typed)
		for _, r := range slices.Backward(refs) {
			switch {
			case r.query == i:
				typed = typed[:r.start] + inParens(q[i]) + typed[r.end:]
			case r.query > i:
				typed = typed[:r.start] + letterOf(r.query-1) + typed[r.end:]
			}
		}
		out = append(out, typed)
	}
	return out
}

// nextFormula is what the button Formula begins with: the last two queries that
// are not formulas themselves.
func (q metricQueries) nextFormula(read parser.Parser) string {
	var names []string
	for i, typed := range q {
		if strings.TrimSpace(typed) != "" && !formula(read, typed) {
			names = append(names, letterOf(i))
		}
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0] + " * 100"
	default:
		return names[n-2] + " / " + names[n-1]
	}
}

var rateName = regexp.MustCompile(`\$__rate(_interval)?`)

// shortWindow stands for $__rate where a query is only read.
const shortWindow = "1m"

func shortRate(typed string) string { return rateName.ReplaceAllString(typed, shortWindow) }

// unexpanded is the place in what was typed of a place in shortRate of it.
func unexpanded(typed string, pos int) int {
	for _, at := range rateName.FindAllStringIndex(typed, -1) {
		if at[0] >= pos {
			break
		}
		pos += at[1] - at[0] - len(shortWindow)
	}
	return min(max(pos, 0), len(typed))
}

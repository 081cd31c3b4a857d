package logs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"tripod/store"
)

// comparePatternSteps are the moments of each of which its share is read.
const comparePatternSteps = 60

// Compare says which values of fields, and which patterns of messages, are more
// or less frequent among the records of a query than among others.
//
// The order is by the log-likelihood ratio (Dunning's G²) of the four numbers:
// lines of either side that have the value, and those that have not. Divided by
// all lines and in bits, it is what a value tells of the side that a line is
// of. Small numbers and small differences come out small; what chance alone may
// bring is left out: the ratio's distribution is that of χ² with one degree of
// freedom, whose tail beyond x is below e^(−x/2), so that 2·ln(20·m) and less
// is noise when m values are compared: of comparisons in which nothing differs
// one in twenty says so of some value.
//
// Fields are counted as Facets counts them, patterns as Patterns does. A field
// of many values is also compared by how many lines have it, and by that alone
// when there are more than are told apart.
// What could not be read is an error beside what differs in all else.
func (s *Store) Compare(ctx context.Context, q store.CompareQuery) (store.LogComparison, error) {
	var own, others comparedSide
	var errs [2]error
	q.With = slices.Clone(q.With)
	for i := range q.With {
		q.With[i].Limit = q.Limit
	}
	var wg sync.WaitGroup
	wg.Go(func() { own, errs[0] = s.comparedSide(ctx, []store.LogQuery{q.LogQuery}) })
	wg.Go(func() { others, errs[1] = s.comparedSide(ctx, q.With) })
	wg.Wait()
	c := comparer{own: own, others: others, within: q.Within}
	c.fields()
	c.patterns()
	return c.answer(q.Top), errors.Join(errs[:]...)
}

// comparedSide is what was counted on one side.
type comparedSide struct {
	fields   *counter
	patterns map[string]*comparedPattern
	all      int64 // lines with patterns
	read     int64 // of them
}

type comparedPattern struct {
	parts []store.PatternPart
	lines int64
}

func (s *Store) comparedSide(ctx context.Context, list []store.LogQuery) (comparedSide, error) {
	side := comparedSide{patterns: map[string]*comparedPattern{}}
	list = slices.DeleteFunc(slices.Clone(list), func(q store.LogQuery) bool { return q.Range.To <= q.Range.From })
	fields, err := s.countFields(ctx, list)
	side.fields = fields
	unread := []error{err}
	for _, q := range list {
		pq := store.PatternQuery{LogQuery: q, Step: time.Duration(max((q.Range.To-q.Range.From)/comparePatternSteps, 1)), Top: maxPatternKinds}
		pq.Limit = maxPatternScan / len(list)
		got, err := s.Patterns(ctx, pq)
		side.addPatterns(&got)
		unread = append(unread, err)
	}
	return side, errors.Join(unread...)
}

func (c *comparedSide) addPatterns(got *store.LogPatterns) {
	c.all += got.Lines
	c.read += got.Read
	for i := range got.List {
		g := &got.List[i]
		p := c.patterns[g.Text]
		if p == nil {
			p = &comparedPattern{parts: g.Parts}
			c.patterns[g.Text] = p
		}
		p.lines += g.Lines
	}
}

// comparer gathers the differences of two sides.
type comparer struct {
	own, others comparedSide
	within      bool // the others' lines have the own ones among them
	told        int
	many        []string
	found       []difference
}

type difference struct {
	store.LogDifference
	ratio float64 // G²
}

// sampled is a number of records of each side that all its counts are of.
type sampled struct{ own, others int64 }

func (c *comparer) fields() {
	of := sampled{c.own.fields.lines, c.others.fields.lines}
	for slot := range c.own.fields.levels {
		if a, b := c.own.fields.levels[slot], c.others.fields.levels[slot]; (a > 0 || b > 0) && slot < len(store.LogBucket{}.Counts) {
			c.add(store.LogDifference{Field: "level", Value: slotWord(slot), Lines: a, Others: b}, of)
		}
	}
	own, others := c.own.fields.byLabel(), c.others.fields.byLabel()
	for label, f := range own {
		c.field(label, f, cmp.Or(others[label], noField), of)
	}
	for label, f := range others {
		if own[label] == nil {
			c.field(label, noField, f, of)
		}
	}
	slices.Sort(c.many)
}

var noField = &fieldCount{values: tally{}}

// byLabel are the fields by the names under which people ask for them, those of
// one name together; the service is that of the record where there is one, and
// the level is told apart.
func (c *counter) byLabel() map[string]*fieldCount {
	out := map[string]*fieldCount{}
	for name, f := range c.fields {
		label := fieldLabel(name)
		switch had := out[label]; {
		case label == labelLevel || label == fieldLabel(wordService) && name != wordService && c.fields[wordService] != nil:
		case had != nil:
			out[label] = had.and(f)
		default:
			out[label] = f
		}
	}
	return out
}

// and is what two fields hold together.
func (f *fieldCount) and(g *fieldCount) *fieldCount {
	sum := &fieldCount{records: f.records + g.records, full: f.full || g.full}
	if f.values != nil && g.values != nil {
		sum.values = tally{}
		for _, values := range [...]tally{f.values, g.values} {
			for v, n := range values {
				sum.values.add(v, *n, true)
			}
		}
	}
	return sum
}

func (c *comparer) field(label string, a, b *fieldCount, of sampled) {
	if a.many() || b.many() {
		c.many = append(c.many, label)
		c.add(store.LogDifference{Field: label, Exists: true, Lines: a.records, Others: b.records}, of)
		return
	}
	values := map[string]bool{}
	for v := range a.values {
		values[v] = true
	}
	for v := range b.values {
		values[v] = true
	}
	if len(values) > lowCardinality { // none of which may say that the field came or went
		c.add(store.LogDifference{Field: label, Exists: true, Lines: a.records, Others: b.records}, of)
	}
	for v := range values {
		c.add(store.LogDifference{Field: label, Value: v, Lines: a.values.of(v), Others: b.values.of(v)}, of)
	}
}

func (c *comparer) patterns() {
	of := sampled{c.own.all, c.others.all}
	texts := maps.Clone(c.own.patterns)
	maps.Copy(texts, c.others.patterns)
	for text, p := range texts {
		d := store.LogDifference{Value: text, Parts: p.parts}
		if own := c.own.patterns[text]; own != nil {
			d.Lines = own.lines
		}
		if others := c.others.patterns[text]; others != nil {
			d.Others = others.lines
		}
		c.add(d, of)
	}
}

// add weighs a difference; the counts of patterns are brought back to the lines
// that were read.
func (c *comparer) add(d store.LogDifference, of sampled) {
	if of.own == 0 || of.others == 0 {
		return
	}
	c.told++
	d.Lines, d.Others = min(d.Lines, of.own), min(d.Others, of.others) // a line may have a field twice
	d.Share, d.OthersShare = float64(d.Lines)/float64(of.own), float64(d.Others)/float64(of.others)
	a, b := float64(of.own), float64(of.others)
	whole := !c.own.fields.cut && !c.others.fields.cut
	if d.Field == "" {
		a, b = float64(c.own.read), float64(c.others.read)
		whole = c.own.read == c.own.all && c.others.read == c.others.all
	}
	with, without := d.OthersShare*b, b
	if c.within && whole { // the others without the own lines
		with, without = float64(d.Others-d.Lines), float64(of.others-of.own)
	}
	ratio := likelihood(d.Share*a, a, max(with, 0), max(without, 0))
	d.Tells = ratio / (2 * math.Ln2 * (a + max(without, 0)))
	c.found = append(c.found, difference{d, ratio})
}

// likelihood is G² of x of n and y of m: twice the sum of each number times the
// logarithm of it over what would be there if both had the same share.
func likelihood(x, n, y, m float64) float64 {
	if n <= 0 || m <= 0 {
		return 0
	}
	part := func(seen, of, all float64) float64 {
		if seen <= 0 || all <= 0 {
			return 0
		}
		return seen * math.Log(seen*(n+m)/(of*all))
	}
	has, hasNot := x+y, n-x+m-y
	return max(2*(part(x, n, has)+part(n-x, n, hasNot)+part(y, m, has)+part(m-y, m, hasNot)), 0)
}

func (c *comparer) answer(top int) store.LogComparison {
	noise := 2 * math.Log(20*float64(max(c.told, 1)))
	found := slices.DeleteFunc(c.found, func(d difference) bool { return d.ratio <= noise })
	slices.SortFunc(found, func(a, b difference) int {
		return cmp.Or(cmp.Compare(b.Tells, a.Tells), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value))
	})
	out := store.LogComparison{Own: c.own.said(), Others: c.others.said(), Told: c.told, Many: c.many, Kinds: len(found)}
	for _, d := range found[:min(len(found), max(top, 0))] {
		out.List = append(out.List, d.LogDifference)
	}
	return out
}

func (c *comparedSide) said() store.ComparedLogs {
	return store.ComparedLogs{Lines: c.fields.lines, Cut: c.fields.cut, Read: c.read, PatternsCut: c.read < c.all}
}

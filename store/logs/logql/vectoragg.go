package logql

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tripod/store"
)

// vectorAgg aggregates over the series of each step.
func (ev *evaluation) vectorAgg(v *VectorAgg) (vector, error) {
	if r, ok := v.X.(*RangeAgg); ok && v.Op == "sum" && r.Group == nil && r.Fn != "absent_over_time" && foldOf(r.Fn).sums {
		return ev.rangeAgg(r, cmp.Or(v.Group, &Grouping{})) // the series need never be made
	}
	x, err := ev.eval(v.X)
	if err != nil {
		return vector{}, err
	}
	if x.scalar != nil {
		return vector{}, ev.fail(0, len(ev.text), v.Op+" takes a vector, not a number", "")
	}
	switch v.Op {
	case "sort", "sort_desc":
		return ev.sort(x, v.Op == "sort_desc"), nil
	case "topk", "bottomk", "approx_topk":
		return ev.top(x, v), nil
	}
	var out vector
	for _, g := range ev.groups(x, v.Group) {
		s, err := ev.newSeries(g.labels)
		if err != nil {
			return vector{}, err
		}
		for i := range s.values {
			s.values[i], s.has[i] = aggregate(v.Op, g.series, i)
		}
		out.series = append(out.series, s)
	}
	return out, nil
}

// group is the series that are aggregated together.
type group struct {
	labels store.LogLabels
	series []*series
}

func (ev *evaluation) groups(x vector, by *Grouping) []*group {
	byKey := map[string]*group{}
	var out []*group
	for _, s := range x.series {
		labels := grouped(s.labels, by)
		key := labelsKey(labels)
		if byKey[key] == nil {
			byKey[key] = &group{labels: labels}
			out = append(out, byKey[key])
		}
		byKey[key].series = append(byKey[key].series, s)
	}
	return out
}

// grouped are the labels by which a series is grouped.
func grouped(l store.LogLabels, by *Grouping) store.LogLabels {
	if by == nil {
		return nil
	}
	return filtered(l, by.Labels, !by.Without)
}

// filtered keeps the labels with these names, or all others. As for lines,
// level stands for detected_level where no label has that name.
func filtered(l store.LogLabels, names []string, keep bool) store.LogLabels {
	var out store.LogLabels
	for _, label := range l {
		if slices.Contains(names, label.Name) == keep {
			out = append(out, label)
		}
	}
	if keep && slices.Contains(names, "level") && l.Get("level") == "" {
		if word := l.Get("detected_level"); word != "" {
			out = sorted(append(out, store.LogLabel{Name: "level", Value: word}))
		}
	}
	return out
}

// aggregate is the value of a group at a step.
func aggregate(op string, list []*series, step int) (float64, bool) {
	f := foldFor[op]
	var a acc
	for _, s := range list {
		if s.has[step] {
			f.sample(&a, 0, s.values[step])
		}
	}
	if a.n == 0 {
		return 0, false
	}
	if op == "count" {
		return a.n, true
	}
	return f.value(&a, nil, window{}), true
}

// foldFor are the folds of vector aggregations.
var foldFor = map[string]*fold{
	"sum": foldOf("sum_over_time"), "count": foldOf("sum_over_time"), "avg": foldOf("avg_over_time"),
	"min": foldOf("min_over_time"), "max": foldOf("max_over_time"),
	"stddev": foldOf("stddev_over_time"), "stdvar": foldOf("stdvar_over_time"),
}

// compareValues puts NaN last.
func compareValues(a, b float64, desc bool) int {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return cmp.Compare(boolInt(math.IsNaN(a)), boolInt(math.IsNaN(b)))
	case desc:
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sort orders the series of an instant query by value.
func (ev *evaluation) sort(x vector, desc bool) vector {
	slices.SortStableFunc(x.series, func(a, b *series) int {
		if a.has[0] != b.has[0] {
			return cmp.Compare(boolInt(b.has[0]), boolInt(a.has[0]))
		}
		return cmp.Or(compareValues(a.values[0], b.values[0], desc), strings.Compare(labelsKey(a.labels), labelsKey(b.labels)))
	})
	x.ordered = true
	return x
}

// top keeps the k largest or smallest of each group, step by step.
func (ev *evaluation) top(x vector, v *VectorAgg) vector {
	desc := v.Op != "bottomk"
	for _, g := range ev.groups(x, v.Group) {
		for i := range ev.steps {
			var here []*series
			for _, s := range g.series {
				if s.has[i] {
					here = append(here, s)
				}
			}
			slices.SortStableFunc(here, func(a, b *series) int {
				return cmp.Or(compareValues(a.values[i], b.values[i], desc), strings.Compare(labelsKey(a.labels), labelsKey(b.labels)))
			})
			for _, s := range here[min(v.Param, len(here)):] {
				s.has[i] = false
			}
		}
	}
	return ev.sort(x, desc)
}

// labelReplace sets a label from what the expression finds in another.
func (ev *evaluation) labelReplace(r *LabelReplace) (vector, error) {
	x, err := ev.eval(r.X)
	if err != nil {
		return vector{}, err
	}
	if x.scalar != nil {
		return vector{}, ev.fail(r.Pos, r.End, "label_replace takes a vector", "")
	}
	re, err := wholeRegexp(r.Exp)
	if err != nil {
		return vector{}, err
	}
	seen := map[string]bool{}
	for _, s := range x.series {
		src := s.labels.Get(r.Src)
		if at := re.FindStringSubmatchIndex(src); at != nil {
			s.labels = withLabel(s.labels, r.Dst, string(re.ExpandString(nil, r.Repl, src, at)))
		}
		key := labelsKey(s.labels)
		if seen[key] {
			return vector{}, ev.fail(r.Pos, r.End, "label_replace makes two series of the same labels", "")
		}
		seen[key] = true
	}
	return x, nil
}

// withLabel copies labels with one set, or without it when it is empty.
func withLabel(l store.LogLabels, name, value string) store.LogLabels {
	out := filtered(l, []string{name}, false)
	if value != "" {
		out = append(out, store.LogLabel{Name: name, Value: value})
	}
	return sorted(out)
}

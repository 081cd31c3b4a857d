package frames

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"tripod/dashboard"
)

// Reducers are those that an expression may call.
var Reducers = dashboard.Reducers

// mathNames are the functions of one number.
var mathNames = slices.Sorted(maps.Keys(ofOne))

var ofOne = map[string]func(float64) float64{
	"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "round": math.Round, "log": math.Log, "sqrt": math.Sqrt, "exp": math.Exp,
	"is_nan":    func(v float64) float64 { return truth(math.IsNaN(v)) },
	"is_null":   func(v float64) float64 { return truth(math.IsNaN(v)) },
	"is_inf":    func(v float64) float64 { return truth(math.IsInf(v, 0)) },
	"is_number": func(v float64) float64 { return truth(!math.IsNaN(v) && !math.IsInf(v, 0)) },
	"neg":       func(v float64) float64 { return -v },
	"not":       func(v float64) float64 { return truth(v == 0) },
}

func mathFunction(name string) bool {
	return ofOne[name] != nil && name != "neg" && name != "not" || slices.Contains(Reducers, name)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var ofTwo = map[string]func(a, b float64) float64{
	"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b },
	"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b },
	"%": math.Mod, "**": math.Pow,
	"<": compared(func(a, b float64) bool { return a < b }), "<=": compared(func(a, b float64) bool { return a <= b }),
	">": compared(func(a, b float64) bool { return a > b }), ">=": compared(func(a, b float64) bool { return a >= b }),
	"==": compared(func(a, b float64) bool { return a == b }), "!=": compared(func(a, b float64) bool { return a != b }),
	"&&": compared(func(a, b float64) bool { return a != 0 && b != 0 }), "||": compared(func(a, b float64) bool { return a != 0 || b != 0 }),
}

// compared gives 1 or 0, and no value where a side has none.
func compared(f func(a, b float64) bool) func(a, b float64) float64 {
	return func(a, b float64) float64 {
		if math.IsNaN(a) || math.IsNaN(b) {
			return math.NaN()
		}
		return truth(f(a, b))
	}
}

// mathSeries is one series, or one number when it has a single value.
type mathSeries struct {
	labels map[string]string
	values []float64
	single bool
}

// mathRun evaluates over answers whose series lie on one grid of times.
type mathRun struct {
	answers []Frame
	times   []float64
	work    int // pairs looked at, values made, and labels of rows
}

// maxMathWork bounds one evaluation; it is about a second.
const maxMathWork = 10_000_000

// rowWork is the work of a label of a row, which is put into a map.
const rowWork = 4

// errMathWork says that it was not enough.
var errMathWork = fmt.Errorf("%w: too many series meet each other; sum them first, or limit them with topk", dashboard.ErrInvalid)

// Eval gives what the expression comes to, under the letter of its own query.
// Series of two sides meet when one's labels are among the other's, and a pair
// that is alone always; the others are left out.
func (m *Math) Eval(letter string, answers []Frame, times []float64) ([]Frame, error) {
	run := &mathRun{answers: answers, times: times}
	var out []Frame
	all := run.eval(&m.root)
	if run.work > maxMathWork {
		return nil, errMathWork
	}
	for _, s := range all {
		if !s.single {
			out = append(out, Series(letter, "Value", s.labels, times, s.values))
		} else if len(times) > 0 {
			out = append(out, Series(letter, "Value", s.labels, times[len(times)-1:], s.values))
		}
	}
	return out, nil
}

func (r *mathRun) eval(n *mathNode) []mathSeries {
	switch {
	case n.op == "":
		return []mathSeries{{values: []float64{n.n}, single: true}}
	case n.op == "$":
		return r.named(n.name)
	case len(n.args) == 2:
		return r.pair(ofTwo[n.op], r.eval(&n.args[0]), r.eval(&n.args[1]))
	}
	of := r.eval(&n.args[0])
	out := make([]mathSeries, len(of))
	for i, s := range of {
		out[i] = s
		if r.work += len(s.values); r.work > maxMathWork {
			return nil
		}
		if f := ofOne[n.op]; f != nil {
			out[i].values = each(s.values, f)
		} else {
			out[i].values, out[i].single = []float64{Reduce(n.op, s.values)}, true
		}
	}
	return out
}

func each(v []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = f(v[i])
	}
	return out
}

// named are the series of a query; rows of a table are numbers, named by its texts.
func (r *mathRun) named(letter string) []mathSeries {
	var out []mathSeries
	for i := range r.answers {
		f := &r.answers[i]
		if f.Letter != letter {
			continue
		}
		for k := range f.Fields {
			fd := &f.Fields[k]
			if r.work++; r.work > maxMathWork {
				return nil
			}
			switch {
			case fd.Kind != Number:
			case len(fd.Nums) == len(r.times) && len(r.times) != 1 && !hasTexts(f):
				out = append(out, mathSeries{labels: fd.Labels, values: fd.Nums})
			default:
				for row := range fd.Nums {
					if r.work += rowWork * (len(fd.Labels) + len(f.Fields)); r.work > maxMathWork {
						return nil
					}
					out = append(out, mathSeries{labels: rowLabels(f, fd, row), values: fd.Nums[row : row+1], single: true})
				}
			}
		}
	}
	return out
}

func hasTexts(f *Frame) bool {
	return slices.ContainsFunc(f.Fields, func(fd Field) bool { return fd.Kind == Text })
}

func rowLabels(f *Frame, fd *Field, row int) map[string]string {
	out := maps.Clone(fd.Labels)
	for i := range f.Fields {
		if t := &f.Fields[i]; t.Kind == Text && t.Texts[row] != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[t.Name] = t.Texts[row]
		}
	}
	return out
}

// pair works on each two series that belong together.
func (r *mathRun) pair(f func(a, b float64) float64, left, right []mathSeries) []mathSeries {
	alone := len(left) == 1 && len(right) == 1
	var out []mathSeries
	for i := range left {
		for k := range right {
			a, b := &left[i], &right[k]
			if r.work += 1 + len(a.labels); r.work > maxMathWork {
				return nil
			}
			wider := a.labels
			switch {
			case within(b.labels, a.labels):
			case within(a.labels, b.labels):
				wider = b.labels
			case !alone:
				continue
			}
			s := mathSeries{labels: wider, single: a.single && b.single, values: make([]float64, max(len(a.values), len(b.values)))}
			r.work += len(s.values)
			for at := range s.values {
				s.values[at] = f(a.value(at), b.value(at))
			}
			out = append(out, s)
		}
	}
	return out
}

// value is that of the grid's place; a number is the same everywhere.
func (s *mathSeries) value(at int) float64 {
	if s.single {
		at = 0
	}
	if at >= len(s.values) {
		return math.NaN()
	}
	return s.values[at]
}

// within says whether all of some labels are among others.
func within(some, of map[string]string) bool {
	for k, v := range some {
		if of[k] != v {
			return false
		}
	}
	return true
}

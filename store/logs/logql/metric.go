package logql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tripod/store"
)

// Bounds of a metric query.
const (
	maxSteps  = 11_000
	maxSeries = 10_000
	maxCells  = 1 << 20 // partial results of a range aggregation
	maxValues = 4 << 20 // values of an answer, and those that quantiles keep
)

// Metric answers a metric query. Series are sorted by their labels, unless the
// query sorts them. A scalar is one series without labels. What could not be
// read is a store.ErrUnread beside the answer from all else.
func (en *Engine) Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error) {
	e, err := ParseExpr(q.Text)
	if err != nil {
		return nil, err
	}
	if _, ok := e.(*LogExpr); ok {
		return nil, &store.QueryError{Query: q.Text, End: len(q.Text), Msg: "this query asks for lines, not for numbers", Hint: "count them: count_over_time({…}[5m])"}
	}
	from, err := en.narrow(q.Narrow)
	if err != nil {
		return nil, err
	}
	ev := &evaluation{ctx: ctx, store: from, naive: en.naive, receipt: q.Receipt, text: q.Text, from: q.From, step: int64(q.Step), steps: 1}
	if q.Step < 0 || q.To < q.From {
		return nil, fmt.Errorf("the range ends before it begins: %w", store.ErrInvalid)
	}
	if q.Step > 0 {
		n := (q.To - q.From) / ev.step
		if n >= maxSteps {
			return nil, fmt.Errorf("%d steps of %v, at most %d; ask for a longer step: %w", n+1, q.Step, maxSteps, store.ErrInvalid)
		}
		ev.steps = int(n) + 1
	}
	v, err := ev.eval(e)
	if err != nil {
		return nil, err
	}
	return ev.answer(v), ev.unread
}

// evaluation is one metric query at work.
type evaluation struct {
	ctx        context.Context
	store      Store
	naive      bool
	receipt    *store.Receipt // nil when nobody wants one
	text       string
	from, step int64 // Unix ns; of the first step, between two
	steps      int
	values     int   // that were made so far
	unread     error // the first of what could not be read
}

// pass keeps the error of what could not be read for the end of the answer, and
// gives any other back.
func (ev *evaluation) pass(err error) error {
	if !errors.Is(err, store.ErrUnread) {
		return err
	}
	ev.unread = cmp.Or(ev.unread, err)
	return nil
}

// series has a value at each step where has says so.
type series struct {
	labels store.LogLabels
	values []float64
	has    []bool
	made   []bool // by a pair of series, whether it has a value or not
}

// vector is the value of an expression: series or, of a scalar, one value per
// step.
type vector struct {
	scalar  []float64
	series  []*series
	ordered bool // the order of series means something
}

func (ev *evaluation) fail(pos, end int, msg, hint string) error {
	return &store.QueryError{Query: ev.text, Pos: pos, End: end, Msg: msg, Hint: hint}
}

// newSeries makes room for a series, within the bounds.
func (ev *evaluation) newSeries(labels store.LogLabels) (*series, error) {
	if ev.values += ev.steps; ev.values > maxValues {
		return nil, fmt.Errorf("the answer has more than %d values; aggregate, or ask for a longer step: %w", maxValues, store.ErrTooLarge)
	}
	return &series{labels: labels, values: make([]float64, ev.steps), has: make([]bool, ev.steps)}, nil
}

func (ev *evaluation) eval(e Expr) (vector, error) {
	if err := ev.ctx.Err(); err != nil {
		return vector{}, err
	}
	switch e := e.(type) {
	case *Number:
		return vector{scalar: slices.Repeat([]float64{e.Value}, ev.steps)}, nil
	case *Vector:
		s, err := ev.newSeries(nil)
		if err != nil {
			return vector{}, err
		}
		for i := range s.values {
			s.values[i], s.has[i] = e.Value, true
		}
		return vector{series: []*series{s}}, nil
	case *RangeAgg:
		return ev.rangeAgg(e, e.Group)
	case *VectorAgg:
		return ev.vectorAgg(e)
	case *Binary:
		return ev.binary(e)
	case *LabelReplace:
		return ev.labelReplace(e)
	}
	return vector{}, fmt.Errorf("%T cannot be computed: %w", e, store.ErrInvalid)
}

// answer drops series without values.
func (ev *evaluation) answer(v vector) []store.LogSeries {
	if v.scalar != nil {
		v.series = []*series{{values: v.scalar, has: slices.Repeat([]bool{true}, ev.steps)}}
	}
	out := []store.LogSeries{}
	for _, s := range v.series {
		ls := store.LogSeries{Labels: s.labels}
		for i, ok := range s.has {
			if ok {
				ls.Points = append(ls.Points, store.LogPoint{Time: ev.from + int64(i)*ev.step, Value: s.values[i]})
			}
		}
		if len(ls.Points) > 0 {
			out = append(out, ls)
		}
	}
	if !v.ordered || ev.steps > 1 {
		slices.SortFunc(out, func(a, b store.LogSeries) int {
			return strings.Compare(labelsKey(a.Labels), labelsKey(b.Labels))
		})
	}
	return out
}

// window is one time window of a range aggregation in ns: later than from, up
// to and with to.
type window struct{ from, to int64 }

func (ev *evaluation) window(r *RangeAgg, step int) window {
	to := ev.from + int64(step)*ev.step - int64(r.Offset)
	return window{to - int64(r.Range), to}
}

// panes cut time at the ends of all windows, so that each window is a run of
// whole panes: pane i is later than at[i], up to and with at[i+1].
type panes struct{ at []int64 }

func (ev *evaluation) panes(r *RangeAgg) panes {
	at := make([]int64, 0, 2*ev.steps)
	for i := range ev.steps {
		w := ev.window(r, i)
		at = append(at, w.from, w.to)
	}
	slices.Sort(at)
	return panes{slices.Compact(at)}
}

// starts is the number of the pane that begins at a time.
func (p panes) starts(at int64) int {
	i, _ := slices.BinarySearch(p.at, at)
	return i
}

// holds is the number of the pane that a time behind its beginning lies in.
func (p panes) holds(at int64) int {
	i, _ := slices.BinarySearch(p.at, at)
	return i - 1
}

// pipelineError is what a line with an error makes of the whole query.
func pipelineError(l *line) error {
	return fmt.Errorf("pipeline error: '%s' for series: '%s'. Use a label filter to skip this error, as in | __error__!=%q, or | __error__=\"\" for any: %w",
		l.err, labelsText(l.all()), l.err, store.ErrInvalid)
}

// labelsText writes labels as a selector.
func labelsText(l store.LogLabels) string {
	list := make([]Matcher, len(l))
	for i := range l {
		list[i] = Matcher{Name: l[i].Name, Op: "=", Value: l[i].Value}
	}
	return selectorText(list)
}

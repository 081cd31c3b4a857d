package logql

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// leaf is a range aggregation at work.
type leaf struct {
	ev     *evaluation
	r      *RangeAgg
	group  *Grouping // nil keeps all labels
	fold   *fold
	panes  panes
	pl     *pipeline
	unwrap *Unwrap

	byKey    map[string]*cells
	byStream map[*store.LogLabel]*cells // where the stream alone decides
	key      []byte
	receipt  store.Receipt
	made     int // cells
	kept     int // values that quantiles keep
}

// cells are the accs of one series: those of panes that have samples, in order.
type cells struct {
	labels store.LogLabels
	pane   []int32
	acc    []acc
}

// rangeAgg computes a range aggregation, its series made by group.
func (ev *evaluation) rangeAgg(r *RangeAgg, group *Grouping) (vector, error) {
	pl, err := compilePipeline(r.Log, ev.naive)
	if err != nil {
		return vector{}, err
	}
	lf := &leaf{ev: ev, r: r, group: group, fold: foldOf(r.Fn), panes: ev.panes(r), pl: pl, unwrap: r.Log.unwrap()}
	lf.reset()
	if r.Fn == "absent_over_time" {
		lf.group = &Grouping{}
	}
	if lf.countable() {
		err = lf.count()
	} else {
		err = lf.scan()
	}
	if ev.receipt != nil {
		lf.receipt.Stages = pl.plan
		ev.receipt.Add(&lf.receipt)
	}
	if err != nil {
		return vector{}, err
	}
	if r.Fn == "absent_over_time" {
		return lf.absent()
	}
	return lf.vector()
}

// scan reads all records of the windows once, in order of time: a few of their
// labels or, when these are not enough, whole lines.
func (lf *leaf) scan() error {
	l := newLine()
	for _, asked := range lf.asked() {
		if err := lf.scanLabels(l, asked); !errors.Is(err, logs.ErrLines) {
			return err
		}
		lf.reset()
	}
	q := lf.query()
	lf.receipt.Reads = append(lf.receipt.Reads, lf.pl.reads())
	return lf.take(l, lf.pl.found(lf.ev.ctx, lf.ev.store, q, l))
}

// scanLabels is scan, if a few labels are enough.
func (lf *leaf) scanLabels(l *line, asked logs.Asked) error {
	q := lf.query()
	lf.receipt.Reads = []string{"fields: " + strings.Join(append([]string{"time, level, service, resource"}, asked.Labels...), ", ")}
	if lf.counts() && lf.pieces() <= maxPieces {
		err := lf.ev.store.Fold(lf.ev.ctx, lf.pl.node(), q, asked, time.Duration(lf.panes.piece()), lf.foldRow(l))
		return lf.ev.pass(err)
	}
	return lf.take(l, lf.pl.members(lf.ev.ctx, lf.ev.store, q, l, asked))
}

// query asks for the records of all windows.
func (lf *leaf) query() store.LogQuery {
	at := lf.panes.at
	q := store.LogQuery{Range: store.TimeRange{From: at[0] + 1, To: at[len(at)-1] + 1}, Oldest: true}
	if lf.ev.receipt != nil {
		q.Receipt = &lf.receipt
	}
	return q
}

// asked are the labels that stages and grouping ask about, as they may be told
// without lines: first what costs least.
func (lf *leaf) asked() (tries []logs.Asked) {
	labels, ok := lf.pl.asked()
	if !ok || lf.group == nil || lf.group.Without || strings.HasPrefix(lf.r.Fn, "bytes_") {
		return nil
	}
	labels = append(append([]string{}, labels...), lf.group.Labels...)
	if lf.pl.json != nil {
		return []logs.Asked{{Labels: labels}}
	}
	if len(lf.pl.left) == 0 {
		tries = append(tries, logs.Asked{}) // the streams may do
	}
	if len(labels) > 0 {
		tries = append(tries, logs.Asked{Labels: labels, Beside: true})
	}
	return tries
}

func (lf *leaf) reset() {
	lf.byKey, lf.byStream, lf.made, lf.kept = map[string]*cells{}, map[*store.LogLabel]*cells{}, 0, 0
}

// take adds the lines that l is started with and that stay.
func (lf *leaf) take(l *line, lines iter.Seq[error]) error {
	pane, used := 0, lf.used()
	for err := range lines {
		if err != nil {
			if err = lf.ev.pass(err); err != nil {
				return err
			}
			continue
		}
		for l.at > lf.panes.at[pane+1] {
			pane++
		}
		if !used[pane] {
			continue
		}
		if err := lf.line(l, pane); err != nil {
			return err
		}
	}
	return nil
}

// line adds a line that stays.
func (lf *leaf) line(l *line, pane int) error {
	if !lf.pl.through(l) && !l.lost {
		return nil
	}
	if !l.lost && l.err == "" {
		if err := lf.add(l, pane); err != nil {
			return err
		}
	}
	switch {
	case l.lost, l.err != "" && l.lean():
		return logs.ErrLines
	case l.err != "":
		return pipelineError(l)
	}
	return nil
}

// used says which panes lie in a window.
func (lf *leaf) used() []bool {
	used := make([]bool, len(lf.panes.at))
	next := 0
	for i := range lf.ev.steps {
		w := lf.ev.window(lf.r, i)
		for p := max(lf.panes.starts(w.from), next); lf.panes.at[p] < w.to; p++ {
			used[p] = true
			next = p
		}
	}
	return used
}

func (lf *leaf) add(l *line, pane int) error {
	c, err := lf.cellsOf(l)
	if err != nil {
		return err
	}
	a, err := lf.cell(c, pane)
	if err != nil {
		return err
	}
	if lf.r.Fn == "quantile_over_time" {
		if lf.kept++; lf.kept > maxValues {
			return fmt.Errorf("a quantile of more than %d values; ask for a shorter time: %w", maxValues, store.ErrTooLarge)
		}
	}
	if n := l.times(); n > 1 { // of a function that counts
		a.n += float64(n)
		a.a += float64(n)
		return nil
	}
	lf.fold.sample(a, l.at, lf.sample(l))
	return nil
}

// cell is the acc of a pane, which is mostly the last or a new one behind it.
func (lf *leaf) cell(c *cells, pane int) (*acc, error) {
	at, found := len(c.pane)-1, true
	if at < 0 || c.pane[at] != int32(pane) {
		at, found = slices.BinarySearch(c.pane, int32(pane))
	}
	if !found {
		if lf.made++; lf.made > maxCells {
			return nil, fmt.Errorf("more than %d partial results; group by fewer labels, or ask for a longer step: %w", maxCells, store.ErrTooLarge)
		}
		c.pane, c.acc = slices.Insert(c.pane, at, int32(pane)), slices.Insert(c.acc, at, acc{})
	}
	return &c.acc[at], nil
}

// sample is the value of a line.
func (lf *leaf) sample(l *line) float64 {
	switch {
	case strings.HasPrefix(lf.r.Fn, "bytes_"):
		return float64(len(l.text))
	case lf.unwrap != nil:
		return l.value
	}
	return 1
}

// cellsOf finds the series of a line.
func (lf *leaf) cellsOf(l *line) (*cells, error) {
	byStream := len(lf.pl.stages) == 0 && len(l.stream) > 0 && lf.inStream(l)
	if byStream {
		if c, ok := lf.byStream[&l.stream[0]]; ok {
			return c, nil
		}
	}
	lf.key = lf.appendKey(lf.key[:0], l)
	c, ok := lf.byKey[string(lf.key)]
	if !ok {
		if len(lf.byKey) >= maxSeries {
			return nil, fmt.Errorf("more than %d series; group by fewer labels: %w", maxSeries, store.ErrTooLarge)
		}
		c = &cells{labels: cloned(lf.labels(l))}
		lf.byKey[string(lf.key)] = c
	}
	if byStream {
		if len(lf.byStream) >= maxSenders {
			clear(lf.byStream)
		}
		lf.byStream[&l.stream[0]] = c
	}
	return c, nil
}

// inStream says whether the stream's labels alone decide about the series.
func (lf *leaf) inStream(l *line) bool {
	if lf.group == nil || lf.group.Without {
		return false
	}
	for _, name := range lf.group.Labels {
		if l.find(name) < 0 && (name != "level" || l.levelLabel() != "") {
			return false
		}
	}
	return true
}

// appendKey is equal for lines of one series.
func (lf *leaf) appendKey(key []byte, l *line) []byte {
	if lf.group != nil && !lf.group.Without {
		for _, name := range lf.group.Labels {
			key = append(append(key, l.get(name)...), 0)
		}
		return key
	}
	return append(key, labelsKey(lf.labels(l))...)
}

// labels are those of a line's series.
func (lf *leaf) labels(l *line) store.LogLabels {
	var out store.LogLabels
	if lf.group != nil && !lf.group.Without {
		for _, name := range lf.group.Labels {
			if value := l.get(name); value != "" {
				out = append(out, store.LogLabel{Name: name, Value: value})
			}
		}
		return slices.Compact(sorted(out))
	}
	for _, have := range l.all() {
		if lf.unwrap != nil && have.Name == lf.unwrap.Label || lf.group != nil && slices.Contains(lf.group.Labels, have.Name) || have.Value == "" {
			continue
		}
		out = append(out, have)
	}
	return out
}

// cloned shares no memory with the line.
func cloned(l store.LogLabels) store.LogLabels {
	if len(l) == 0 {
		return nil
	}
	out := make(store.LogLabels, len(l))
	for i := range l {
		out[i] = store.LogLabel{Name: strings.Clone(l[i].Name), Value: strings.Clone(l[i].Value)}
	}
	return out
}

// vector reads each series in each window.
func (lf *leaf) vector() (vector, error) {
	var out vector
	for _, c := range lf.byKey {
		s, err := lf.ev.newSeries(c.labels)
		if err != nil {
			return vector{}, err
		}
		if err := lf.read(c, s); err != nil {
			return vector{}, err
		}
		out.series = append(out.series, s)
	}
	slices.SortFunc(out.series, func(a, b *series) int { return strings.Compare(labelsKey(a.labels), labelsKey(b.labels)) })
	return out, nil
}

// read fills a series in.
func (lf *leaf) read(c *cells, s *series) error {
	begin := 0
	for i := range s.values {
		w := lf.ev.window(lf.r, i)
		from := int32(lf.panes.starts(w.from))
		for begin < len(c.pane) && c.pane[begin] < from {
			begin++
		}
		var sum acc
		for k := begin; k < len(c.pane) && lf.panes.at[c.pane[k]] < w.to; k++ {
			lf.fold.join(&sum, &c.acc[k])
		}
		if sum.n > 0 {
			s.values[i], s.has[i] = lf.fold.value(&sum, lf.r, w), true
		}
		if i%64 == 0 && lf.ev.ctx.Err() != nil {
			return lf.ev.ctx.Err()
		}
	}
	return nil
}

// absent is 1 where no line is, with the labels that the selector is sure of.
func (lf *leaf) absent() (vector, error) {
	there, err := lf.vector()
	if err != nil {
		return vector{}, err
	}
	s, err := lf.ev.newSeries(sureLabels(lf.r.Log.Matchers))
	if err != nil {
		return vector{}, err
	}
	for i := range s.values {
		s.values[i], s.has[i] = 1, !slices.ContainsFunc(there.series, func(t *series) bool { return t.has[i] })
	}
	return vector{series: []*series{s}}, nil
}

func sureLabels(list []Matcher) store.LogLabels {
	var out store.LogLabels
	for i, m := range list {
		once := !slices.ContainsFunc(slices.Concat(list[:i], list[i+1:]), func(o Matcher) bool { return o.Name == m.Name })
		if m.Op == "=" && once && m.Value != "" {
			out = append(out, store.LogLabel{Name: m.Name, Value: m.Value})
		}
	}
	return sorted(out)
}

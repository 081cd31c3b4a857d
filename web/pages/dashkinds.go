package pages

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
	"tripod/dashboard/frames"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// heat draws histograms over time, a row for each bucket. Buckets of le are
// cumulative; each row has what is in its bucket alone.
func (d *dashDraw) heat(all []shown) screens.DashBody {
	rows := slices.Clone(all)
	le := slices.ContainsFunc(rows, func(s shown) bool { return s.Labels["le"] != "" })
	bound := func(s *shown) float64 {
		text := s.name
		if le {
			text = s.Labels["le"]
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return math.NaN()
		}
		return n
	}
	slices.SortStableFunc(rows, func(a, b shown) int { return compareNaN(bound(&a), bound(&b)) })
	h := &chart.Heat{Step: int64(d.a.step)}
	for _, t := range d.a.times {
		h.Starts = append(h.Starts, int64(t)*1e6-int64(d.a.step)) // an increase is of what came before its time
	}
	var names []string
	var bounds []float64
	before := make([]float64, len(d.a.times))
	for i := range rows[:min(len(rows), 80)] {
		s := &rows[i]
		values := s.Nums
		if len(values) != len(d.a.times) {
			values = d.regrid(s.times, values)
		}
		if le {
			values = above(values, before)
		}
		h.Rows, names, bounds = append(h.Rows, values), append(names, bucketName(bound(s), s, d.one.Unit)), append(bounds, bound(s))
	}
	links := d.heatLinks(bounds)
	from, to := trimRows(h.Rows)
	h.Rows, names = h.Rows[from:to], names[from:to]
	if links != nil {
		links.Rows = links.Rows[from:to]
	}
	h.Frame = d.frameOf(d.one.Title+": heat map of "+strconv.Itoa(len(h.Rows))+" buckets", d.plotHeight(22), heatLeft(names))
	h.From -= int64(d.a.step)
	h.Grid = rowNames(names, h.Height)
	return screens.DashBody{Heat: h, HeatLinks: links}
}

// above is what is in a bucket and not in those below it, which are in before
// and grow by it.
func above(values, before []float64) []float64 {
	own := make([]float64, len(values))
	for k, v := range values {
		own[k] = v - before[k]
		if !math.IsNaN(v) {
			own[k] = max(own[k], 0)
			before[k] = v
		}
	}
	return own
}

func bucketName(bound float64, s *shown, unit string) string {
	switch {
	case math.IsInf(bound, 1):
		return "more"
	case math.IsNaN(bound):
		return cut(s.name, 24)
	}
	return chart.Value(bound, unit, -1).String()
}

// trimRows leaves out rows without anything, at both ends.
func trimRows(rows [][]float64) (from, to int) {
	empty := func(r []float64) bool {
		return !slices.ContainsFunc(r, func(v float64) bool { return v > 0 })
	}
	to = len(rows)
	for to-from > 3 && empty(rows[from]) {
		from++
	}
	for to-from > 3 && empty(rows[to-1]) {
		to--
	}
	return from, to
}

// rowNames are the names beside the rows, as many as there is room for.
func rowNames(names []string, height int) []chart.YTick {
	every := max(1, (len(names)*14+height-1)/max(height, 1))
	var out []chart.YTick
	for i := 0; i < len(names); i += every {
		out = append(out, chart.YTick{At: (float64(i) + 0.5) / float64(len(names)), Text: names[i]})
	}
	return out
}

func heatLeft(names []string) int {
	longest := 3
	for _, n := range names {
		longest = max(longest, len([]rune(n)))
	}
	return min(10+6*longest, 130)
}

// histogram counts values by size.
func (d *dashDraw) histogram(all []shown) screens.DashBody {
	var values []float64
	for i := range all {
		for _, v := range all[i].Nums {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				values = append(values, v)
			}
		}
	}
	if len(values) == 0 {
		return screens.DashBody{Empty: "No values in this time range"}
	}
	lo, hi := slices.Min(values), slices.Max(values)
	const buckets = 30
	width := (hi - lo) / buckets
	if width <= 0 || math.IsInf(width, 0) {
		width = 1
	}
	counts := make([]float64, buckets)
	for _, v := range values {
		counts[min(buckets-1, int((v-lo)/width))]++
	}
	c := &chart.Columns{Label: d.one.Title + ": values by size", Height: d.plotHeight(0), Left: 34, Stacks: []chart.Stack{{Class: "c10", Name: "values", Values: counts}}}
	for i := range counts {
		c.Names = append(c.Names, chart.ValueTick(lo+width*float64(i), all[0].look.unit))
	}
	return screens.DashBody{Columns: c}
}

// columns are bars side by side: a group for each row of a table, or a bar for
// each series.
func (d *dashDraw) columns(all []shown) screens.DashBody {
	c := &chart.Columns{Label: d.one.Title + ": bar chart", Height: d.plotHeight(22)}
	look := all[0].look
	c.Format = func(v float64) string { return chart.ValueTick(v, look.unit) }
	var b screens.DashBody
	if f := textFrame(d.a.frames); f != nil {
		for i := range f.Fields {
			fd := &f.Fields[i]
			switch {
			case fd.Kind == frames.Text && len(c.Names) == 0:
				c.Names = fd.Texts[:min(len(fd.Texts), dashRows)]
			case fd.Kind == frames.Number:
				slot := 10 - len(c.Stacks)%10
				c.Stacks = append(c.Stacks, chart.Stack{Class: "c" + strconv.Itoa(slot), Name: fd.Display(), Values: fd.Nums})
			}
		}
	} else {
		stack := chart.Stack{Class: all[0].class()}
		for i := range all[:min(len(all), dashRows)] {
			c.Names = append(c.Names, all[i].name)
			stack.Values = append(stack.Values, d.reduced(&all[i]))
		}
		c.Stacks = []chart.Stack{stack}
	}
	top := 0.0
	for _, s := range c.Stacks {
		if len(c.Stacks) > 1 {
			b.Legend = append(b.Legend, screens.DashLegend{Class: s.Class, Name: s.Name})
		}
		for _, v := range s.Values {
			if !math.IsNaN(v) {
				top = max(top, v)
			}
		}
	}
	c.Left = d.left(&screens.DashData{Top: chart.Top(top)}, look.unit)
	b.Columns = c
	return b
}

// textFrame is the first frame that has texts.
func textFrame(frames []frames.Frame) *frames.Frame {
	for i := range frames {
		if rowsAreSeries(&frames[i]) {
			return &frames[i]
		}
	}
	return nil
}

func (d *dashDraw) pie(all []shown) screens.DashBody {
	var b screens.DashBody
	total := 0.0
	for i := range all {
		if n := d.reduced(&all[i]); n > 0 {
			total += n
		}
	}
	if total <= 0 {
		return screens.DashBody{Empty: "Nothing to divide: all values are 0"}
	}
	for i := range all[:min(len(all), dashMeters)] {
		s := &all[i]
		n := d.reduced(s)
		q, _ := s.look.value(n)
		b.Pie = append(b.Pie, chart.Slice{Class: s.class(), Name: s.name + ": " + q.String() + ", " + chart.Percent(n/total).String(), Value: n})
		b.Legend = append(b.Legend, screens.DashLegend{Class: s.class(), Name: s.name, Last: chart.Percent(n / total)})
	}
	return b
}

// table shows frames as they are, below each other where there are several.
func (d *dashDraw) table() screens.DashBody {
	f := d.tableFrame()
	name, desc := strings.CutPrefix(d.one.Sort, "-")
	if name != "" {
		f = frames.Sort(f, name, desc)
	}
	t := &screens.DashTable{}
	var looks []dashLook
	var cols []int
	for i := range f.Fields {
		fd := &f.Fields[i]
		l := d.look(fd, f.Letter)
		if l.hidden {
			continue
		}
		h := screens.DashHead{Text: cmp.Or(l.title, fd.Display()), Number: fd.Kind == frames.Number}
		if name != "" && (fd.Name == name || fd.Display() == name) {
			h.Sorted = map[bool]string{true: "↓", false: "↑"}[desc]
		}
		t.Heads, looks, cols = append(t.Heads, h), append(looks, l), append(cols, i)
	}
	limit := dashRows
	if d.one.Limit > 0 {
		limit = min(limit, d.one.Limit)
	}
	for r := range min(f.Rows(), limit) {
		row := make([]screens.DashCell, len(cols))
		for k, i := range cols {
			row[k] = d.cell(&f.Fields[i], &looks[k], r)
			if row[k].Trend != nil {
				row[k].Class = d.rowColour(&f, r)
			}
		}
		t.Rows = append(t.Rows, row)
		t.Links = append(t.Links, d.rowLink(&f, r))
	}
	if len(t.Rows) == 0 {
		return screens.DashBody{Empty: "No rows in this time range"}
	}
	return screens.DashBody{Table: t, More: more(f.Rows(), limit)}
}

// tableFrame is one table of the whole answer: series become rows.
func (d *dashDraw) tableFrame() frames.Frame {
	list := d.a.frames
	if len(list) == 1 {
		return list[0]
	}
	series := true
	for i := range list {
		series = series && len(list[i].Fields) == 2 && list[i].Fields[0].Kind == frames.Time
	}
	if series {
		rows := frames.Apply([]dashboard.Transform{{Kind: "reduce", Names: []string{cmp.Or(d.one.Reduce, "lastnotnull")}}}, list)
		return rows[0]
	}
	all := list[0]
	for _, f := range list[1:] {
		all = frames.Stack(all, f)
	}
	return all
}

// rowColour is that of the service that a row is of.
func (d *dashDraw) rowColour(f *frames.Frame, r int) string {
	for i := range f.Fields {
		if fd := &f.Fields[i]; fd.Kind == frames.Text && namesService(fd.Name) && fd.Texts[r] != "" {
			return "c" + strconv.Itoa(d.p.o.Slots(fd.Texts[r]))
		}
	}
	return "k-mute"
}

func namesService(column string) bool {
	n := strings.ToLower(column)
	return n == "service" || n == "service_name"
}

func (d *dashDraw) cell(fd *frames.Field, l *dashLook, r int) screens.DashCell {
	if fd.Kind == frames.Trend {
		q, _ := l.value(fd.Number(r))
		return screens.DashCell{Text: "last " + q.String(), Trend: dashShape(fd.Lines[r])}
	}
	if fd.Kind != frames.Number {
		text := fd.String(r)
		c := screens.DashCell{Text: text}
		if said, tone, ok := mappedText(text, math.NaN(), l.mappings); ok || tone != "" {
			c.Text, c.Tone = cmp.Or(said, text), tone
		}
		if namesService(fd.Name) {
			c.Class = "c" + strconv.Itoa(d.p.o.Slots(text))
		}
		return c
	}
	q, tone := l.value(fd.Number(r))
	return screens.DashCell{Text: q.N, Unit: q.Unit, Tone: tone}
}

// numbersTable are the numbers of a picture: one row a series, exact.
func (d *dashDraw) numbersTable(all []shown) screens.DashBody {
	t := &screens.DashTable{Heads: []screens.DashHead{{Text: "Series"}, {Text: "Last", Number: true}, {Text: "Min", Number: true}, {Text: "Mean", Number: true}, {Text: "Max", Number: true}}}
	for i := range all[:min(len(all), dashRows)] {
		s := &all[i]
		row := []screens.DashCell{{Text: s.name}}
		for _, how := range [...]string{"lastnotnull", "min", "mean", "max"} {
			q, tone := s.look.value(frames.Reduce(how, s.Nums))
			row = append(row, screens.DashCell{Text: q.N, Unit: q.Unit, Tone: tone})
		}
		t.Rows = append(t.Rows, row)
	}
	return screens.DashBody{Table: t, More: more(len(all), dashRows)}
}

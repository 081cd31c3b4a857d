package pages

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/dashboard"
	"tripod/dashboard/frames"
	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/markdown"
	"tripod/ui/screens"
)

const (
	dashSeries = 60  // lines of one chart
	dashMeters = 40  // bars, dials and numbers of one panel
	dashRows   = 200 // of a table
)

// dashBody asks and draws one panel; what fails says why, and a panic is the
// end of the panel only: panels are drawn in goroutines, where it would be that
// of the process.
func (p *Pages) dashBody(ctx context.Context, v *dashView, one *dashboard.Scoped) (b screens.DashBody) {
	defer func() {
		if why := recover(); why != nil {
			p.o.Log.Error("page", "part", "panel "+one.Title, "panic", why, "stack", string(debug.Stack()))
			b = screens.DashBody{Failed: "The panel cannot be drawn: a fault of the appliance, which its log tells more of."}
		}
	}()
	switch one.Kind {
	case dashboard.Text:
		scope := v.scope(one, nil)
		return screens.DashBody{HTML: markdown.HTML(scope.Title(one.Text))}
	case dashboard.Placeholder:
		return screens.DashBody{Missing: one.Text}
	case dashboard.Logs:
		return p.dashLogs(ctx, v, one)
	case dashboard.Traces:
		return p.dashTraces(ctx, v, one)
	}
	a, err := p.dashAsk(ctx, v, one)
	if err != nil {
		return screens.DashBody{Failed: p.dashReason(ctx, one, err)}
	}
	d := &dashDraw{p: p, v: v, one: one, a: a}
	d.usual = p.dashUsual(ctx, d)
	if one.Kind == dashboard.TimeSeries || one.Kind == dashboard.Heatmap {
		d.flags = p.flags(ctx, &v.st, a.from, a.to, widthOf(one.Place.W))
	}
	b = d.body()
	b.Notes = append(b.Notes, a.notes...)
	return b
}

// dashReason is an error of a panel in words.
func (p *Pages) dashReason(ctx context.Context, one *dashboard.Scoped, err error) string {
	var qe *store.QueryError
	if errors.As(err, &qe) {
		return sentence(err.Error())
	}
	return p.reason(ctx, "panel "+one.Title, err)
}

// dashDraw draws one answer.
type dashDraw struct {
	p   *Pages
	v   *dashView
	one *dashboard.Scoped
	a   *dashAnswer

	usual usualNumber
	flags []chart.Mark
}

func (d *dashDraw) body() screens.DashBody {
	fields := d.numbers()
	if len(fields) == 0 && (d.one.Kind != dashboard.Table || len(d.a.frames) == 0) {
		return screens.DashBody{Empty: "No data in this time range"}
	}
	if asTable(d.one.Kind) && slices.Contains(d.v.st.Values["table"], d.one.Key) {
		return d.numbersTable(fields)
	}
	switch d.one.Kind {
	case dashboard.Stat:
		return d.stats(fields)
	case dashboard.Gauge:
		return d.dials(fields)
	case dashboard.BarGauge:
		return d.meters(fields)
	case dashboard.Table:
		return d.table()
	case dashboard.Heatmap:
		return d.heat(fields)
	case dashboard.Histogram:
		return d.histogram(fields)
	case dashboard.BarChart:
		return d.columns(fields)
	case dashboard.Pie:
		return d.pie(fields)
	}
	return d.series(fields)
}

// shown is a number of an answer with how it is shown.
type shown struct {
	frames.Field
	times  []float64 // Unix ms of its values; nil when they have none
	name   string
	look   dashLook
	slot   int
	letter string
	tone   string
}

// dashLook is the panel's look with what overrides say of one field.
type dashLook struct {
	unit       string
	decimals   int // below 0: three significant digits
	min, max   *float64
	thresholds []dashboard.Threshold
	mappings   []dashboard.Mapping
	draw       dashboard.Draw
	hidden     bool
	negate     bool // drawn downwards
	title      string
	colour     int
	tone       string
}

// numbers are the fields that have numbers, coloured.
func (d *dashDraw) numbers() []shown {
	var out []shown
	for fi := range d.a.frames {
		f := &d.a.frames[fi]
		var times []float64
		for i := range f.Fields {
			if f.Fields[i].Kind == frames.Time && times == nil {
				times = f.Fields[i].Nums
			}
		}
		// rows of a table are as many numbers, each named by its texts
		byRow := d.one.Kind != dashboard.Table && d.one.Kind != dashboard.BarChart && rowsAreSeries(f)
		for i := range f.Fields {
			fd := &f.Fields[i]
			if fd.Kind != frames.Number {
				continue
			}
			if byRow {
				out = append(out, d.rowFields(f, fd)...)
				continue
			}
			one := shown{Field: *fd, times: times, name: fd.Display(), letter: f.Letter}
			if one.name == "Value" {
				one.name = d.one.Title
			}
			one.look = d.look(&one.Field, f.Letter)
			if one.look.title != "" {
				one.name = one.look.title
			}
			if one.look.negate {
				one.Nums = negated(one.Nums)
			}
			if !one.look.hidden {
				out = append(out, one)
			}
		}
	}
	d.colour(out)
	return out
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = -v[i]
	}
	return out
}

// rowsAreSeries says whether a frame is a table with texts.
func rowsAreSeries(f *frames.Frame) bool {
	return slices.ContainsFunc(f.Fields, func(fd frames.Field) bool { return fd.Kind == frames.Text })
}

func (d *dashDraw) rowFields(f *frames.Frame, fd *frames.Field) []shown {
	var out []shown
	for r := range min(f.Rows(), dashRows) {
		var words []string
		labels := map[string]string{}
		for i := range f.Fields {
			if f.Fields[i].Kind == frames.Text {
				words = append(words, f.Fields[i].Texts[r])
				labels[f.Fields[i].Name] = f.Fields[i].Texts[r]
			}
		}
		one := shown{Field: frames.Field{Name: fd.Name, Labels: labels, Nums: []float64{fd.Nums[r]}}, name: strings.Join(words, " "), letter: f.Letter}
		one.look = d.look(fd, f.Letter)
		out = append(out, one)
	}
	return out
}

// colour gives series their slots: that of the service, where services tell all
// apart, or counted down from the last.
func (d *dashDraw) colour(all []shown) {
	seen := map[string]bool{}
	services := len(all) > 0
	for i := range all {
		s := serviceOf(all[i].Labels)
		services = services && s != "" && !seen[s]
		seen[s] = true
	}
	for i := range all {
		all[i].slot = 10 - i%10
		if services {
			all[i].slot = d.p.o.Slots(serviceOf(all[i].Labels))
		}
		if c := all[i].look.colour; c > 0 {
			all[i].slot = c
		}
		all[i].tone = all[i].look.tone
	}
}

func serviceOf(labels map[string]string) string {
	for _, n := range [...]string{"service_name", "service", "resource.service.name", "service.name"} {
		if s := labels[n]; s != "" {
			return s
		}
	}
	return ""
}

// class is the colour of a series.
func (s *shown) class() string {
	if s.tone != "" {
		return "k-" + s.tone
	}
	return "c" + strconv.Itoa(s.slot)
}

// one is the single number that a field comes to.
func (d *dashDraw) reduced(s *shown) float64 {
	how := d.one.Reduce
	if how == "" {
		how = "lastnotnull"
	}
	return frames.Reduce(how, s.Nums)
}

// value writes a number with its unit, or what mappings say in place of it.
func (l *dashLook) value(n float64) (q chart.Quantity, tone string) {
	tone = toneOf(n, l.thresholds)
	if text, t, ok := mapped(n, l.mappings); ok {
		if t != "" {
			tone = t
		}
		return chart.Quantity{N: text}, tone
	}
	return chart.Value(n, l.unit, l.decimals), tone
}

func toneOf(n float64, all []dashboard.Threshold) string {
	tone := ""
	if math.IsNaN(n) {
		return ""
	}
	for _, t := range all {
		if t.At == nil || n >= *t.At {
			tone = t.Tone
		}
	}
	return tone
}

// mapped is what a mapping says of a number.
func mapped(n float64, all []dashboard.Mapping) (text, tone string, ok bool) {
	return mappedText(strconv.FormatFloat(n, 'f', -1, 64), n, all)
}

func mappedText(as string, n float64, all []dashboard.Mapping) (text, tone string, ok bool) {
	for _, m := range all {
		hit := false
		switch {
		case m.Empty:
			hit = math.IsNaN(n) && as == "NaN" || as == ""
		case m.Value != "":
			hit = m.Value == as
		case m.Match != "":
			hit = matchText(m.Match, as)
		case m.From != nil || m.To != nil:
			hit = !math.IsNaN(n) && (m.From == nil || n >= *m.From) && (m.To == nil || n <= *m.To)
		}
		if hit {
			if m.Text == "" {
				return as, m.Tone, false
			}
			return m.Text, m.Tone, true
		}
	}
	return "", "", false
}

// stats are single numbers; one alone shows its shape.
func (d *dashDraw) stats(all []shown) screens.DashBody {
	var b screens.DashBody
	for i := range all[:min(len(all), dashMeters)] {
		s := &all[i]
		n := d.reduced(s)
		q, tone := s.look.value(n)
		st := screens.DashStat{Name: s.name, Value: q, Tone: tone, Exact: exact(n), Class: "k-mute", Note: d.one.Hint}
		if tone == "err" || tone == "warn" {
			st.Class = "k-" + tone
		}
		if !math.IsNaN(d.usual.n) {
			q, _ := s.look.value(d.usual.n)
			st.Note, st.About = "usually "+q.String(), strings.TrimPrefix(d.one.Hint+"; usually: "+d.usual.why, "; ")
		}
		if d.one.Spark {
			st.Values = dashShape(s.Nums)
		}
		b.Stats = append(b.Stats, st)
	}
	b.More = more(len(all), dashMeters)
	return b
}

// shape is a small line from its least value up.
func dashShape(v []float64) []float64 {
	least := 0.0
	for _, f := range v {
		if f < least {
			least = f
		}
	}
	out := make([]float64, len(v))
	for i, f := range v {
		if math.IsInf(f, 0) {
			f = math.NaN()
		}
		out[i] = f - least
	}
	return out
}

func more(n, most int) string {
	if n <= most {
		return ""
	}
	return "Shown are " + strconv.Itoa(most) + " of " + chart.Count(int64(n)) + "."
}

// scale is from where to where a number is measured.
func (d *dashDraw) scale(all []shown, l *dashLook) (lo, hi float64) {
	least, most := 0.0, 0.0
	for i := range all {
		n := d.reduced(&all[i])
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			least, most = min(least, n), max(most, n)
		}
	}
	lo, hi = least, most
	switch {
	case l.max != nil:
		hi = *l.max
	case l.unit == "%":
		hi = max(1, most)
	case l.unit == "%100":
		hi = max(100, most)
	}
	if l.min != nil {
		lo = *l.min
	}
	if hi <= lo {
		hi = lo + 1
	}
	return lo, hi
}

func share01(n, lo, hi float64) float64 {
	if math.IsNaN(n) {
		return 0
	}
	return min(max((n-lo)/(hi-lo), 0), 1)
}

// meters are bars of a list; without a scale of its own the greatest is whole.
func (d *dashDraw) meters(all []shown) screens.DashBody {
	d.arrange(all)
	limit := dashMeters
	if d.one.Limit > 0 {
		limit = min(d.one.Limit, dashMeters)
	}
	var b screens.DashBody
	for i := range all[:min(len(all), limit)] {
		s := &all[i]
		n := d.reduced(s)
		q, tone := s.look.value(n)
		lo, hi := d.scale(all, &s.look)
		b.Meters = append(b.Meters, screens.DashMeter{Name: s.name, Value: q, Tone: tone, Share: share01(n, lo, hi), Exact: exact(n)})
	}
	return b
}

// arrange sorts by what the panel says: -Value, Value or a name.
func (d *dashDraw) arrange(all []shown) {
	name, desc := strings.CutPrefix(d.one.Sort, "-")
	if name == "" {
		return
	}
	slices.SortStableFunc(all, func(a, b shown) int {
		x, y := d.reduced(&a), d.reduced(&b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		case x == y:
			return strings.Compare(a.name, b.name)
		case (x < y) != desc:
			return -1
		}
		return 1
	})
}

func (d *dashDraw) dials(all []shown) screens.DashBody {
	var b screens.DashBody
	for i := range all[:min(len(all), 12)] {
		s := &all[i]
		n := d.reduced(s)
		q, tone := s.look.value(n)
		lo, hi := d.scale(all, &s.look)
		dial := chart.Dial{Label: s.name + ": " + q.String(), Share: share01(n, lo, hi), Class: "k-info"}
		if tone != "" {
			dial.Class = "k-" + tone
		}
		for k, t := range s.look.thresholds {
			from, to := 0.0, 1.0
			if t.At != nil {
				from = share01(*t.At, lo, hi)
			}
			if k+1 < len(s.look.thresholds) && s.look.thresholds[k+1].At != nil {
				to = share01(*s.look.thresholds[k+1].At, lo, hi)
			}
			if t.Tone != "" {
				dial.Bands = append(dial.Bands, chart.Band{From: from, To: to, Class: "k-" + t.Tone})
			}
		}
		name := s.name
		if len(all) == 1 {
			name = "" // the panel's title says it
		}
		b.Dials = append(b.Dials, screens.DashDial{Name: name, Value: q, Tone: tone, Dial: dial})
	}
	b.More = more(len(all), 12)
	return b
}

// dashHeight is how many px a panel leaves for its plot.
func (d *dashDraw) plotHeight(legend int) int {
	const head, foot, axis, gap, unit = 37, 13, 24, 12, 38
	return max(40, unit*d.one.Place.H-gap-head-foot-axis-legend)
}

func (d *dashDraw) frameOf(label string, height, left int) chart.Frame {
	return chart.Frame{Label: label, Height: height, Left: left, From: d.a.from.UnixNano(), To: d.a.to.UnixNano(), Brush: true, Ticks: max(3, d.one.Place.W*6/10), Marks: d.flags}
}

func (d *dashDraw) timesS() []int64 {
	out := make([]int64, len(d.a.times))
	for i, t := range d.a.times {
		out[i] = int64(t) / 1000
	}
	return out
}

func (d *dashDraw) stepSeconds() int64 { return int64(d.a.step / time.Second) }

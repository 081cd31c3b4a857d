package pages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"

	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	maxMetrics   = 1500 // names in the browser
	maxLabelSets = 2000 // series looked at for the labels of one metric
)

// family is a metric as people choose it: a histogram is one, not three.
type family struct {
	name   string
	typ    model.MetricType
	help   string
	series int64
	names  []string // those of its series
	unit   string   // seconds, bytes …
}

// families joins the names of series with what is known of them.
func families(counts map[string]int64, known map[string]metadata.Metadata) []family {
	byName := map[string]*family{}
	for name, n := range counts {
		base, md := familyOf(name, counts, known)
		f := byName[base]
		if f == nil {
			f = &family{name: base, typ: md.Type, help: md.Help, unit: md.Unit}
			byName[base] = f
		}
		f.series += n
		f.names = append(f.names, name)
	}
	out := make([]family, 0, len(byName))
	for _, f := range byName {
		if f.typ == "" || f.typ == model.MetricTypeUnknown {
			f.typ = guessType(f)
		}
		f.unit = cmp.Or(f.unit, unitWord(f.name))
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b family) int { return cmp.Compare(a.name, b.name) })
	return out
}

func familyOf(name string, counts map[string]int64, known map[string]metadata.Metadata) (string, metadata.Metadata) {
	for _, suffix := range [...]string{"_bucket", "_count", "_sum"} {
		base, ok := strings.CutSuffix(name, suffix)
		if !ok {
			continue
		}
		md := known[base]
		histogram := md.Type == model.MetricTypeHistogram || md.Type == model.MetricTypeSummary
		if histogram || counts[base+"_bucket"] > 0 && counts[base+"_count"] > 0 {
			return base, md
		}
	}
	if md, ok := known[name]; ok {
		return name, md
	}
	base := strings.TrimSuffix(name, "_total") // OpenMetrics names a counter's family without it
	return name, known[base]
}

func guessType(f *family) model.MetricType {
	if slices.Contains(f.names, f.name+"_bucket") {
		return model.MetricTypeHistogram
	}
	if strings.HasSuffix(f.name, "_total") {
		return model.MetricTypeCounter
	}
	return model.MetricTypeUnknown
}

// query asks for what is usually wanted of a metric of this kind.
func (f *family) query() string {
	by := "sum by (service_name) "
	switch f.typ {
	case model.MetricTypeCounter:
		return by + "(rate(" + f.name + "[$__rate]))"
	case model.MetricTypeHistogram:
		return f.quantile("0.95")
	case model.MetricTypeGaugeHistogram:
		return "histogram_quantile(0.95, sum by (le, service_name) (" + f.name + "_bucket))"
	}
	return f.name
}

// quantile knows native histograms, which have no buckets of their own name.
func (f *family) quantile(q string) string {
	if !slices.Contains(f.names, f.name+"_bucket") {
		return "histogram_quantile(" + q + ", sum by (service_name) (rate(" + f.name + "[$__rate])))"
	}
	return "histogram_quantile(" + q + ", sum by (le, service_name) (rate(" + f.name + "_bucket[$__rate])))"
}

// buckets asks how many values fell into each bucket.
func (f *family) buckets() string {
	if !slices.Contains(f.names, f.name+"_bucket") {
		return "sum(rate(" + f.name + "[$__rate]))"
	}
	return "sum by (le) (rate(" + f.name + "_bucket[$__rate]))"
}

// asked is a name of the family that has series.
func (f *family) asked() string {
	for _, name := range [...]string{f.name, f.name + "_total", f.name + "_bucket", f.name + "_sum"} {
		if slices.Contains(f.names, name) {
			return name
		}
	}
	return f.name
}

// unitWord is the unit that a metric's name ends with.
func unitWord(name string) string {
	name = strings.TrimSuffix(name, "_total")
	for _, u := range [...]string{"seconds", "bytes", "ratio", "celsius", "meters", "volts", "amperes", "joules", "grams"} {
		if strings.HasSuffix(name, "_"+u) {
			return u
		}
	}
	return ""
}

// sourceOf names who sends a metric, if it is few.
func sourceOf(sets []labels.Labels) string {
	var jobs []string
	for _, ls := range sets {
		if job := cmp.Or(ls.Get("service_name"), ls.Get("job")); job != "" && !slices.Contains(jobs, job) {
			jobs = append(jobs, job)
		}
	}
	slices.Sort(jobs)
	switch n := len(jobs); {
	case n == 0:
		return ""
	case n <= 3:
		return "from " + strings.Join(jobs, ", ")
	default:
		return fmt.Sprintf("from %s and %d more", strings.Join(jobs[:2], ", "), n-2)
	}
}

func (f *family) letter() string {
	switch f.typ {
	case model.MetricTypeCounter:
		return "C"
	case model.MetricTypeGauge, model.MetricTypeInfo, model.MetricTypeStateset:
		return "G"
	case model.MetricTypeHistogram, model.MetricTypeGaugeHistogram:
		return "H"
	case model.MetricTypeSummary:
		return "S"
	}
	return "?"
}

// metricBrowser lists the metrics of the time range's end.
func (p *Pages) metricBrowser(ctx context.Context, st *State, queries metricQueries, given bool) screens.MetricBrowser {
	to := time.Unix(0, st.Range.To)
	matrix, _, _, err := p.o.Metrics.Measured(ctx, `count by (__name__) ({__name__!=""})`, to, to, time.Second)
	if err != nil {
		return screens.MetricBrowser{Failed: "The list of metrics is missing. " + p.reason(ctx, "metric names", err)}
	}
	counts := map[string]int64{}
	for _, s := range matrix {
		if name := s.Metric.Get(labels.MetricName); name != "" && len(s.Floats) > 0 && !math.IsNaN(s.Floats[0].F) {
			counts[name] = int64(s.Floats[0].F)
		}
	}
	all := families(counts, p.o.Metrics.Metadata(""))
	b := screens.MetricBrowser{Count: chart.Count(int64(len(all))), Nothing: len(all) == 0, Sorts: []ui.Tab{
		{Text: "Name", Href: st.Without("sort"), On: st.Sort != "series"}, {Text: "series", Href: st.With("sort", "series"), On: st.Sort == "series"},
	}}
	if st.Sort == "series" {
		slices.SortStableFunc(all, func(x, y family) int { return cmp.Compare(y.series, x.series) })
	}
	open := st.Values.Get("metric")
	if len(all) > maxMetrics {
		b.More = fmt.Sprintf("The first %s of %s. Completion in the query knows all.", chart.Count(maxMetrics), b.Count)
		all = all[:maxMetrics]
	}
	for i := range all {
		f := &all[i]
		it := screens.MetricItem{Name: f.name, Type: typeWord(f.typ), Letter: f.letter(), Insert: f.asked(), Series: chart.Count(f.series), Help: cut(oneLine(f.help), 300), Unit: f.unit, On: f.name == open}
		put := queries
		if !given {
			put = metricQueries{""}
		}
		it.Href = metricsHref(st, replaceLast(put, f.query()), "metric", f.name, "hide", hideText(hiddenOf(st.Values.Get("hide"))&^(1<<(len(put)-1))))
		if it.On {
			p.metricDetail(ctx, st, f, queries, &it)
		}
		b.Metrics = append(b.Metrics, it)
	}
	return b
}

func replaceLast(queries metricQueries, q string) metricQueries {
	if len(queries) == 0 {
		return metricQueries{q}
	}
	out := slices.Clone(queries)
	out[len(out)-1] = q
	return out
}

func typeWord(t model.MetricType) string {
	if t == "" || t == model.MetricTypeUnknown {
		return "type not known"
	}
	return string(t)
}

// metricDetail says which labels tell the series of a metric apart, and what
// else to ask.
func (p *Pages) metricDetail(ctx context.Context, st *State, f *family, queries metricQueries, it *screens.MetricItem) {
	from, to := time.Unix(0, st.Range.From), time.Unix(0, st.Range.To)
	selectors := make([]string, 0, len(f.names))
	for _, n := range f.names {
		selectors = append(selectors, fmt.Sprintf("{__name__=%q}", n))
	}
	if sets, err := p.o.Metrics.Series(ctx, selectors, from, to, maxLabelSets); err == nil {
		it.Labels = labelCounts(sets)
		it.Source = sourceOf(sets)
	} else {
		p.o.Log.Warn("page", "part", "metric labels", "err", err)
	}
	action := func(text, q string) {
		it.Actions = append(it.Actions, ui.Button{Text: text, Small: true, Href: metricsHref(st, replaceLast(queries, q), "metric", f.name)})
	}
	switch f.typ {
	case model.MetricTypeHistogram:
		action("p95", f.quantile("0.95"))
		action("p50", f.quantile("0.5"))
		it.Actions = append(it.Actions, ui.Button{Text: "Heatmap", Small: true, Href: metricsHref(st, metricQueries{f.buckets()}, "metric", f.name, "view", "heatmap", "hide", "")})
		if slices.Contains(f.names, f.name+"_count") {
			action("Rate", "sum by (service_name) (rate("+f.name+"_count[$__rate]))")
			action("Average", "sum by (service_name) (rate("+f.name+"_sum[$__rate])) / sum by (service_name) (rate("+f.name+"_count[$__rate]))")
		} else {
			action("Rate", "histogram_count(sum by (service_name) (rate("+f.name+"[$__rate])))")
			action("Average", "histogram_avg(sum by (service_name) (rate("+f.name+"[$__rate])))")
		}
	case model.MetricTypeCounter:
		action("Rate", f.query())
		action("Every series", "rate("+f.name+"[$__rate])")
	default:
		action("Every series", f.name)
		action("Sum", "sum by (service_name) ("+f.name+")")
	}
	if len(queries) < maxQueries {
		it.Actions = append(it.Actions, ui.Button{Text: "Add as a query", Icon: "plus", Small: true, Href: metricsHref(st, append(slices.Clone(queries), f.query()), "metric", f.name)})
	}
}

// labelCounts are the labels with the most values first.
func labelCounts(sets []labels.Labels) []screens.MetricLabel {
	values := map[string]map[string]bool{}
	for _, ls := range sets {
		ls.Range(func(l labels.Label) {
			if l.Name == labels.MetricName {
				return
			}
			if values[l.Name] == nil {
				values[l.Name] = map[string]bool{}
			}
			values[l.Name][l.Value] = true
		})
	}
	names := make([]string, 0, len(values))
	most := 1
	for n, v := range values {
		names = append(names, n)
		most = max(most, len(v))
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(values[b]), len(values[a])), cmp.Compare(a, b))
	})
	var out []screens.MetricLabel
	for _, n := range names[:min(len(names), 12)] {
		out = append(out, screens.MetricLabel{Name: n, Count: chart.Count(int64(len(values[n]))), Share: float64(len(values[n])) / float64(most)})
	}
	return out
}

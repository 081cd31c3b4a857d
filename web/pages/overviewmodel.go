package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// levelLayers are the parts of a bar, bottom first: the slots of LogBucket.Counts
// that each one adds up.
var levelLayers = [...]struct {
	name, class string
	slots       []int
}{
	{"other", "k-debug", []int{0, 1, 2}},
	{"info", "k-info", []int{3}},
	{"warn", "k-warn", []int{4}},
	{"error", "k-err", []int{5, 6}},
}

func (p *Pages) volumeModel(ctx context.Context, st State, a *overviewAnswers) screens.Volume {
	carry := st.Carry()
	v := screens.Volume{Open: carry.Href("/logs")}
	if a.volumeErr != nil {
		v.Failed = p.reason(ctx, "log volume", a.volumeErr)
		return v
	}
	v.Bars = chart.Bars{
		Frame: chart.Frame{Label: "Log lines per " + chart.Long(a.step) + " by level", Height: 64, Left: 34, From: st.Range.From, To: st.Range.To, Brush: true, Marks: a.flags},
		Step:  a.step,
	}
	for i := range a.volume {
		v.Bars.Starts = append(v.Bars.Starts, a.volume[i].Start)
	}
	var all int64
	for _, l := range levelLayers {
		s := chart.Stack{Class: l.class, Name: l.name, Values: make([]float64, len(a.volume))}
		var sum int64
		for i := range a.volume {
			for _, slot := range l.slots {
				s.Values[i] += float64(a.volume[i].Counts[slot])
				sum += a.volume[i].Counts[slot]
			}
		}
		v.Bars.Stacks = append(v.Bars.Stacks, s)
		if all += sum; sum > 0 {
			v.Legend = append(v.Legend, ui.LegendItem{Class: l.class, Text: l.name + " " + chart.Count(sum)})
		}
	}
	if len(v.Legend) > 0 && v.Bars.Stacks[0].Name == "other" && !unset(a.volume) {
		v.Legend[0].Text = strings.Replace(v.Legend[0].Text, "other", "debug", 1)
	}
	slices.Reverse(v.Legend) // as the bars are stacked: errors on top come first
	v.Hint = chart.Count(all) + " lines"
	if all == 0 {
		v.None, v.Hint, v.Newest = "No lines in this time range", "", newest(st, a)
	}
	return v
}

// unset says whether some lines came without a level.
func unset(volume []store.LogBucket) bool {
	return slices.ContainsFunc(volume, func(b store.LogBucket) bool { return b.Counts[0] > 0 })
}

// newest offers the time range that has data.
func newest(st State, a *overviewAnswers) *ui.Button {
	if a.applianceErr != nil || a.appliance.Logs.Newest == 0 || st.Range.Has(a.appliance.Logs.Newest) {
		return nil
	}
	at := time.Unix(0, a.appliance.Logs.Newest).UTC()
	half := st.Width() / 2
	return &ui.Button{Text: "Newest line: " + chart.When(at, st.Now), Small: true, Href: st.between(at.Add(-half), at.Add(half))}
}

func (p *Pages) servicesModel(ctx context.Context, st State, a *overviewAnswers, all []load) screens.Services {
	t := st.pick()
	s := screens.Services{Hint: strings.ToLower(t.Label[:1]) + t.Label[1:] + ", worst first"}
	carry := st.Carry()
	s.All = carry.Href("/services")
	if a.redErr != nil {
		s.Failed, s.Hint = p.reason(ctx, "services", a.redErr), ""
		return s
	}
	for _, l := range all {
		if len(s.Rows) == serviceRows {
			s.More = len(all) - serviceRows
			break
		}
		s.Rows = append(s.Rows, p.serviceRow(st, l, a.redStep))
	}
	return s
}

func (p *Pages) serviceRow(st State, l load, step time.Duration) screens.ServiceRow {
	name := l.red.Service
	carry := st.Carry().In(name)
	r := screens.ServiceRow{
		Service: ui.Service{Name: name, Slot: p.o.Slots(name), Href: carry.Href("/traces")},
		Word:    "healthy", Failing: l.failing, Any: l.red.Errors > 0, Slow: l.slow,
		Rate: chart.Brief(perSec(l.red.Requests, st.Kept)), Share: strings.TrimPrefix(chart.Percent(l.share).N, "< "),
		Millis:    chart.Dash,
		ErrorLogs: carry.Href("/logs", "q", "level:>=error"), Slowest: carry.Href("/traces", "sort", "slowest"),
	}
	if l.share > 0 && l.share < 0.001 {
		r.Share = "< 0.1"
	}
	switch {
	case l.failing && l.share >= badShare:
		r.Health, r.Word = "err", "failing"
	case l.failing || l.slow:
		r.Health, r.Word = "warn", "not well"
	}
	if p95 := l.red.P95; p95 > 0 {
		if l.slow {
			p95 = l.recent
		}
		r.Millis = millis(p95)
	}
	started := false
	for _, pt := range l.red.Points {
		started = started || pt.Requests > 0
		if !started {
			r.Requests, r.Errors, r.P95 = append(r.Requests, math.NaN()), append(r.Errors, math.NaN()), append(r.P95, math.NaN())
			continue
		}
		r.Requests = append(r.Requests, float64(pt.Requests)/step.Seconds())
		r.Errors = append(r.Errors, share(pt.Errors, pt.Requests))
		if pt.Requests == 0 {
			r.P95 = append(r.P95, math.NaN())
		} else {
			r.P95 = append(r.P95, float64(pt.P95))
		}
	}
	// The last step has only begun: what it counts so far would look like a fall.
	if n := len(r.Requests); n > 2 && l.red.Points[n-1].Start+int64(step) > st.Range.To {
		r.Requests = r.Requests[:n-1]
	}
	return r
}

// millis is a duration for a column of milliseconds: 4.2, 38, 1,410.
func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms >= 9.95 {
		ms = math.Round(ms)
		return chart.Number(ms)
	}
	return chart.Brief(ms)
}

func (p *Pages) alertingModel(ctx context.Context, st State, a *overviewAnswers) screens.Alerting {
	carry := st.Carry()
	out := screens.Alerting{All: carry.Href("/alerts")}
	if a.activeErr != nil {
		out.Failed = p.reason(ctx, "alerts", a.activeErr)
		return out
	}
	list := slices.Clone(a.active)
	slices.SortStableFunc(list, func(x, y ActiveAlert) int {
		return cmp.Or(-cmp.Compare(boolInt(x.Firing), boolInt(y.Firing)), x.Since.Compare(y.Since))
	})
	for _, al := range list {
		if al.Firing {
			out.Firing++
		} else {
			out.Pending++
		}
		if len(out.Rows) == alertRows {
			out.More++
			continue
		}
		row := screens.AlertRow{
			Name: al.Name, Href: carry.Href("/alerts", "sel", al.Name), Firing: al.Firing, Value: al.Value,
			Text: alertText(al, st.Now), Since: chart.Exact(al.Since.UTC()),
		}
		if al.Firing {
			row.Evidence = p.evidenceOf(ctx, al.Alert)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func alertText(a ActiveAlert, now time.Time) string {
	var parts []string
	if a.Summary != "" {
		parts = append(parts, strings.TrimSuffix(a.Summary, "."))
	} else if a.Service != "" {
		parts = append(parts, a.Service)
	}
	switch since := now.Sub(a.Since); {
	case a.Since.IsZero():
	case a.Firing:
		parts = append(parts, "firing "+brief(since))
	case a.Fires.After(now):
		parts = append(parts, "pending, fires in "+brief(a.Fires.Sub(now))+" if it stays")
	default:
		parts = append(parts, "pending "+brief(since))
	}
	return strings.Join(parts, "; ")
}

// brief is a duration in one unit: 20 min, 41 s.
func brief(d time.Duration) string {
	if d < time.Second {
		return "0 s"
	}
	return chart.Age(d)
}

func (p *Pages) stripModel(ctx context.Context, st State, a *overviewAnswers) screens.Strip {
	carry := st.Carry()
	s := screens.Strip{Details: carry.Href("/status")}
	if a.applianceErr != nil {
		s.Failed = p.reason(ctx, "status", a.applianceErr)
		return s
	}
	ap := a.appliance
	for _, x := range [...]struct {
		name, unit string
		p          Pillar
	}{{"Logs", "lines/s", ap.Logs}, {"Metrics", "samples/s", ap.Metrics}, {"Traces", "spans/s", ap.Traces}} {
		row := screens.StripPillar{Name: x.name, Rate: number(x.p.Rate) + " " + x.unit, Disk: diskText(x.p), Share: diskShare(x.p, ap.DiskFree), Kept: kept(x.p, false)}
		if row.Share > 0.9 {
			row.Kind = "warn"
		}
		s.Pillars = append(s.Pillars, row)
	}
	s.Word = "Appliance healthy"
	var facts []string
	if len(ap.Problems) > 0 {
		s.Health, s.Word = "warn", "Appliance: "+plural(len(ap.Problems), "problem")
		facts = append(facts, strings.TrimSuffix(ap.Problems[0], "."))
	} else if n := rejected(ap); n > 0 {
		facts = append(facts, chart.Count(n)+" rejected")
	} else {
		facts = append(facts, "nothing rejected")
	}
	if ap.Memory > 0 {
		facts = append(facts, chart.Bytes(float64(ap.Memory)).String()+" memory")
	}
	facts = append(facts, "up "+chart.Long(st.Now.Sub(ap.Started)))
	s.Text = strings.Join(facts, ", ")
	return s
}

package selfmade

import (
	"strconv"
	"strings"

	"tripod/dashboard"
)

// Have is what there is to make dashboards of.
type Have struct {
	Metrics  map[string]bool // names
	Services []string        // that spans came from
}

// any says whether there is one of some metrics.
func (h *Have) any(names ...string) bool {
	for _, n := range names {
		if h.Metrics[n] {
			return true
		}
	}
	return false
}

// Made is a dashboard that made itself, with the ID that it keeps.
type Made struct {
	ID    string
	Group string // under which it is listed
	dashboard.Dashboard
}

// Prefix begins the IDs of dashboards that make themselves.
const Prefix = "auto-"

// ServiceID is the ID of a service's dashboard.
func ServiceID(service string) string { return Prefix + "service-" + slug(service) }

// All are the dashboards for what there is.
func All(h Have) []Made {
	var out []Made
	add := func(id, group string, d *dashboard.Dashboard) {
		if d == nil {
			return
		}
		d.Version = dashboard.FileVersion
		number(d)
		d.Settle()
		out = append(out, Made{ID: Prefix + id, Group: group, Dashboard: *d})
	}
	add("planner", "Applications", planner(&h))
	for _, s := range h.Services {
		add(strings.TrimPrefix(ServiceID(s), Prefix), "Services", service(&h, s))
	}
	add("http", "Services", httpServers(&h))
	add("host", "Machines", host(&h))
	add("containers", "Machines", containers(&h))
	add("go", "Runtimes", goRuntime(&h))
	add("node", "Runtimes", nodeRuntime(&h))
	add("jvm", "Runtimes", jvmRuntime(&h))
	add("appliance", "This appliance", appliance(&h))
	return out
}

// number gives panels their IDs, in order.
func number(d *dashboard.Dashboard) {
	n := 0
	for p := range d.Panels {
		n++
		p.ID = n
	}
}

// slug is a service's name for an address; what is no letter, digit, . or _
// becomes its code, so that no two names meet.
func slug(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("_" + strconv.FormatInt(int64(c), 16) + "_")
	}
	return b.String()
}

// grid lays panels out from left to right, in lines of equal height.
type grid struct {
	rows []dashboard.Row
	x, y int
	h    int
}

func (g *grid) row(title string) *grid {
	g.rows = append(g.rows, dashboard.Row{Title: title})
	g.x, g.y, g.h = 0, 0, 0
	return g
}

func (g *grid) put(w, h int, p dashboard.Panel) *grid {
	if len(g.rows) == 0 {
		g.row("")
	}
	if g.x+w > dashboard.Columns {
		g.x, g.y, g.h = 0, g.y+g.h, 0
	}
	p.Place = dashboard.Place{X: g.x, Y: g.y, W: w, H: h}
	g.x += w
	g.h = max(g.h, h)
	last := &g.rows[len(g.rows)-1]
	last.Panels = append(last.Panels, p)
	return g
}

// prom is a query with the legend of its series.
func prom(text, legend string) dashboard.Query {
	return dashboard.Query{Language: dashboard.PromQL, Text: text, Legend: legend}
}

func lines(title, hint, unit string, queries ...dashboard.Query) dashboard.Panel {
	return dashboard.Panel{Title: title, Hint: hint, Kind: dashboard.TimeSeries, Unit: unit, Queries: lettered(queries)}
}

func stack(title, hint, unit string, queries ...dashboard.Query) dashboard.Panel {
	p := lines(title, hint, unit, queries...)
	p.Draw, p.Stack = dashboard.Area, true
	return p
}

func bars(title, hint, unit string, queries ...dashboard.Query) dashboard.Panel {
	p := lines(title, hint, unit, queries...)
	p.Draw, p.Stack = dashboard.Bars, true
	return p
}

func stat(title, hint, unit, text string, thresholds ...dashboard.Threshold) dashboard.Panel {
	return dashboard.Panel{Title: title, Hint: hint, Kind: dashboard.Stat, Unit: unit, Spark: true, Usual: true, Thresholds: thresholds, Queries: lettered([]dashboard.Query{prom(text, "")})}
}

func heat(title, hint, unit, text string) dashboard.Panel {
	return dashboard.Panel{Title: title, Hint: hint, Kind: dashboard.Heatmap, Unit: unit, Queries: lettered([]dashboard.Query{prom(text, "{{le}}")})}
}

// top lists the greatest values of now.
func top(title, hint, unit string, q dashboard.Query) dashboard.Panel {
	q.Instant = true
	return dashboard.Panel{Title: title, Hint: hint, Kind: dashboard.BarGauge, Unit: unit, Sort: "-Value", Limit: 8, Queries: lettered([]dashboard.Query{q})}
}

// trend is a column of a table with a small line over the whole range a row.
func trend(text string) dashboard.Query {
	return dashboard.Query{Language: dashboard.PromQL, Text: text, Trend: true}
}

// table has one row for what all its queries have in common, and a column a query.
func table(title, hint, sort string, rename map[string]string, overrides []dashboard.Override, queries ...dashboard.Query) dashboard.Panel {
	for i := range queries {
		queries[i].Instant, queries[i].Table = !queries[i].Trend, true
	}
	return dashboard.Panel{
		Title: title, Hint: hint, Kind: dashboard.Table, Queries: lettered(queries), Sort: sort, Overrides: overrides,
		Transforms: []dashboard.Transform{{Kind: "merge"}, {Kind: "organize", Exclude: []string{"Time"}, Rename: rename}},
	}
}

// leading makes the rows or cells of a panel lead somewhere.
func leading(p dashboard.Panel, link string) dashboard.Panel {
	p.Link = link
	return p
}

func lettered(queries []dashboard.Query) []dashboard.Query {
	for i := range queries {
		queries[i].Letter = string(rune('A' + i))
	}
	return queries
}

// from colours values from a number on.
func from(at float64, tone string) dashboard.Threshold {
	return dashboard.Threshold{At: &at, Tone: tone}
}

func unitOf(name, unit string) dashboard.Override {
	return dashboard.Override{Name: name, Unit: &unit}
}

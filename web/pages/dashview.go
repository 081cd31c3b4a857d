package pages

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tripod/dashboard"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// dashView is a dashboard as an address asks for it.
type dashView struct {
	*dashFound
	st     State
	scrape time.Duration // between samples
	vars   []dashVar
	chosen map[string]dashboard.Chosen
	spread []dashboard.Shown
}

// dashState is an address, with the range of the dashboard when it names none.
func (p *Pages) dashState(r *http.Request, d *dashboard.Dashboard) State {
	if q := r.URL.Query(); q.Get("from") == "" && q.Get("to") == "" && d.From != "" {
		own := p.state(r)
		own.readTime(d.From, d.To)
		if len(own.Problems) == 0 {
			return own
		}
	}
	return p.state(r)
}

func (p *Pages) dashView(ctx context.Context, r *http.Request, found *dashFound) *dashView {
	v := &dashView{dashFound: found, scrape: p.o.Scrape, st: p.dashState(r, found.dash)}
	v.st.Path = "/dashboards/" + found.id
	if v.st.Moving() {
		every, err := time.ParseDuration(found.dash.Refresh)
		if err != nil {
			every = dashRefresh
		}
		if found.dash.Refresh != "off" {
			v.st.refreshDefault(every)
		}
	}
	p.dashVars(ctx, v)
	v.spread = found.dash.Spread(v.chosen)
	return v
}

// scope is what names stand for in a panel.
func (v *dashView) scope(one *dashboard.Scoped, q *dashboard.Query) dashboard.Scope {
	step := v.step(one, q)
	s := dashboard.Scope{
		Vars: v.chosen, From: time.Unix(0, v.st.Range.From).UTC(), To: time.Unix(0, v.st.Range.To).UTC(),
		Step: step, Rate: rateWindow(step, v.scrape),
	}
	return s.Narrow(one.Vars)
}

// dashPoints is how many points fit a column of the grid.
const dashPoints = 15

// step is the distance of a query's points: what the panel's width has room
// for, and not less than the query wants.
func (v *dashView) step(one *dashboard.Scoped, q *dashboard.Query) time.Duration {
	least := dashStep
	if q != nil && q.Step != "" {
		s := dashboard.Scope{Vars: v.chosen}
		if d, err := parseSpan(s.Title(q.Step)); err == nil && d >= time.Second {
			least = d
		}
	}
	step := v.st.Step(max(60, one.Place.W*dashPoints))
	if one.Kind == dashboard.Heatmap || one.Draw == dashboard.Bars {
		step = v.st.Step(max(20, one.Place.W*4))
	}
	return max(step, least)
}

const dashStep = 5 * time.Second // the least; scrapes come every 15 s

// screen is the page without what its panels say.
func (v *dashView) screen() screens.Dashboard {
	m := screens.Dashboard{
		ID: v.id, Title: v.dash.Title, Description: v.dash.Description, Action: v.st.Path,
		Own: v.own != nil, Export: v.st.Path + "/export", All: v.st.Carry().Href("/dashboards"),
	}
	for i := range v.vars {
		if !v.vars[i].Hidden {
			m.Vars = append(m.Vars, v.vars[i].screen(&v.st))
		}
	}
	for _, u := range v.dash.Untranslated {
		m.Untranslated = append(m.Untranslated, screens.DashUntranslated(u))
	}
	if v.own != nil {
		m.Saved = "saved " + dashAgo(v.st.Now.Sub(v.own.Saved)) + ", version " + strconv.Itoa(v.own.Version)
		m.Version = v.own.Version
	}
	return m
}

func dashAgo(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return chart.Age(d) + " ago"
}

// rows are the panels, with what was found for them.
func (v *dashView) rows(bodies map[string]screens.DashBody) []screens.DashRow {
	var out []screens.DashRow
	for i := range v.spread {
		row := &v.spread[i]
		scope := v.scope(&dashboard.Scoped{}, nil)
		if row.Repeat != "" && row.Key != "" {
			scope = scope.Narrow(map[string]string{row.Repeat: row.Key})
		} else if len(row.Scoped) > 0 {
			scope = scope.Narrow(row.Scoped[0].Vars)
		}
		r := screens.DashRow{No: row.No, Title: scope.Title(row.Title), Closed: row.Closed && row.Title != ""}
		for k := range row.Scoped {
			one := &row.Scoped[k]
			var body *screens.DashBody
			if b, ok := bodies[one.Key]; ok {
				body = &b
			}
			r.Panels = append(r.Panels, v.panel(one, body))
		}
		out = append(out, r)
	}
	return out
}

// panel is one panel; without a body it has yet to load.
func (v *dashView) panel(one *dashboard.Scoped, body *screens.DashBody) screens.DashPanel {
	scope := v.scope(one, nil)
	m := screens.DashPanel{
		Key: one.Key, ID: one.ID, Title: scope.Title(one.Title), Hint: scope.Title(one.Hint), Kind: string(one.Kind),
		Place: screens.DashPlace(one.Place), Load: address(v.st.Path+"/panels/"+pathPart(one.Key), v.st.Values), Body: body,
	}
	for i := range one.Queries {
		q := &one.Queries[i]
		if href := v.explore(one, q); href != "" && m.Explore == "" {
			m.Explore = href
		}
	}
	if asTable(one.Kind) {
		m.AsTable = slices.Contains(v.st.Values["table"], one.Key)
		values := clone(v.st.Values)
		if m.AsTable {
			values["table"] = slices.DeleteFunc(values["table"], func(s string) bool { return s == one.Key })
		} else {
			values["table"] = append(values["table"], one.Key)
		}
		m.Table = address(v.st.Path, values)
		m.TablePart = address(v.st.Path+"/panels/"+pathPart(one.Key), values)
	}
	return m
}

// asTable says which kinds have numbers that a table shows better.
func asTable(k dashboard.Kind) bool {
	switch k {
	case dashboard.Table, dashboard.Text, dashboard.Logs, dashboard.Traces, dashboard.Placeholder:
		return false
	}
	return true
}

// explore is where the question of a panel can be asked on.
func (v *dashView) explore(one *dashboard.Scoped, q *dashboard.Query) string {
	scope := v.scope(one, q)
	text := scope.Query(q.Language, q.Text)
	carry := v.st.Carry()
	if carry.From == "" {
		carry.From, carry.To = v.st.From, v.st.To
	}
	switch {
	case text == "":
		return ""
	case q.Language == dashboard.LogQL:
		return carry.Href("/logs", "q", text)
	case q.Language == dashboard.TraceQL:
		return carry.Href("/traces", "q", text)
	}
	var all []string
	for i := range one.Queries {
		if other := &one.Queries[i]; (other.Language == dashboard.PromQL || other.Language == "") && other.Text != "" {
			scope := v.scope(one, other)
			all = append(all, scope.Query(dashboard.PromQL, other.Text))
		}
	}
	if len(all) == 0 {
		return "" // of numbers that are computed of other languages
	}
	values := carry.Values()
	values["q"] = all[:min(len(all), maxQueries)]
	return address("/graph", values)
}

// dashDesk is what can be done with the dashboard.
func (p *Pages) dashDesk(ctx context.Context, v *dashView, m *screens.Dashboard) {
	m.Copy, m.Old = p.o.DashboardDesk != nil, v.old
	if v.own == nil || p.o.DashboardDesk == nil {
		return
	}
	if past, err := p.o.Dashboards.Editions(ctx, v.id); err == nil {
		for _, e := range past {
			m.History = append(m.History, screens.DashPast{
				Version: e.Version, Saved: dashAgo(v.st.Now.Sub(e.Saved)), Exact: chart.Exact(e.Saved), Note: e.Note, Panels: plural(e.Panels, "panel"),
				Href: v.st.With("version", strconv.Itoa(e.Version), "edit", ""), On: e.Version == v.own.Version,
			})
		}
	}
	if v.old {
		return
	}
	file, err := v.dash.JSON()
	if err != nil {
		return
	}
	m.Edit = &screens.DashEdit{JSON: string(file), Open: v.st.Values.Get("edit") != ""}
	for _, k := range dashboard.Kinds {
		m.Edit.Kinds = append(m.Edit.Kinds, screens.DashChoice{Value: string(k), Text: kindNames[k]})
	}
}

// kindNames are what people call the kinds of panels.
var kindNames = map[dashboard.Kind]string{
	dashboard.TimeSeries: "Time series", dashboard.Stat: "Number", dashboard.Gauge: "Gauge", dashboard.BarGauge: "List of bars", dashboard.Table: "Table",
	dashboard.Heatmap: "Heat map", dashboard.Histogram: "Histogram", dashboard.BarChart: "Bar chart", dashboard.Pie: "Pie", dashboard.Text: "Text",
	dashboard.Logs: "Log lines", dashboard.Traces: "Traces",
}

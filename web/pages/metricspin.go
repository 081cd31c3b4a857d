package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/dashboard"
	"tripod/store"
	"tripod/ui/screens"
)

// pinNew stands in a form for a dashboard that is yet to be made.
const pinNew = "new"

// metricsPin offers to put what is drawn on a dashboard, or nil where that
// cannot be.
func (p *Pages) metricsPin(ctx context.Context, a *metricsAsk) *screens.MetricsPin {
	if p.o.DashboardDesk == nil || p.o.Dashboards == nil || a.total() == 0 {
		return nil
	}
	m := &screens.MetricsPin{View: a.view}
	for i := range a.answers {
		whole, problem := a.queries.whole(p.o.Alerts.Parser, i)
		if an := &a.answers[i]; problem != nil || an.expr == "" || an.hidden {
			continue
		}
		text, _ := inScope(p.o.Alerts.Parser, whole, a.st.Services)
		m.Queries = append(m.Queries, text)
		m.Title = cmp.Or(m.Title, cut(whole, 60))
	}
	all, err := p.o.Dashboards.List(ctx)
	if err != nil {
		p.o.Log.Warn("dashboards to pin to", "err", err)
	}
	for _, d := range all {
		m.Dashboards = append(m.Dashboards, screens.MetricsPinTo{ID: d.ID, Title: d.Title})
	}
	m.Dashboards = append(m.Dashboards, screens.MetricsPinTo{ID: pinNew, Title: "A new dashboard"})
	return m
}

// pin puts a panel at the end of a dashboard, and leads there.
func (p *Pages) pin(w http.ResponseWriter, r *http.Request) error {
	if p.o.DashboardDesk == nil || p.o.Dashboards == nil {
		return errNoDoor
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRuleForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("the form cannot be read: %w: %w", err, store.ErrInvalid)
	}
	panel, err := pinned(p.o.Alerts.Parser, r.PostForm)
	if err != nil {
		return err
	}
	id, base := r.PostForm.Get("to"), 0
	d := &dashboard.Dashboard{Version: dashboard.FileVersion, Title: panel.Title, Rows: []dashboard.Row{{}}}
	if id == pinNew {
		id = ""
	} else {
		kept, err := p.o.Dashboards.Get(r.Context(), id, 0)
		if err != nil {
			return dashFault(err)
		}
		d, base = &kept.Dashboard, kept.Version
	}
	addPanel(d, panel)
	kept, err := p.o.DashboardDesk.Save(r.Context(), id, base, "pinned "+panel.Title, d)
	if errors.Is(err, dashboard.ErrConflict) {
		return fmt.Errorf("somebody saved this dashboard at the same moment: try again: %w", store.ErrOverloaded)
	}
	if err != nil {
		return dashFault(err)
	}
	http.Redirect(w, r, "/dashboards/"+pathPart(kept.ID), http.StatusSeeOther)
	return nil
}

// pinned is the panel of a form.
func pinned(read parser.Parser, v url.Values) (dashboard.Panel, error) {
	panel := dashboard.Panel{Kind: dashboard.TimeSeries, Title: cut(strings.TrimSpace(v.Get("title")), 200), Place: dashboard.Place{W: dashboard.Columns / 2, H: 8}}
	for i, text := range v["q"] {
		if text = strings.TrimSpace(text); text != "" && i < maxQueries {
			panel.Queries = append(panel.Queries, dashboard.Query{Letter: letterOf(i), Language: dashboard.PromQL, Text: text})
		}
	}
	if len(panel.Queries) == 0 {
		return panel, fmt.Errorf("there is no query to pin: %w", store.ErrInvalid)
	}
	if panel.Title == "" {
		panel.Title = cut(panel.Queries[0].Text, 60)
	}
	panel.Unit = unitOf(read, panel.Queries[0].Text)
	switch v.Get("view") {
	case "area":
		panel.Draw = dashboard.Area
	case "stacked":
		panel.Draw, panel.Stack = dashboard.Area, true
	case "bars":
		panel.Draw = dashboard.Bars
	case "heatmap":
		panel.Kind = dashboard.Heatmap
	case "table":
		panel.Kind = dashboard.Table
	}
	return panel, nil
}

// addPanel gives it an id and the first free place at the end.
func addPanel(d *dashboard.Dashboard, panel dashboard.Panel) {
	for other := range d.Panels {
		panel.ID = max(panel.ID, other.ID)
	}
	panel.ID++
	if len(d.Rows) == 0 {
		d.Rows = []dashboard.Row{{}}
	}
	row := &d.Rows[len(d.Rows)-1]
	bottom, left := 0, 0 // of all panels, and of those that lie in the right half
	for _, other := range row.Panels {
		bottom = max(bottom, other.Place.Y+other.Place.H)
		if other.Place.X+other.Place.W > panel.Place.W {
			left = max(left, other.Place.Y+other.Place.H)
		}
	}
	if panel.Place.Y = bottom; bottom-left >= panel.Place.H { // there is room beside the last
		panel.Place.X, panel.Place.Y = panel.Place.W, bottom-panel.Place.H
	}
	row.Panels = append(row.Panels, panel)
	d.Settle()
}

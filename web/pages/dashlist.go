package pages

import (
	"context"
	"net/http"

	"tripod/ui/screens"
	"tripod/web"
)

// dashListPage lists the dashboards that people made, and those that made
// themselves.
func (p *Pages) dashListPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	st := p.state(r)
	m := screens.Dashboards{Can: p.o.DashboardDesk != nil}
	if p.o.Dashboards != nil {
		p.ownDashboards(ctx, &st, &m)
	}
	if id := st.Values.Get("deleted"); id != "" && m.Can {
		m.Undo = "/dashboards/" + pathPart(id) + "/undelete"
	}
	groups := map[string]int{}
	for _, d := range p.selfmade(ctx) {
		i, ok := groups[d.Group]
		if !ok {
			i = len(m.Groups)
			groups[d.Group] = i
			m.Groups = append(m.Groups, screens.DashGroup{Title: d.Group, Hint: "made from what is received"})
		}
		n := 0
		for range d.Panels {
			n++
		}
		m.Groups[i].Items = append(m.Groups[i].Items, screens.DashItem{
			ID: d.ID, Title: d.Title, Text: d.Description, Href: st.Carry().Href("/dashboards/" + pathPart(d.ID)),
			Panels: plural(n, "panel"), Tags: d.Tags,
		})
	}
	pg := p.page(ctx, st, "dashboards", "Dashboards", "dashboard.css", "dashboard.js")
	pg.Time.Live = nil
	return p.show(w, r, pg, screens.DashboardList(m))
}

// dashName is a dashboard for the command palette.
type dashName struct {
	Title string `json:"title"`
	Href  string `json:"href"`
}

// dashNames lists all dashboards as JSON, those that people made first.
func (p *Pages) dashNames(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	carry := p.state(r)
	out := []dashName{}
	add := func(id, title string) {
		out = append(out, dashName{title, carry.Carry().Href("/dashboards/" + pathPart(id))})
	}
	if p.o.Dashboards != nil {
		list, err := p.o.Dashboards.List(ctx)
		if err != nil {
			return err
		}
		for _, d := range list {
			add(d.ID, d.Title)
		}
	}
	for _, d := range p.selfmade(ctx) {
		add(d.ID, d.Title)
	}
	web.JSON(w, http.StatusOK, out)
	return nil
}

// ownDashboards are those that people made.
func (p *Pages) ownDashboards(ctx context.Context, st *State, m *screens.Dashboards) {
	g := screens.DashGroup{Title: "Own", Hint: "made, copied or imported here", Empty: "None yet. Copy one of those below, import a file, or begin with an empty one."}
	list, err := p.o.Dashboards.List(ctx)
	if err != nil {
		m.Failed = p.reason(ctx, "list of dashboards", err)
		return
	}
	for _, d := range list {
		g.Items = append(g.Items, screens.DashItem{
			ID: d.ID, Title: d.Title, Text: d.Description, Href: st.Carry().Href("/dashboards/" + pathPart(d.ID)),
			Panels: plural(d.Panels, "panel"), Saved: "saved " + dashAgo(st.Now.Sub(d.Saved)), Tags: d.Tags, Own: true, Base: "/dashboards/" + pathPart(d.ID),
		})
	}
	m.Groups = append(m.Groups, g)
}

package pages

import (
	"net/http"

	"tripod/ui/screens"
)

// dashListPage lists the dashboards that people made, and those that made
// themselves.
func (p *Pages) dashListPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	st := p.state(r)
	m := screens.Dashboards{}
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

package dashboard

// maxCopies of one panel or row that repeats.
const maxCopies = 60

// Shown is one row as it is shown: repeats are spread out, and each panel
// knows what its own variables stand for.
type Shown struct {
	Row
	No     int // of the row in the dashboard
	Key    string
	Scoped []Scoped
}

// Scoped is a panel with the one value that a repeat gave it.
type Scoped struct {
	Panel
	Key  string            // unlike that of all others: 7, 7-api
	Vars map[string]string // repeated variables, each with this copy's value
}

// Spread repeats rows and panels for the chosen values of their variables.
func (d *Dashboard) Spread(chosen map[string]Chosen) []Shown {
	var out []Shown
	left := MaxPanels * 2 // panels of the whole page, repeats included
	for no, row := range d.Rows {
		for i, vars := range copies(row.Repeat, nil, chosen) {
			s := Shown{Row: row, No: no}
			if i > 0 {
				s.Key = vars[row.Repeat]
			}
			for _, p := range row.Panels {
				s.Scoped = append(s.Scoped, p.spread(vars, chosen)...)
			}
			if len(s.Scoped) > left {
				s.Scoped = s.Scoped[:left]
			}
			left -= len(s.Scoped)
			settleScoped(s.Scoped)
			out = append(out, s)
		}
	}
	return out
}

// copies are the variables of each copy; one without more when nothing repeats.
func copies(name string, outer map[string]string, chosen map[string]Chosen) []map[string]string {
	c, ok := chosen[name]
	if _, taken := outer[name]; name == "" || !ok || taken || len(c.Values) == 0 {
		return []map[string]string{outer}
	}
	var out []map[string]string
	for _, v := range c.Values[:min(len(c.Values), maxCopies)] {
		one := map[string]string{name: v}
		for k, v := range outer {
			one[k] = v
		}
		out = append(out, one)
	}
	return out
}

// spread lays the copies of a panel beside or below each other.
func (p Panel) spread(outer map[string]string, chosen map[string]Chosen) []Scoped {
	all := copies(p.Repeat, outer, chosen)
	out := make([]Scoped, len(all))
	perRow := min(len(all), 4)
	for i, vars := range all {
		one := Scoped{Panel: p, Vars: vars, Key: keyOf(p.ID, vars)}
		switch {
		case len(all) == 1:
		case p.RepeatDown:
			one.Place.Y += i * p.Place.H
		default:
			one.Place.W = Columns / perRow
			one.Place.X = i % perRow * one.Place.W
			one.Place.Y += i / perRow * p.Place.H
		}
		out[i] = one
	}
	return out
}

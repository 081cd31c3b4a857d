package dashboard

import (
	"cmp"
	"slices"
)

// Settle brings every row's panels into reading order and lets each fall up
// until it meets another; of two that lie on each other the later one goes
// below.
func (d *Dashboard) Settle() {
	for r := range d.Rows {
		d.Rows[r].Panels = Settle(d.Rows[r].Panels)
	}
}

// Settle is Dashboard.Settle of one row's panels.
func Settle(panels []Panel) []Panel {
	slices.SortStableFunc(panels, inReadingOrder)
	var floor [Columns]int // the first free unit of each column
	for i := range panels {
		pl := &panels[i].Place
		pl.Y = 0
		for x := pl.X; x < pl.X+pl.W && x < Columns; x++ {
			pl.Y = max(pl.Y, floor[x])
		}
		for x := pl.X; x < pl.X+pl.W && x < Columns; x++ {
			floor[x] = pl.Y + pl.H
		}
	}
	slices.SortStableFunc(panels, inReadingOrder)
	return panels
}

func inReadingOrder(a, b Panel) int {
	return cmp.Or(cmp.Compare(a.Place.Y, b.Place.Y), cmp.Compare(a.Place.X, b.Place.X))
}

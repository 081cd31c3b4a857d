package dashboard

import (
	"cmp"
	"slices"
)

// Settle brings every row's panels into reading order and moves down what lies
// on others, the one that comes later. A row that begins with empty units
// loses them.
func (d *Dashboard) Settle() {
	for r := range d.Rows {
		d.Rows[r].Panels = Settle(d.Rows[r].Panels)
	}
}

// Settle is Dashboard.Settle of one row's panels.
func Settle(panels []Panel) []Panel {
	slices.SortStableFunc(panels, inReadingOrder)
	var floor [Columns]int // the first free unit of each column
	least := 0
	if len(panels) > 0 {
		least = panels[0].Place.Y
	}
	for i := range panels {
		pl := &panels[i].Place
		pl.Y -= least
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

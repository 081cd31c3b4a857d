package pages

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/dashboard"
	"tripod/dashboard/frames"
)

// usualNumber is what a number is at other times; NaN when that is not known.
type usualNumber struct {
	n   float64
	why string // what it is the median of
}

const (
	usualDays  = 7
	usualLeast = 2 // days with a number, below which they say nothing
)

// dashUsual asks for the number of a stat at the same time of the days before,
// and takes the earlier numbers of the range where there are too few days.
func (p *Pages) dashUsual(ctx context.Context, d *dashDraw) usualNumber {
	none := usualNumber{n: math.NaN()}
	a, values := d.a, d.alone()
	if values == nil {
		return none
	}
	const day = 24 * time.Hour
	days, _, _, err := p.o.Metrics.Measured(ctx, a.prom, a.to.Add(-usualDays*day), a.to.Add(-day), day)
	if err == nil && len(days) == 1 && len(days[0].Floats) >= usualLeast {
		values := onGrid(&days[0], a.to.Add(-usualDays*day), day, usualDays)
		return usualNumber{frames.Reduce("median", values), "the median of this time of day on " + strconv.Itoa(len(days[0].Floats)) + " days before"}
	}
	if len(values) < 20 || strings.Contains(d.one.Queries[0].Text, "$__range") { // early ones reach out of the range
		return none
	}
	return usualNumber{frames.Reduce("median", values[:len(values)*9/10]), "the median of this range"}
}

// alone are the values of a stat that shows the last one of what was asked in
// PromQL, as it was answered; nil of any other, since its question is not the
// one whose answers on other days are like the number that is shown.
func (d *dashDraw) alone() []float64 {
	one, a := d.one, d.a
	if one.Kind != dashboard.Stat || !one.Usual || len(one.Queries) != 1 || a.prom == "" || len(one.Transforms) > 0 || len(a.frames) != 1 {
		return nil
	}
	if !slices.Contains([]string{"", "last", "lastnotnull"}, one.Reduce) {
		return nil
	}
	fields := a.frames[0].Fields
	if len(fields) != 2 || fields[0].Kind != frames.Time || fields[1].Kind != frames.Number {
		return nil
	}
	if look := d.look(&fields[1], a.frames[0].Letter); look.negate {
		return nil
	}
	return fields[1].Nums
}

package pages

import (
	"context"
	"math"
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

// dashUsual asks for the same number at the same time of the days before, and
// takes the earlier numbers of the range where there are too few days.
func (p *Pages) dashUsual(ctx context.Context, one *dashboard.Scoped, a *dashAnswer) usualNumber {
	none := usualNumber{n: math.NaN()}
	if !one.Usual || a.prom == "" || len(one.Transforms) > 0 || len(a.frames) != 1 {
		return none
	}
	const day = 24 * time.Hour
	days, _, _, err := p.o.Metrics.Measured(ctx, a.prom, a.to.Add(-usualDays*day), a.to.Add(-day), day)
	if err == nil && len(days) == 1 && len(days[0].Floats) >= usualLeast {
		values := onGrid(&days[0], a.to.Add(-usualDays*day), day, usualDays)
		return usualNumber{frames.Reduce("median", values), "the median of this time of day on " + strconv.Itoa(len(days[0].Floats)) + " days before"}
	}
	values := a.frames[0].Fields[1].Nums
	if len(values) < 20 || strings.Contains(one.Queries[0].Text, "$__range") { // early ones reach out of the range
		return none
	}
	return usualNumber{frames.Reduce("median", values[:len(values)*9/10]), "the median of this range"}
}

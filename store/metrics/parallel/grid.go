package parallel

import (
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql/parser"
)

// grid is the moments for which a query is evaluated, in Unix milliseconds.
type grid struct {
	start, interval int64
	steps           int
}

// gridOf is false for times that do not fit 64 bits of nanoseconds, from 1677
// to 2262: what the stock engine makes of others is its own affair.
func gridOf(s *parser.EvalStmt) (grid, bool) {
	for _, t := range [...]time.Time{s.Start, s.End} {
		if !time.Unix(0, t.UnixNano()).Equal(t) {
			return grid{}, false
		}
	}
	g := grid{start: timestamp.FromTime(s.Start), interval: s.Interval.Milliseconds(), steps: 1}
	if g.interval <= 0 { // one moment
		g.interval = 1
		return g, true
	}
	if end := timestamp.FromTime(s.End); end >= g.start {
		g.steps = int((end-g.start)/g.interval) + 1
	} else {
		g.steps = 0
	}
	return g, true
}

func (g grid) at(step int) int64 { return g.start + int64(step)*g.interval }

func (g grid) end() int64 { return g.at(g.steps - 1) }

func milliseconds(d time.Duration) int64 { return int64(d / time.Millisecond) }

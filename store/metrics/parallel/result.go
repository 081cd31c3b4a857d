package parallel

import (
	"math"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// absent stands at a step where a series has no point. It is the stale marker,
// which no evaluation gives and which the stock engine reads as no point.
var absent = math.Float64frombits(value.StaleNaN)

func isAbsent(v float64) bool { return math.Float64bits(v) == value.StaleNaN }

// result is what a fragment evaluates to: series with a point for each step,
// which may be absent.
type result struct {
	rows  []promql.Series
	notes annotations.Annotations
}

// points makes points of a value for each step, or of none.
func (g grid) points(values []float64) []promql.FPoint {
	out := make([]promql.FPoint, g.steps)
	for step := range out {
		out[step] = promql.FPoint{T: g.at(step), F: absent}
		if values != nil {
			out[step].F = values[step]
		}
	}
	return out
}

// resultSet evaluates when it is first read, which is within the stock
// engine's own bounds of time and of queries at once.
type resultSet struct {
	eval func() (result, error)
	done bool
	r    result
	err  error
	at   int // rows read
}

func (s *resultSet) Next() bool {
	if !s.done {
		s.r, s.err = s.eval()
		s.done = true
	}
	if s.at == len(s.r.rows) {
		return false
	}
	s.at++
	return true
}

func (s *resultSet) At() storage.Series                { return promql.NewStorageSeries(s.r.rows[s.at-1]) }
func (s *resultSet) Err() error                        { return s.err }
func (s *resultSet) Warnings() annotations.Annotations { return s.r.notes }

package promapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Bounds of how many names status/tsdb lists of each kind.
const (
	defaultHeadLimit = 10
	maxHeadLimit     = 10_000
)

type stat struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

func newStats(list []index.Stat) []stat {
	out := make([]stat, 0, len(list))
	for _, s := range list {
		out = append(out, stat{s.Name, s.Count})
	}
	return out
}

type headStats struct {
	Series  uint64 `json:"numSeries"`
	Pairs   int    `json:"numLabelPairs"`
	Chunks  int64  `json:"chunkCount"`
	MinTime int64  `json:"minTime"`
	MaxTime int64  `json:"maxTime"`
}

// head is the cardinality of what is not in a block yet.
func (a *API) head(r *http.Request) (answer, error) {
	limit := defaultHeadLimit
	if s := r.FormValue("limit"); s != "" {
		var err error
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 {
			return answer{}, badData(errors.New("limit must be a positive number"))
		}
		if limit > maxHeadLimit {
			return answer{}, badData(fmt.Errorf("limit must not exceed %d", maxHeadLimit))
		}
	}
	h, chunks, err := a.d.Insight.Head(limit)
	if err != nil {
		return answer{}, err
	}
	return answer{data: value(struct {
		Head   headStats `json:"headStats"`
		Series []stat    `json:"seriesCountByMetricName"`
		Values []stat    `json:"labelValueCountByLabelName"`
		Bytes  []stat    `json:"memoryInBytesByLabelName"`
		Pairs  []stat    `json:"seriesCountByLabelValuePair"`
	}{
		headStats{h.NumSeries, h.IndexPostingStats.NumLabelPairs, chunks, h.MinTime, h.MaxTime},
		newStats(h.IndexPostingStats.CardinalityMetricsStats), newStats(h.IndexPostingStats.CardinalityLabelStats),
		newStats(h.IndexPostingStats.LabelValueStats), newStats(h.IndexPostingStats.LabelValuePairsStats),
	})}, nil
}

func (a *API) blocks(*http.Request) (answer, error) {
	return answer{data: value(map[string][]tsdb.BlockMeta{"blocks": append([]tsdb.BlockMeta{}, a.d.Insight.Blocks()...)})}, nil
}

// replayed is how far the journal was read: all of it, or nobody could ask.
func (a *API) replayed(*http.Request) (answer, error) {
	return answer{data: value(map[string]int{"min": 0, "max": 0, "current": 0})}, nil
}

package lokiapi

import (
	"net/http"

	"tripod/store"
	"tripod/web"
)

// levelLabels name the level of a stream's entries, surest first.
var levelLabels = []string{"detected_level", "level", "severity"}

// drilldownLimits tells Grafana's Logs Drilldown what it may ask for. It shows
// volumes and patterns only where these are said to be on.
func (a *API) drilldownLimits(w http.ResponseWriter, _ *http.Request) {
	type limits struct {
		DiscoverLevels  bool     `json:"discover_log_levels"`
		DiscoverService []string `json:"discover_service_name"`
		LevelFields     []string `json:"log_level_fields"`
		MaxEntries      int      `json:"max_entries_limit_per_query"`
		MaxLine         int      `json:"max_line_size"` // bytes
		Truncate        bool     `json:"max_line_size_truncate"`
		MaxLength       string   `json:"max_query_length"`   // of the range of a query; 0s is no limit
		MaxLookback     string   `json:"max_query_lookback"` // the same
		MaxSeries       int      `json:"max_query_series"`
		Retention       string   `json:"retention_period"` // 0s: it is not Loki's to say
		VolumeEnabled   bool     `json:"volume_enabled"`
		VolumeMax       int      `json:"volume_max_series"`
	}
	web.JSON(w, http.StatusOK, struct {
		Limits   limits `json:"limits"`
		Patterns bool   `json:"pattern_ingester_enabled"`
		Version  string `json:"version"`
	}{limits{
		DiscoverLevels: true, DiscoverService: serviceLabels[:], LevelFields: levelLabels,
		MaxEntries: maxLimit, MaxLine: a.o.MaxLine, MaxLength: "0s", MaxLookback: "0s", MaxSeries: maxSeries,
		Retention: "0s", VolumeEnabled: true, VolumeMax: maxVolumes,
	}, true, a.o.Version})
}

// noRules is what Loki's ruler says without rules: those of an appliance ask in
// PromQL, and the Prometheus API lists them.
func noRules(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no rule groups found", http.StatusNotFound)
}

// rulesState is the same in the form of Prometheus's API, which Grafana asks
// for the states of the rules that a Loki has.
func rulesState(member string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		web.JSON(w, http.StatusOK, struct {
			Status string           `json:"status"`
			Data   map[string][]any `json:"data"`
			Type   string           `json:"errorType"`
			Error  string           `json:"error"`
		}{"success", map[string][]any{member: {}}, "", ""})
	}
}

// indexShards says how a query is best cut into parts that are asked side by
// side: not at all, since the engine does that itself.
func (a *API) indexShards(w http.ResponseWriter, r *http.Request) {
	query, rng, err := a.ranged(w, r)
	var all indexSize
	if err == nil {
		all, err = a.sizeOf(r, query, rng)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	type bounds struct {
		Min uint64 `json:"min"`
		Max uint64 `json:"max"`
	}
	type shard struct {
		Bounds bounds    `json:"bounds"`
		Stats  indexSize `json:"stats"`
	}
	web.JSON(w, http.StatusOK, struct {
		Shards []shard `json:"shards"`
		Stats  stats   `json:"statistics"`
		Chunks []any   `json:"chunkGroups"`
	}{[]shard{{bounds{0, 1<<64 - 1}, all}}, statsOf(&store.Receipt{}, 0, 0), nil})
}

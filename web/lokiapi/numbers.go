package lokiapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"tripod/store"
	"tripod/web"
)

// point is [seconds, "value"], as Prometheus writes it.
type point store.LogPoint

func (p point) MarshalJSON() ([]byte, error) {
	b := append([]byte{'['}, strconv.FormatFloat(float64(p.Time/1e6)/1e3, 'f', -1, 64)...)
	b = append(b, `,"`...)
	b = append(b, formatFloat(p.Value)...)
	return append(b, `"]`...), nil
}

var _ json.Marshaler = point{}

// formatFloat writes numbers as Prometheus does: NaN, +Inf, 0.1.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

type numbers struct {
	ResultType string `json:"resultType"`
	Result     any    `json:"result"`
	Stats      stats  `json:"stats"`
}

// told is what is said of how numbers were found.
type told struct {
	stats    stats
	explain  *explained
	warnings warnings
}

type vectorSeries struct {
	Metric map[string]string `json:"metric"`
	Value  point             `json:"value"`
}

type matrixSeries struct {
	Metric map[string]string `json:"metric"`
	Values []point           `json:"values"`
}

// vector writes the only point of each series.
func writeVector(w http.ResponseWriter, list []store.LogSeries, t told) {
	result := make([]vectorSeries, len(list))
	for i, s := range list {
		result[i] = vectorSeries{asMap(s.Labels), point(s.Points[0])}
	}
	writeNumbers(w, "vector", result, t)
}

func writeScalar(w http.ResponseWriter, list []store.LogSeries, t told) {
	writeNumbers(w, "scalar", point(list[0].Points[0]), t)
}

func writeMatrix(w http.ResponseWriter, list []store.LogSeries, t told) {
	result := make([]matrixSeries, len(list))
	for i, s := range list {
		result[i] = matrixSeries{Metric: asMap(s.Labels), Values: make([]point, len(s.Points))}
		for k, p := range s.Points {
			result[i].Values[k] = point(p)
		}
	}
	writeNumbers(w, "matrix", result, t)
}

func writeNumbers(w http.ResponseWriter, kind string, result any, t told) {
	web.JSON(w, http.StatusOK, struct {
		envelope
		Warnings warnings   `json:"warnings,omitempty"`
		Explain  *explained `json:"explain,omitempty"`
	}{envelope{"success", numbers{kind, result, t.stats}}, t.warnings, t.explain})
}

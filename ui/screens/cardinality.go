package screens

import "tripod/ui"

// Cardinality says what the series are made of.
type Cardinality struct {
	Failed  string
	Tabs    []ui.Tab
	Tiles   []Tile
	Hint    string // 12,318 series of 200,000
	New     string // head of the column of new series
	Metrics []MetricRow
	Labels  []LabelRow
	Pairs   []PairRow
	Slow    []SlowRow
	More    string // link to all of it
}

// MetricRow is one metric.
type MetricRow struct {
	Name    string
	Href    string
	Series  string
	Share   float64 // of the metric with most
	New     string
	Churns  bool
	Label   string // that with most values
	Values  string
	Samples string
	Bytes   ui.Quantity
}

// LabelRow is one label name.
type LabelRow struct {
	Name   string
	Href   string
	Values string
	Share  float64
}

// PairRow is one label with one value.
type PairRow struct {
	Name, Value string
	Href        string
	Series      string
	Share       float64
}

// SlowRow is a query that took long.
type SlowRow struct {
	Text    string
	Href    string
	Took    ui.Quantity
	Samples string
	Over    string // the range that it asked for
	When    string
	Failed  string
}

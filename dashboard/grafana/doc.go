// Package grafana reads dashboards as Grafana exports them, of old and new
// schema versions, and says what of them could not be carried over. The form
// is that of Grafana's documentation of the dashboard JSON model.
//
// It must never know who keeps or shows a dashboard.
package grafana

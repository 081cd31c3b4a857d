package backtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// templateNames are what Prometheus puts before every template of a rule.
const templateNames = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

var errNoQueries = errors.New("a back-test asks no queries of templates")

// expand is a template's text, or what Prometheus puts in its place when it
// fails.
func expand(rule, text string, series labels.Labels, v float64, at time.Time) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	data := template.AlertTemplateData(series.Map(), nil, "", promql.Sample{Metric: series, T: timestamp.FromTime(at), F: v})
	query := func(context.Context, string, time.Time) (promql.Vector, error) { return nil, errNoQueries }
	out, err := template.NewTemplateExpander(context.Background(), templateNames+text, "__alert_"+rule, data, model.Time(timestamp.FromTime(at)), query, &url.URL{}, nil).Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	return out
}

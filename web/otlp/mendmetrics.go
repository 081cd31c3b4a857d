package otlp

import (
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"tripod/web"
)

// metricItems takes exemplars whose ids cannot be out of metrics, which says
// nothing against their numbers, and refuses metrics that cannot be decoded for
// another reason.
func metricItems(dropped *web.Refusals) items {
	return items{
		path: [3][]string{{"resourceMetrics", "resource_metrics"}, {"scopeMetrics", "scope_metrics"}, {"metrics"}},
		size: func(item json.RawMessage) int {
			n := 0
			eachPoint(item, func(p json.RawMessage) json.RawMessage { n++; return p })
			return max(n, 1)
		},
		mend: func(item json.RawMessage) (json.RawMessage, string) {
			_, name := membersOf(item)
			var without web.Refusals
			item = eachPoint(item, func(p json.RawMessage) json.RawMessage {
				return eachOf(p, []string{"exemplars"}, func(e json.RawMessage) json.RawMessage { return soundExemplar(e, name, &without) })
			})
			if err := pmetricotlp.NewExportRequest().UnmarshalJSON(fmt.Appendf(nil, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%s]}]}]}`, item)); err != nil {
				return nil, fmt.Sprintf("metric %.60q: %.200s", name, err)
			}
			dropped.Join(without)
			return item, ""
		},
	}
}

// soundExemplar is nil for one whose ids cannot be, and counts it.
func soundExemplar(e json.RawMessage, metric string, dropped *web.Refusals) json.RawMessage {
	members, _ := membersOf(e)
	for _, id := range exemplarIDs {
		if fault := id.fault(members); fault != "" {
			dropped.Add(web.Invalid, 1, exemplarFault(metric, fault))
			return nil
		}
	}
	return e
}

func exemplarFault(metric, fault string) string {
	return fmt.Sprintf("exemplar of metric %.60q: %s", metric, fault)
}

// withExemplars adds to what is told of data points what is told of exemplars.
func withExemplars(why string, dropped web.Refusals) string {
	if dropped.N == 0 {
		return why
	}
	if why != "" {
		why += "; "
	}
	return fmt.Sprintf("%sdata points are kept without exemplars (%d): %s", why, dropped.N, dropped.Why)
}

// metricKinds are the members of a metric that have data points.
var metricKinds = []string{"gauge", "sum", "histogram", "exponentialHistogram", "exponential_histogram", "summary"}

// eachPoint puts what do makes of each data point of a metric in its place.
func eachPoint(metric json.RawMessage, do func(json.RawMessage) json.RawMessage) json.RawMessage {
	members, _ := membersOf(metric)
	changed := false
	for _, kind := range metricKinds {
		if of := members[kind]; of != nil {
			members[kind] = eachOf(of, []string{"dataPoints", "data_points"}, do)
			changed = changed || len(members[kind]) != len(of)
		}
	}
	if !changed {
		return metric
	}
	text, _ := json.Marshal(members) // which came from JSON
	return text
}

// eachOf puts what do makes of each item of an object's lists in its place; nil
// takes it out. What is no such object stays as it is.
func eachOf(object json.RawMessage, names []string, do func(json.RawMessage) json.RawMessage) json.RawMessage {
	members, _ := membersOf(object)
	changed := false
	for _, name := range names {
		var in []json.RawMessage
		out := []json.RawMessage{}
		if members[name] == nil || json.Unmarshal(members[name], &in) != nil {
			continue
		}
		for _, item := range in {
			made := do(item)
			if changed = changed || len(made) != len(item); made != nil {
				out = append(out, made)
			}
		}
		members[name], _ = json.Marshal(out)
	}
	if !changed {
		return object
	}
	text, _ := json.Marshal(members)
	return text
}

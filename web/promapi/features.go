package promapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/prometheus/prometheus/util/features"
	"google.golang.org/protobuf/encoding/protojson"
)

// TellFeatures says what this API can, in Prometheus's words for it.
func TellFeatures(r features.Collector) {
	for _, name := range [...]string{"label_values_match", "query_warnings", "query_stats", "time_range_series", "time_range_labels", "exclude_alerts", "lifecycle", "admin"} {
		r.Enable(features.API, name)
	}
	for _, name := range [...]string{"search", "openapi_3.1", "openapi_3.2"} {
		r.Disable(features.API, name)
	}
}

func (a *API) features(*http.Request) (answer, error) {
	if a.d.Features == nil {
		return answer{}, errors.New("feature registry not configured")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // operators among them: >=
	if err := enc.Encode(a.d.Features.Get()); err != nil {
		return answer{}, fmt.Errorf("features: %w", err)
	}
	return answer{data: func(out []byte) []byte { return append(out, bytes.TrimSpace(b.Bytes())...) }}, nil
}

// search is what Prometheus answers unless the experiment is switched on.
func (a *API) search(*http.Request) (answer, error) {
	return answer{}, &failure{"unavailable", errors.New("search API disabled")}
}

// selfMetrics are the server's own metrics, a family an element, in the JSON
// of protocol buffers.
func (a *API) selfMetrics(r *http.Request) (answer, error) {
	only := regexp.MustCompile("")
	if pattern := r.FormValue("metric_name_pattern"); pattern != "" {
		var err error
		if only, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			return answer{}, badData(fmt.Errorf("invalid metric_name_pattern: %w", err))
		}
	}
	families, err := a.d.Own.Gather()
	if err != nil {
		return answer{}, fmt.Errorf("error gathering self metrics: %w", err)
	}
	out := []json.RawMessage{}
	for _, f := range families {
		if !only.MatchString(f.GetName()) {
			continue
		}
		b, err := protojson.Marshal(f)
		if err != nil {
			return answer{}, fmt.Errorf("error marshaling metric family %q: %w", f.GetName(), err)
		}
		out = append(out, b)
	}
	return answer{data: value(out)}, nil
}

// searches are paths of an experiment, answered by GET and POST.
var searches = [...]string{"search/metric_names", "search/label_names", "search/label_values"}

package lokiapi

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
)

func TestExplainSaysWhoDidEachStage(t *testing.T) {
	srv := serve(t, loaded(t), Options{})
	for query, want := range map[string][]explainedStage{
		`{job="api"} |= "stock" | json | n > 2 | line_format "{{.n}}"`: {{`{job="api"}`, "store"}, {`|= "stock"`, "store"},
			{"| json", "records"}, {"| n > 2", "store and records"}, {"| line_format \"{{.n}}\"", "records"}},
		`sum by (detected_level) (count_over_time({job="api"} |~ "st.*" | detected_level="error" [1m])) / sum(rate({}[1m]))`: {
			{`{job="api"}`, "store"}, {`|~ "st.*"`, "store"}, {`| detected_level="error"`, "store"}, {"{}", "store"}},
	} {
		_, body := do(t, "GET", srv.URL+"/loki/api/v1/query_range?explain=1&start=1773324360000000000&end=1773324361000000000&query="+url.QueryEscape(query), nil, nil)
		var got struct {
			Explain explained
			Data    struct{ Stats stats }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if !slices.Equal(got.Explain.Stages, want) {
			t.Errorf("%s: got %v, want %v", query, got.Explain.Stages, want)
		}
		if len(got.Explain.Steps) == 0 || got.Explain.Asked == "" || len(got.Explain.Reads) == 0 || got.Data.Stats.Querier.Store.Chunks == 0 {
			t.Errorf("%s: got %+v, stats %+v", query, got.Explain, got.Data.Stats)
		}
	}
}

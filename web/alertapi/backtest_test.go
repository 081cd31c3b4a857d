package alertapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting/backtest"
)

// quiet is a past in which nothing fires.
type quiet struct{}

func (quiet) Backtest(_ context.Context, r backtest.Rule, from, to time.Time) (*backtest.Report, error) {
	return &backtest.Report{Rule: r, From: from, To: to}, nil
}

// TestBacktestReadsRulesAsTheStoreDoes: functions that were turned on are known.
func TestBacktestReadsRulesAsTheStoreDoes(t *testing.T) {
	const file = "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: 'sort_by_label(x, \"a\") > 1'}\n"
	for name, c := range map[string]struct {
		parser parser.Parser
		code   int
		says   string
	}{
		"stock PromQL":  {nil, 400, "is not enabled"},
		"all functions": {parser.NewParser(parser.Options{EnableExperimentalFunctions: true}), 200, `"fired":0`},
	} {
		mux := http.NewServeMux()
		NewBacktests(quiet{}, c.parser, nil).Register(mux)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/alerts/backtest", strings.NewReader(file)))
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s, want %d and %q", name, w.Code, w.Body, c.code, c.says)
		}
	}
}

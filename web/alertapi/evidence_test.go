package alertapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/store"
)

type fakeEvidence struct{ e alerting.Evidence }

func (f fakeEvidence) Evidence(_ context.Context, id string) (alerting.Evidence, error) {
	switch id {
	case f.e.ID:
		return f.e, nil
	case "bad":
		return alerting.Evidence{}, fmt.Errorf("evidence %q: want digits: %w", id, store.ErrInvalid)
	case "broken":
		return alerting.Evidence{}, fmt.Errorf("evidence.db: %w", alerting.ErrInvalid)
	}
	return alerting.Evidence{}, fmt.Errorf("evidence %s: %w", id, store.ErrNotFound)
}

func (f fakeEvidence) EvidenceList(_ context.Context, q alerting.EvidenceQuery) ([]alerting.EvidenceHead, error) {
	if q.Name != "" && q.Name != f.e.Name {
		return nil, nil
	}
	return []alerting.EvidenceHead{f.e.EvidenceHead}, nil
}

func TestEvidence(t *testing.T) {
	at := time.Date(2026, 3, 12, 14, 12, 30, 0, time.UTC)
	limit := alerting.Value(0.01)
	f := fakeEvidence{alerting.Evidence{
		EvidenceHead: alerting.EvidenceHead{ID: "00aa", Alert: "0123456789abcdef", Name: "HighErrorRate", Value: "4.2 %", FiredAt: at, GatheredAt: at.Add(time.Second)},
		Expression:   &alerting.Plot{Expr: "e", Op: ">", Threshold: &limit, For: time.Minute, From: at, Step: time.Minute, Lines: []alerting.PlotLine{{Own: true, Values: []alerting.Value{1, alerting.Value(math.NaN())}}}},
		From:         at, To: at,
		Traces:   []alerting.KeptTrace{{ID: "ab", Why: "slow", Duration: time.Second, Shown: []alerting.KeptSpan{{Name: "GET /", Failed: true}}}},
		Patterns: []alerting.KeptPattern{{Text: "a <_>", Lines: 3, Examples: []alerting.KeptLine{{Line: "a 1", Trace: "ab"}}}},
		Changes:  []alerting.Change{{Time: at, Kind: alerting.ChangeConfig, Text: "config"}},
		Missing:  []alerting.Missing{{Part: "logs", Why: "late"}},
	}}
	mux := http.NewServeMux()
	NewEvidence(f).Register(mux)
	for name, c := range map[string]struct {
		path string
		code int
		want []string
	}{
		"one":        {"/api/v1/alerts/evidence/00aa", 200, []string{`"path":"/alerts/evidence/00aa"`, `"state":"kept"`, `"threshold":0.01`, `"values":[1,null]`, `"durationNanos":1000000000`, `"failed":true`, `"line":"a 1","traceID":"ab"`, `"kind":"config"`, `"part":"logs","why":"late"`, `"services":[]`}},
		"all":        {"/api/v1/alerts/evidence", 200, []string{`"id":"00aa"`}},
		"of a rule":  {"/api/v1/alerts/evidence?name=Other&start=0", 200, []string{`"data":[]`}},
		"none":       {"/api/v1/alerts/evidence/00bb", 404, []string{`"errorType":"not_found"`}},
		"no id":      {"/api/v1/alerts/evidence/bad", 400, []string{"want digits"}},
		"no number":  {"/api/v1/alerts/evidence?limit=x", 400, []string{"limit"}},
		"no time":    {"/api/v1/alerts/evidence?start=x", 400, []string{"start"}},
		"unreadable": {"/api/v1/alerts/evidence/broken", 500, []string{"evidence.db"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, httptest.NewRequest("GET", c.path, nil))
			if rec.Code != c.code || !json.Valid(rec.Body.Bytes()) {
				t.Errorf("answered %d: %s", rec.Code, rec.Body)
			}
			for _, want := range c.want {
				if !strings.Contains(rec.Body.String(), want) {
					t.Errorf("no %s in %s", want, rec.Body)
				}
			}
		})
	}
}

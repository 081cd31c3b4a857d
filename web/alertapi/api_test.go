package alertapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
)

type fixed []alerting.Group

func (f fixed) Groups() []alerting.Group { return f }

var at = time.Date(2026, 3, 12, 14, 6, 0, 5e8, time.UTC)

func groups() fixed {
	return fixed{
		{File: "a.yml", Name: "one", Interval: 15 * time.Second, EvaluationTime: 2 * time.Millisecond, LastEvaluation: at, Rules: []alerting.Rule{
			{Kind: alerting.Recording, Name: "r:r", Expr: "sum(up)", Health: alerting.HealthOK, LastEvaluation: at},
			{
				Kind: alerting.Alerting, Name: "Down", Expr: "up == 0", For: 5 * time.Minute, KeepFiringFor: time.Minute,
				Labels: map[string]string{"severity": "page"}, Annotations: map[string]string{"summary": "down & out"},
				State: alerting.Firing, Health: alerting.HealthOK, LastEvaluation: at, EvaluationTime: time.Millisecond,
				Alerts: []alerting.ActiveAlert{{
					Labels: map[string]string{"alertname": "Down"}, Annotations: map[string]string{}, State: alerting.Firing,
					Value: 0.25, ActiveAt: at, FiredAt: at, KeepFiringSince: at,
				}},
			},
		}},
		{File: "b.yml", Name: "two", Interval: time.Minute, Limit: 3, Rules: []alerting.Rule{
			{Kind: alerting.Alerting, Name: "Bad", Expr: "x", State: alerting.Unknown, Health: alerting.HealthErr, LastError: "no"},
		}},
	}
}

func get(t *testing.T, path string, q url.Values) (int, string) {
	t.Helper()
	mux := http.NewServeMux()
	New(groups()).Register(mux)
	s := httptest.NewServer(mux)
	defer s.Close()
	res, err := http.Get(s.URL + path + "?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestRulesInPrometheusForm(t *testing.T) {
	const want = `{"status":"success","data":{"groups":[` +
		`{"name":"one","file":"a.yml","rules":[` +
		`{"name":"r:r","query":"sum(up)","labels":{},"health":"ok","evaluationTime":0,"lastEvaluation":"2026-03-12T14:06:00.5Z","type":"recording"},` +
		`{"state":"firing","name":"Down","query":"up == 0","duration":300,"keepFiringFor":60,"labels":{"severity":"page"},` +
		`"annotations":{"summary":"down \u0026 out"},"alerts":[` +
		`{"labels":{"alertname":"Down"},"annotations":{},"state":"firing","activeAt":"2026-03-12T14:06:00.5Z","keepFiringSince":"2026-03-12T14:06:00.5Z","value":"2.5e-01"}],` +
		`"health":"ok","evaluationTime":0.001,"lastEvaluation":"2026-03-12T14:06:00.5Z","type":"alerting"}],` +
		`"interval":15,"limit":0,"evaluationTime":0.002,"lastEvaluation":"2026-03-12T14:06:00.5Z"},` +
		`{"name":"two","file":"b.yml","rules":[` +
		`{"state":"unknown","name":"Bad","query":"x","duration":0,"keepFiringFor":0,"labels":{},"annotations":{},"alerts":[],` +
		`"health":"err","lastError":"no","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z","type":"alerting"}],` +
		`"interval":60,"limit":3,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"}]}}`
	if status, got := get(t, "/api/v1/rules", nil); status != 200 || got != want {
		t.Errorf("%d, got\n%s\nwant\n%s", status, got, want)
	}
}

func TestAlertsInPrometheusForm(t *testing.T) {
	const want = `{"status":"success","data":{"alerts":[{"labels":{"alertname":"Down"},"annotations":{},"state":"firing",` +
		`"activeAt":"2026-03-12T14:06:00.5Z","keepFiringSince":"2026-03-12T14:06:00.5Z","value":"2.5e-01"}]}}`
	if status, got := get(t, "/api/v1/alerts", nil); status != 200 || got != want {
		t.Errorf("%d, got\n%s\nwant\n%s", status, got, want)
	}
}

func TestRulesFilters(t *testing.T) {
	two := token(groups()[1])
	for name, c := range map[string]struct {
		q    url.Values
		want string // names of the rules, or of the error
		next string
	}{
		"all":               {nil, "r:r Down Bad", ""},
		"alerting":          {url.Values{"type": {"alert"}}, "Down Bad", ""},
		"recording":         {url.Values{"type": {"Record"}}, "r:r", ""},
		"by name":           {url.Values{"rule_name[]": {"Down", "Bad"}}, "Down Bad", ""},
		"by group":          {url.Values{"rule_group[]": {"two"}}, "Bad", ""},
		"by file":           {url.Values{"file[]": {"a.yml"}}, "r:r Down", ""},
		"by label":          {url.Values{"match[]": {`{severity=~"p.*"}`}}, "Down", ""},
		"first page":        {url.Values{"group_limit": {"1"}}, "r:r Down", two},
		"second page":       {url.Values{"group_limit": {"1"}, "group_next_token": {two}}, "Bad", ""},
		"unknown type":      {url.Values{"type": {"both"}}, `invalid parameter "type"`, ""},
		"bad match":         {url.Values{"match[]": {`{`}}, "parse error", ""},
		"empty match":       {url.Values{"match[]": {`{a=""}`}}, "non-empty", ""},
		"bad limit":         {url.Values{"group_limit": {"0"}}, "greater than 0", ""},
		"token, no limit":   {url.Values{"group_next_token": {two}}, "needs to be present", ""},
		"unknown token":     {url.Values{"group_limit": {"1"}, "group_next_token": {"x"}}, "were rule groups changed", ""},
		"bad exclude":       {url.Values{"exclude_alerts": {"perhaps"}}, "exclude_alerts", ""},
		"limit not a count": {url.Values{"group_limit": {"many"}}, "valid number", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := get(t, "/api/v1/rules", c.q)
			if status != http.StatusOK {
				var e envelope
				if err := json.Unmarshal([]byte(body), &e); err != nil || status != 400 || e.ErrorType != "bad_data" || !strings.Contains(e.Error, c.want) {
					t.Errorf("%d %s, want %q", status, body, c.want)
				}
				return
			}
			var got struct {
				Data struct {
					Groups []struct{ Rules []struct{ Name string } }
					Next   string `json:"groupNextToken"`
				}
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range got.Data.Groups {
				for _, r := range g.Rules {
					names = append(names, r.Name)
				}
			}
			if s := strings.Join(names, " "); s != c.want || got.Data.Next != c.next {
				t.Errorf("rules %q, next %q; want %q, %q", s, got.Data.Next, c.want, c.next)
			}
		})
	}
}

func TestAlertsCanBeLeftOut(t *testing.T) {
	_, body := get(t, "/api/v1/rules", url.Values{"exclude_alerts": {"true"}})
	if !strings.Contains(body, `"alerts":null`) || strings.Contains(body, "activeAt") {
		t.Errorf("got %s", body)
	}
}

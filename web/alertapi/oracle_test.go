package alertapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	grafana "github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"tripod/alerting"
)

// groupsOfPrometheus are four groups of rules that were evaluated, but for the
// last: some fire, some wait, one fails.
func groupsOfPrometheus(t *testing.T) []*rules.Group {
	t.Helper()
	query := func(_ context.Context, q string, now time.Time) (promql.Vector, error) {
		if strings.Contains(q, "bad") {
			return nil, fmt.Errorf("<no> answer")
		}
		return promql.Vector{{Metric: labels.FromStrings("job", "api"), T: now.UnixMilli(), F: 0.25}}, nil
	}
	opts := &rules.ManagerOptions{
		QueryFunc: query, NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Context: t.Context(), Logger: slog.New(slog.DiscardHandler), Metrics: rules.NewGroupMetrics(prometheus.NewRegistry()),
		Appendable: nowhere{}, Queryable: storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }),
	}
	expr := func(s string) parser.Expr {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(s)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	alert := func(name, e string, hold time.Duration, ls, notes labels.Labels) rules.Rule {
		return rules.NewAlertingRule(name, expr(e), hold, 0, ls, notes, labels.EmptyLabels(), "", true, opts.Logger)
	}
	record := func(name, e string, ls labels.Labels) rules.Rule { return rules.NewRecordingRule(name, expr(e), ls) }
	page, none := labels.FromStrings("severity", "page"), labels.EmptyLabels()
	var out []*rules.Group
	for i, list := range [][]rules.Rule{
		{record("job:up", "sum by (job) (up)", none), alert("Down", "up == 0", 0, page, labels.FromStrings("summary", "down & out {{ $value }}"))},
		{alert("Slow", "lat > 1", 5*time.Minute, page, none), alert("Broken", "bad", 0, labels.FromStrings("severity", "info"), none)},
		{record("bad:rule", "bad", labels.FromStrings("severity", "page")), record("other", "1 < bool 2", none)},
		{alert("New", "up", time.Minute, none, none)},
	} {
		name := fmt.Sprintf("group%d", i%3)
		g := rules.NewGroup(rules.GroupOptions{Name: name, File: fmt.Sprintf("%c.yml", 'a'+i/2), Interval: 15 * time.Second, Limit: i, Rules: list, Opts: opts})
		if i < 3 {
			g.Eval(t.Context(), at)
			g.Eval(t.Context(), at.Add(15*time.Second))
		}
		out = append(out, g)
	}
	return out
}

type appender = storage.Appender

// nowhere forgets what rules record.
type nowhere struct{ appender }

func (n nowhere) Appender(context.Context) storage.Appender { return n }
func (n nowhere) Append(storage.SeriesRef, labels.Labels, int64, float64) (storage.SeriesRef, error) {
	return 1, nil
}
func (nowhere) SetOptions(*storage.AppendOptions) {}
func (nowhere) Commit() error                     { return nil }
func (nowhere) Rollback() error                   { return nil }

// theirs are rules as Prometheus's API asks for them.
type theirs []*rules.Group

func (g theirs) RuleGroups() []*rules.Group { return g }

func (g theirs) AlertingRules() (out []*rules.AlertingRule) {
	for _, group := range g {
		out = append(out, group.AlertingRules()...)
	}
	return out
}

// ours are the same in our words.
func ours(groups []*rules.Group) (out fixed) {
	for _, g := range groups {
		group := alerting.Group{File: g.File(), Name: g.Name(), Interval: g.Interval(), Limit: g.Limit(), LastEvaluation: g.GetLastEvaluation(), EvaluationTime: g.GetEvaluationTime()}
		for _, r := range g.Rules() {
			rule := alerting.Rule{
				Kind: alerting.Recording, Name: r.Name(), Expr: r.Query().String(), Labels: r.Labels().Map(), Health: alerting.Health(r.Health()),
				LastEvaluation: r.GetEvaluationTimestamp(), EvaluationTime: r.GetEvaluationDuration(),
			}
			if err := r.LastError(); err != nil {
				rule.LastError = err.Error()
			}
			if a, ok := r.(*rules.AlertingRule); ok {
				rule.Kind, rule.For, rule.KeepFiringFor = alerting.Alerting, a.HoldDuration(), a.KeepFiringFor()
				rule.Annotations, rule.State = a.Annotations().Map(), alerting.State(a.State().String())
				for _, x := range a.ActiveAlerts() {
					rule.Alerts = append(rule.Alerts, alerting.ActiveAlert{Labels: x.Labels.Map(), Annotations: x.Annotations.Map(), State: alerting.State(x.State.String()), Value: x.Value, ActiveAt: x.ActiveAt})
				}
			}
			group.Rules = append(group.Rules, rule)
		}
		out = append(out, group)
	}
	return out
}

// Random requests get the answers of Prometheus's own API over the same rules.
func TestSameAnswersAsPrometheus(t *testing.T) {
	groups := groupsOfPrometheus(t)
	r := route.New()
	v1.NewAPI(nil, nil, nil, nil, nil, nil, nil, nil, func() config.Config { return config.Config{} }, nil, v1.GlobalURLOptions{},
		func(f http.HandlerFunc) http.HandlerFunc { return f }, nil, "", false, false, 0, slog.New(slog.DiscardHandler),
		func(context.Context) v1.RulesRetriever { return theirs(groups) }, 0, 1, 0, false, grafana.MustCompile(".*"), nil, nil, nil, nil,
		prometheus.NewRegistry(), nil, nil, false, nil, false, false, false, false, 0, false, false, nil, nil, v1.OpenAPIOptions{}, nil).Register(r)
	them := http.StripPrefix("/api/v1", r)
	us := http.NewServeMux()
	New(ours(groups)).Register(us)

	dice := rand.New(rand.NewPCG(3, 4))
	one := func(of ...string) string { return of[dice.IntN(len(of))] }
	tokens := []string{"", "x"}
	for _, g := range groups {
		tokens = append(tokens, token(alerting.Group{File: g.File(), Name: g.Name()}))
	}
	seen := map[int]int{}
	for range 2000 {
		q := url.Values{}
		for name, values := range map[string][]string{
			"type": {"alert", "record", "ALERT", "x", ""}, "rule_name[]": {"Down", "job:up", "New", "nothing"}, "rule_group[]": {"group0", "group1", "x"}, "file[]": {"a.yml", "b.yml", "c.yml"},
			"exclude_alerts": {"true", "false", "TRUE", "1", "x", ""}, "match[]": {`{severity="page"}`, `{severity=~"page|info"}`, `{severity!="page",nothing=""}`, "{", "{}", `{severity=~".+"}`, `{severity=~"{{.*"}`},
			"group_limit": {"1", "2", "3", "100", "0", "-1", "x", "99999999999", ""}, "group_next_token": tokens,
		} {
			for dice.IntN(4) == 0 {
				q.Add(name, one(values...))
			}
		}
		target := one("/api/v1/rules", "/api/v1/rules", "/api/v1/rules", "/api/v1/alerts") + "?" + q.Encode()
		got, want := reply(t, us, target), reply(t, them, target)
		seen[want.status]++
		if !reflect.DeepEqual(got, want) {
			unescaped, _ := url.QueryUnescape(target)
			t.Fatalf("%s\n got %d %.1500v\nwant %d %.1500v", unescaped, got.status, got.body, want.status, want.body)
		}
	}
	if seen[200] < 300 || seen[400] < 300 {
		t.Errorf("statuses %v", seen)
	}
}

type answered struct {
	status int
	typ    string
	body   map[string]any
}

func reply(t *testing.T, h http.Handler, target string) (out answered) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	out.status, out.typ = w.Code, w.Header().Get("Content-Type")
	if err := json.Unmarshal(w.Body.Bytes(), &out.body); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return out
}

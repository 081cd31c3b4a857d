package rulebook

import (
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
)

func sound() Rule {
	return Rule{
		Name: "Slow", Expr: "histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[5m]))) > 0.5", For: "5m", KeepFiringFor: "10m",
		Labels:      map[string]string{"severity": "page", "instance": ""},
		Annotations: map[string]string{"summary": "{{ $labels.service_name }} takes {{ $value | humanizeDuration }}"},
		Group:       "own", Interval: "30s", QueryOffset: "1m", Limit: 5,
	}
}

func records(r *Rule) {
	*r = Rule{Record: "job:took:p95", Expr: r.Expr, Group: "own", Labels: map[string]string{"env": "{{ no template", "alertname": "x"}}
}

func TestCheckNamesFieldAndPlace(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Rule)
		want   string
	}{
		"nothing is wrong":           {func(*Rule) {}, ""},
		"no name":                    {func(r *Rule) { r.Name = " " }, "alert: is missing"},
		"a line break in a name":     {func(r *Rule) { r.Name = "a\nb" }, "alert: has characters that are no text"},
		"no expression":              {func(r *Rule) { r.Expr = "" }, "expr: is missing"},
		"half an expression":         {func(r *Rule) { r.Expr = "sum(up" }, "expr: column 7: "},
		"one of several lines":       {func(r *Rule) { r.Expr = "up\n  == == 1" }, "expr: line 2, column 6: "},
		"a range":                    {func(r *Rule) { r.Expr = "up[5m]" }, "expr: a rule wants an instant vector or a scalar, this is a range vector"},
		"a bad for":                  {func(r *Rule) { r.For = "5 minutes" }, `for: "5 minutes": want a duration like 30s`},
		"a bad keep_firing_for":      {func(r *Rule) { r.KeepFiringFor = "-1m" }, "keep_firing_for: "},
		"a bad label's name":         {func(r *Rule) { r.Labels["\xff"] = "x" }, "labels: "},
		"the metric's name":          {func(r *Rule) { r.Labels["__name__"] = "x" }, "labels.__name__: is the name of the metric"},
		"the alert's name":           {func(r *Rule) { r.Labels["alertname"] = "x" }, "labels.alertname: is the name of the rule"},
		"a bad template":             {func(r *Rule) { r.Annotations["summary"] = "{{ $value | humanise }}" }, `annotations.summary: 1: function "humanise" not defined`},
		"a template that ends early": {func(r *Rule) { r.Labels["severity"] = "{{ $value" }, "labels.severity: "},
		"no group":                   {func(r *Rule) { r.Group = "" }, "group: is missing"},
		"a bad interval":             {func(r *Rule) { r.Interval = "often" }, "interval: "},
		"a bad offset":               {func(r *Rule) { r.QueryOffset = "x" }, "query_offset: "},
		"a negative limit":           {func(r *Rule) { r.Limit = -1 }, "limit: "},
		"one that records":           {records, ""},
		"both of them":               {func(r *Rule) { records(r); r.Name = "A" }, "alert: a rule makes alerts or it records"},
		"a record with braces":       {func(r *Rule) { records(r); r.Record = `up{job="x"}` }, "record: "},
		"a record that is no text":   {func(r *Rule) { records(r); r.Record = "a\xff" }, "record: "},
		"a record with a for":        {func(r *Rule) { records(r); r.For = "5m" }, "for: a rule that records has none"},
		"a record with texts":        {func(r *Rule) { records(r); r.Annotations = map[string]string{"a": "b"} }, "annotations: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := sound()
			c.change(&r)
			err := r.Check(nil)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, alerting.ErrInvalid) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestFileOfRules(t *testing.T) {
	at := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	first, other, late := sound(), sound(), sound()
	other.Name, other.Group, other.Interval, other.QueryOffset, other.Limit = "Other", "rest", "", "", 0
	late.Name, late.Interval, late.QueryOffset, late.KeepFiringFor, late.Annotations = "Late", "1m", "", "", nil
	var recorded Rule
	records(&recorded)
	recorded.Expr, recorded.Group = "sum(up)", "rest"
	got, err := Print("# ours\n", []Kept{{Saved: at, Rule: first}, {Saved: at, Rule: other}, {Saved: at.Add(time.Hour), Rule: late}, {Saved: at, Rule: recorded}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# ours
groups:
  - name: own
    interval: 1m
    limit: 5
    rules:
      - alert: Slow
        expr: histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[5m]))) > 0.5
        for: 5m
        keep_firing_for: 10m
        labels:
          instance: ""
          severity: page
        annotations:
          summary: '{{ $labels.service_name }} takes {{ $value | humanizeDuration }}'
      - alert: Late
        expr: histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[5m]))) > 0.5
        for: 5m
        labels:
          instance: ""
          severity: page
  - name: rest
    rules:
      - alert: Other
        expr: histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[5m]))) > 0.5
        for: 5m
        keep_firing_for: 10m
        labels:
          instance: ""
          severity: page
        annotations:
          summary: '{{ $labels.service_name }} takes {{ $value | humanizeDuration }}'
      - record: job:took:p95
        expr: sum(up)
        labels:
          alertname: x
          env: '{{ no template'
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExpand(t *testing.T) {
	r := sound()
	r.Annotations["broken"] = "{{ range query `up` }}x{{ end }}"
	s := r.Expand(t.Context(), labels.FromStrings("__name__", "x", "service_name", "api", "instance", "a"), 0.75, Surroundings{Now: time.Unix(1, 0)})
	if s.Annotations["summary"] != "api takes 750ms" || s.Labels["severity"] != "page" || s.Labels["alertname"] != "Slow" || s.Labels["__name__"] != "" {
		t.Errorf("got %+v", s)
	}
	if !strings.HasPrefix(s.Fault, "annotations.broken: ") {
		t.Errorf("fault %q", s.Fault)
	}
}

// FuzzRule: what Check lets through, Prometheus reads from the file as it was.
func FuzzRule(f *testing.F) {
	f.Add("Slow", "", "up == 0", "5m", "severity", "page", "{{ $value }}", "own", "30s", 3)
	f.Add("a: b", "", "vector(1) # x\n", "1h30m", "a b", "\n - x", "'\"\\", "#", "", 0)
	f.Add("ü\u2028", "", "1 > bool 0", "", "x", "{{ \"\" }}", "{{", "~", "0", -1)
	f.Add("", "job:up:sum", "sum(up)", "", "env", "{{", "", "own", "", 0)
	f.Add("", "a - b: 'c", "sum(up)", "", "alertname", "\u00a0", "", "own", "1m", 2)
	f.Fuzz(func(t *testing.T, name, record, expr, hold, label, value, text, group, interval string, limit int) {
		r := Rule{Name: name, Record: record, Expr: expr, For: hold, Labels: map[string]string{label: value}, Group: group, Interval: interval, Limit: limit}
		if text != "" {
			r.Annotations = map[string]string{"summary": text}
		}
		if r.Check(nil) != nil {
			return
		}
		file, err := Print("# head\n", []Kept{{Rule: r}})
		if err != nil {
			t.Fatal(err)
		}
		groups, faults := rulefmt.Parse(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		if len(faults) > 0 {
			t.Fatalf("%v in\n%s", faults, file)
		}
		g := groups.Groups[0]
		back := g.Rules[0]
		if g.Name != group || g.Limit != limit || time.Duration(g.Interval) != Duration(interval) || back.Alert != name || back.Record != record || back.Expr != expr ||
			time.Duration(back.For) != Duration(hold) || !maps.Equal(back.Labels, r.Labels) || !maps.Equal(back.Annotations, r.Annotations) {
			t.Errorf("%+v became\n%s", r, file)
		}
	})
}

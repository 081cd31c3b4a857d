package pages

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/ui/chart"
)

type fakeChanges struct {
	list []alerting.Change
	err  error
}

func (f fakeChanges) Changes(_ context.Context, from, to time.Time) (out []alerting.Change, err error) {
	for _, c := range f.list {
		if !c.Time.Before(from) && !c.Time.After(to) {
			out = append(out, c)
		}
	}
	return out, f.err
}

func someChanges(now time.Time) fakeChanges {
	return fakeChanges{list: []alerting.Change{
		{Time: now.Add(-2 * time.Hour), Kind: alerting.ChangeVersion, Service: "planner-api", Text: "1.17.4", Detail: "too early"},
		{Time: now.Add(-10 * time.Minute), Kind: alerting.ChangeAlert, Service: "planner-api", Text: "TooSlow", Detail: "TooSlow began to fire for planner-api"},
		{Time: now.Add(-10 * time.Minute), Kind: alerting.ChangeAlert, Service: "planner-web", Text: "TooSlow", Detail: "TooSlow began to fire for planner-web"},
		{Time: now.Add(-40 * time.Minute), Kind: alerting.ChangeVersion, Service: "planner-api", Text: "1.18.0", Detail: "planner-api runs version 1.18.0, before it 1.17.4"},
		{Time: now.Add(-30 * time.Minute), Kind: alerting.ChangeConfig, Text: "config", Detail: "Tripod read another configuration"},
	}}
}

func TestFlags(t *testing.T) {
	now := halfPastTwo
	say := func(marks []chart.Mark) string {
		var out []string
		for _, m := range marks {
			out = append(out, fmt.Sprint(m.Text, " ", m.Class, " ", m.Low, " ", m.Href))
		}
		return strings.Join(out, "\n")
	}
	const version, alert = `1.18.0  false /traces?q=%7Bresource.service.version%3D%221.18.0%22%7D&service=planner-api`, `TooSlow k-err false /alerts?sel=TooSlow`
	for name, c := range map[string]struct {
		services []string
		changes  Changes
		width    int
		want     string
	}{
		"in order of time, one for equal ones": {nil, someChanges(now), wideChart, version + "\nconfig  false \n" + alert},
		"of the scope only":                    {[]string{"other"}, someChanges(now), wideChart, "config  false "},
		"of a narrow chart the important ones": {nil, someChanges(now), 120, version + "\nconfig  true \n" + alert},
		"nobody knows any":                     {nil, nil, wideChart, ""},
		"what is known beside an error":        {nil, fakeChanges{someChanges(now).list[4:], errors.New("closed")}, wideChart, "config  false "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := New(Options{Changes: c.changes})
			if err != nil {
				t.Fatal(err)
			}
			st := &State{Services: c.services, Values: url.Values{}}
			got := say(p.flags(t.Context(), st, now.Add(-time.Hour), now, c.width))
			for _, s := range c.services {
				got = strings.ReplaceAll(got, "service="+s, "")
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFlagsAreBounded(t *testing.T) {
	var all []alerting.Change
	for i := range 1000 {
		all = append(all, alerting.Change{Time: noon.Add(time.Duration(i) * time.Second), Kind: alerting.ChangeConfig, Text: "config"})
	}
	out := marksOf(all, func(*alerting.Change) string { return "" })
	thin(out, noon, noon.Add(1000*time.Second), wideChart)
	said := 0
	for _, m := range out {
		if !m.Low {
			said++
		}
	}
	if len(out) != maxFlags || out[maxFlags-1].At != all[999].Time.UnixNano() || said == 0 || said > 3 {
		t.Errorf("%d flags, %d with words", len(out), said)
	}
}

// Every chart over time has them.
func TestEveryChartHasFlags(t *testing.T) {
	for path, o := range map[string]Options{
		"/":      incident().options(),
		"/logs":  {Logs: &fakeLogs{}},
		"/graph": {Metrics: &fakeMetrics{}},
		"/traces?from=2026-03-12T11:00:00Z&to=2026-03-12T12:00:00Z": {Traces: storyTraces()},
		"/dashboards/auto-planner":                                  {Metrics: &fakeMetrics{}, Labels: fakeLabels{"planner_tasks_created_total"}},
		"/alerts":                                                   {Alerts: Alerts{Rules: someRules(), Series: someRules()}},
	} {
		o.Changes = anytime{}
		_, _, body := pageOf(t, newPages(t, o), path)
		if !strings.Contains(body, `class="anno`) || !strings.Contains(body, ">1.18.0</a>") {
			t.Errorf("%s has no flag", path)
		}
	}
}

// anytime is a version in the middle of whatever is asked for.
type anytime struct{}

func (anytime) Changes(_ context.Context, from, to time.Time) ([]alerting.Change, error) {
	return []alerting.Change{{Time: from.Add(to.Sub(from) / 2), Kind: alerting.ChangeVersion, Text: "1.18.0", Detail: "new"}}, nil
}

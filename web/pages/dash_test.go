package pages

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// fakeLabels has the names of metrics that dashboards are made of.
type fakeLabels []string

func (f fakeLabels) LabelNames(context.Context, time.Time, time.Time) ([]string, error) {
	return []string{"instance", "job"}, nil
}

func (f fakeLabels) LabelValues(_ context.Context, name string, _, _ time.Time) ([]string, error) {
	if name == "__name__" {
		return f, nil
	}
	return []string{"a:1", "b:2"}, nil
}

func TestDashboardsMakeThemselves(t *testing.T) {
	h := newPages(t, Options{Metrics: &fakeMetrics{}, Labels: fakeLabels{"go_goroutines", "planner_tasks_created_total"}})
	_, _, list := pageOf(t, h, "/dashboards")
	wants(t, list, "/dashboards/auto-planner", "/dashboards/auto-go", "!auto-host", "!auto-jvm")
	code, _, page := pageOf(t, h, "/dashboards/auto-planner?from=now-1h")
	if code != 200 {
		t.Fatalf("got %d:\n%s", code, page)
	}
	wants(t, page, "<h2 title=\"Requests\">Requests</h2>", `data-plot=`, "Endpoints", `class="ln c`)
	if code, _, _ := pageOf(t, h, "/dashboards/auto-jvm"); code != 404 {
		t.Errorf("a dashboard of what is not there: got %d, want 404", code)
	}
}

func TestDashboardPanelFailsAlone(t *testing.T) {
	h := newPages(t, Options{Metrics: &fakeMetrics{err: errors.New("the disk is on fire")}, Labels: fakeLabels{"go_goroutines"}})
	code, _, page := pageOf(t, h, "/dashboards/auto-go")
	if code != 200 {
		t.Fatalf("got %d", code)
	}
	if n := strings.Count(page, "the disk is on fire"); n < 5 {
		t.Errorf("%d panels say why they failed, want every one", n)
	}
	code, _, one := pageOf(t, h, "/dashboards/auto-go/panels/1")
	wants(t, one, "the disk is on fire", `id="p-1"`, "!<main")
	if code != 200 {
		t.Errorf("one panel: got %d", code)
	}
}

func TestDashboardVariables(t *testing.T) {
	m := &fakeMetrics{}
	h := newPages(t, Options{Metrics: m, Labels: fakeLabels{"go_goroutines"}})
	_, _, page := pageOf(t, h, "/dashboards/auto-go?var-instance=a.b%3A1&var-instance=c")
	wants(t, page, "a.b:1 + c")
	found := false
	for _, q := range m.asked {
		found = found || strings.Contains(q, `instance=~"(a\\.b:1|c)"`)
	}
	if !found {
		t.Errorf("no query matches both instances as they are: %q", m.asked)
	}
}

package dispatch

import (
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func mustConfig(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(text), config.Source{File: "test.yml"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const oneRoute = `
route: {receiver: all, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 1h}
receivers:
- name: all
  webhook_configs: [{url: "http://127.0.0.1/"}]
`

func firing(labels map[string]string, at time.Time) alerting.Alert {
	return alerting.Alert{Labels: labels, Annotations: map[string]string{}, StartsAt: at, EndsAt: at.Add(10 * time.Hour)}
}

func TestThin(t *testing.T) {
	c := New(mustConfig(t, oneRoute), Options{Steps: true})
	a := firing(map[string]string{"alertname": "A", "x": "1"}, noon)
	c.Put(noon, a)
	if next := c.Next(); !next.Equal(noon.Add(10 * time.Second)) {
		t.Fatalf("next %v", next)
	}
	now := noon.Add(10 * time.Second)
	c.Advance(now)
	due := c.Ready(now)
	if len(due) != 1 {
		t.Fatalf("due %+v", due)
	}
	n := c.Begin(now, due[0])
	if n == nil || n.Key != `{}:{alertname="A"}` || n.Reason != ReasonFirst {
		t.Fatalf("%+v", n)
	}
	c.Succeed(now, n)
	a.EndsAt = noon.Add(30 * time.Second)
	c.Put(noon.Add(30*time.Second), a)
	now = noon.Add(70 * time.Second)
	c.Advance(now)
	n = c.Begin(now, c.Ready(now)[0])
	if !n.Resolved() || n.Reason != ReasonAllEnded {
		t.Fatalf("%+v", n)
	}
	c.Succeed(now, n)
	if len(c.groups)+len(c.alerts)+len(c.refs) != 0 || !c.Next().IsZero() {
		t.Errorf("left: %v %v", c.groups, c.alerts)
	}
	for _, s := range c.Steps() {
		t.Log(s)
	}
}

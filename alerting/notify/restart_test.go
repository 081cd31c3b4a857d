package notify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tripod/alerting"
	"tripod/alerting/notify"
)

// kept is HighErrorRate with keep_firing_for.
const kept = `groups:
- name: services
  rules:
  - alert: HighErrorRate
    expr: |
      sum by (service_name) (rate(http_server_requests_total{http_response_status_code=~"5.."}[2m]))
        / sum by (service_name) (rate(http_server_requests_total[2m]))
        > 0.05
    for: 5m
    keep_firing_for: 10m
    labels: {severity: page}
`

const (
	fires = "firing HighErrorRate planner-api"
	over  = "resolved HighErrorRate planner-api"
)

// TestRulesRestartInEveryState stops rules, store and pipeline in each state of
// an alert and starts them again: it fires when it would have, is told once,
// and its end is told. Times are those of TestFailingServiceIsReported…: errors
// from the start on fire after 5 min and something.
func TestRulesRestartInEveryState(t *testing.T) {
	for name, c := range map[string]struct {
		rules string
		do    func(w *world, counters *[2]float64)
	}{
		"pending: its age goes on": {"", func(w *world, counters *[2]float64) {
			w.serve(4*time.Minute, 0.5, counters)
			w.again(0)
			w.serve(90*time.Second, 0.5, counters)
			if w.rules.Pending() != 1 {
				w.t.Errorf("%d pending, want 1", w.rules.Pending())
			}
			w.recv.want(w.t)
			w.serve(2*time.Minute, 0.5, counters)
			w.recv.want(w.t, fires)
			w.serve(5*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"pending, and well after the restart: never told": {"", func(w *world, counters *[2]float64) {
			w.serve(4*time.Minute, 0.5, counters)
			w.again(time.Minute)
			w.serve(20*time.Minute, 0, counters)
			w.recv.want(w.t)
		}},
		"kept firing: neither told again nor over early": {kept, func(w *world, counters *[2]float64) {
			w.serve(8*time.Minute, 0.5, counters)
			w.recv.want(w.t, fires)
			w.serve(5*time.Minute, 0, counters) // over, and kept
			w.again(0)
			w.serve(3*time.Minute, 0, counters)
			w.recv.want(w.t, fires)
			w.serve(30*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"silenced before it is told: told when the silence ends": {"", func(w *world, counters *[2]float64) {
			w.silence(40 * time.Minute)
			w.serve(10*time.Minute, 0.5, counters)
			w.again(0)
			w.serve(20*time.Minute, 0.5, counters)
			w.recv.want(w.t)
			w.serve(15*time.Minute, 0.5, counters)
			w.recv.want(w.t, fires)
			w.serve(5*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"silenced after it was told: its end is told under the silence": {"", func(w *world, counters *[2]float64) {
			w.serve(10*time.Minute, 0.5, counters)
			w.silence(5 * time.Hour)
			w.again(0)
			w.serve(5*time.Minute, 0.5, counters)
			w.recv.want(w.t, fires)
			w.serve(5*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
			w.again(0)
			w.serve(10*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"silenced, over while down: nobody is told of it": {"", func(w *world, counters *[2]float64) {
			w.silence(2 * time.Hour)
			w.serve(10*time.Minute, 0.5, counters)
			w.again(30 * time.Minute)
			w.serve(20*time.Minute, 0, counters)
			w.recv.want(w.t)
		}},
		"retried: told after the restart": {"", func(w *world, counters *[2]float64) {
			w.recv.reply(down)
			w.serve(10*time.Minute, 0.5, counters)
			w.again(0)
			w.recv.reply(nil)
			w.serve(time.Minute, 0.5, counters)
			w.recv.want(w.t, fires)
			w.serve(5*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"over, its end not delivered yet": {"", func(w *world, counters *[2]float64) {
			w.serve(10*time.Minute, 0.5, counters)
			w.recv.reply(down)
			w.serve(10*time.Minute, 0, counters)
			w.again(time.Hour)
			w.recv.reply(nil)
			w.serve(2*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
		"over between the rule's word and the next look at its group": {"", func(w *world, counters *[2]float64) {
			w.serve(10*time.Minute, 0.5, counters)
			for w.rules.Firing() > 0 {
				w.serve(15*time.Second, 0, counters)
			}
			w.again(0)
			w.serve(2*time.Minute, 0, counters)
			w.recv.want(w.t, fires, over)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, c.rules)
				var counters [2]float64
				c.do(w, &counters)
				w.stop()
			})
		})
	}
}

func down(notify.Notification, int) error { return errDown }

// again stops everything and starts it some time later.
func (w *world) again(after time.Duration) {
	w.t.Helper()
	w.stop()
	time.Sleep(after)
	w.start()
}

func (w *world) silence(d time.Duration) {
	w.t.Helper()
	if _, err := w.pipe.SetSilence(alerting.Silence{
		Matchers: []alerting.Matcher{{Name: "alertname", Value: "HighErrorRate", IsEqual: true}}, StartsAt: time.Now(), EndsAt: time.Now().Add(d), CreatedBy: "me", Comment: "c",
	}); err != nil {
		w.t.Fatal(err)
	}
}

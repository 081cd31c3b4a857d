package alerting

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

const watched = `
groups:
  - name: g
    interval: 10s
    rules:
      - {alert: High, expr: level > 1, for: 30s, keep_firing_for: 20s, labels: {team: a}}
`

// set writes the level that the rule looks at.
func (r *running) set(t *testing.T, level float64) {
	t.Helper()
	app := r.db.Appender(context.Background())
	if _, err := app.Append(0, labels.FromStrings("__name__", "level"), time.Now().UnixMilli(), level); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := ""
	for _, s := range r.steps {
		out += fmt.Sprintf("%s %s: %s\n", s.Name, s.Kind, s.Detail)
	}
	return out
}

func TestStepsOfARule(t *testing.T) {
	run(t, watched, func(r *running) {
		hold := func(level float64, d time.Duration) {
			for range d / (10 * time.Second) {
				r.set(t, level)
				time.Sleep(10 * time.Second)
			}
		}
		hold(5, 20*time.Second)
		hold(0, 20*time.Second)
		hold(7, time.Minute)
		hold(0, 20*time.Second)
		hold(8, 20*time.Second)
		hold(0, time.Minute)
		failed := errors.New("no engine")
		r.fail.Store(&failed)
		time.Sleep(30 * time.Second)
		r.fail.Store(nil)
		time.Sleep(20 * time.Second)
		const want = `High pending: value 5, fires when it has held for 30s
High over: after 20s, before it had held for 30s
High pending: value 7, fires when it has held for 30s
High firing: value 7
High kept firing: the condition does not hold any more; kept for 20s
High firing: value 8
High kept firing: the condition does not hold any more; kept for 20s
High over: 
High failing: no engine
High works: before: no engine
`
		if got := r.said(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if first := r.steps[0]; first.Of == nil || first.Alert != Fingerprint(first.Of.Labels) || first.Of.Labels["team"] != "a" {
			t.Errorf("the first step does not say of which alert: %+v", first)
		}
	})
}

package alerting

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/rules"
)

// watch remembers in which state each alert was left, to say what an
// evaluation changed. After a restart it knows nothing, so that pending and
// firing alerts are said again.
type watch struct {
	mu     sync.Mutex
	states map[string]map[string]left // by group and rule, by fingerprint
	faults map[string]string          // of a rule, by group and rule
}

// left is how an evaluation left an alert.
type left struct {
	name string
	kind StepKind
	at   time.Time // since then
	hold time.Duration
}

func newWatch() watch {
	return watch{states: map[string]map[string]left{}, faults: map[string]string{}}
}

// look compares the alerts of a group with those that its evaluation before left.
func (w *watch) look(g *rules.Group, at time.Time) (steps []Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	nth := map[string]int{} // of its name: other rules may come and go
	for _, rule := range g.AlertingRules() {
		key := g.File() + "\xff" + g.Name() + "\xff" + rule.Name() + "\xff" + strconv.Itoa(nth[rule.Name()])
		nth[rule.Name()]++
		steps = append(steps, w.health(key, rule, at)...)
		was, now := w.states[key], map[string]left{}
		if rule.Health() == rules.HealthBad {
			continue // its alerts are as they were
		}
		for _, a := range rule.ActiveAlerts() {
			f := Fingerprint(a.Labels.Map())
			before, known := was[f]
			now[f] = left{rule.Name(), kindOf(a), at, rule.HoldDuration()}
			if known && before.kind == now[f].kind {
				now[f] = before
				continue
			}
			steps = append(steps, began(f, rule, a, now[f]))
		}
		for f, l := range was {
			if _, still := now[f]; !still {
				steps = append(steps, Step{Time: at, Alert: f, Name: l.name, Kind: StepOver, Detail: l.end(at)})
			}
		}
		w.states[key] = now
	}
	return steps
}

func kindOf(a *rules.Alert) StepKind {
	switch {
	case a.State == rules.StatePending:
		return StepPending
	case !a.KeepFiringSince.IsZero():
		return StepKept
	}
	return StepFiring
}

func began(fingerprint string, rule *rules.AlertingRule, a *rules.Alert, l left) Step {
	s := Step{Time: l.at, Alert: fingerprint, Name: l.name, Kind: l.kind, Detail: "value " + formatValue(a.Value)}
	switch l.kind {
	case StepPending:
		s.Detail += fmt.Sprintf(", fires when it has held for %s", model.Duration(rule.HoldDuration()))
	case StepKept:
		s.Detail = fmt.Sprintf("the condition does not hold any more; kept for %s", model.Duration(rule.KeepFiringFor()))
	}
	s.Of = &Alert{Labels: a.Labels.Map(), Annotations: a.Annotations.Map(), StartsAt: a.ActiveAt}
	return s
}

// end says how an alert came to its end.
func (l left) end(at time.Time) string {
	if l.kind != StepPending {
		return ""
	}
	return fmt.Sprintf("after %s, before it had held for %s", at.Sub(l.at), l.hold)
}

// health says when a rule begins to fail, and when it works again.
func (w *watch) health(key string, rule *rules.AlertingRule, at time.Time) []Step {
	fault := ""
	if err := rule.LastError(); err != nil && rule.Health() == rules.HealthBad {
		fault = err.Error()
	}
	was, failed := w.faults[key]
	switch {
	case fault != "" && !failed:
		w.faults[key] = fault
		return []Step{{Time: at, Name: rule.Name(), Kind: StepFailing, Detail: fault}}
	case fault == "" && failed:
		delete(w.faults, key)
		return []Step{{Time: at, Name: rule.Name(), Kind: StepWorks, Detail: "before: " + was}}
	}
	return nil
}

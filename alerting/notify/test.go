package notify

import (
	"context"
	"maps"
	"time"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// TestAlert is the name of the alert that Test sends when none is given.
const TestAlert = "TripodTest"

// testKey stands before the key of a group, by which PagerDuty knows an incident.
const testKey = "test:"

// Test sends an alert through the real routes to the real receivers, firing
// and at once resolved, past groups, silences and intervals, which it reports.
// Nothing of it is kept.
func (p *Pipeline) Test(ctx context.Context, labels, annotations map[string]string) []alerting.TestResult {
	a := alerting.Alert{Labels: maps.Clone(labels), Annotations: maps.Clone(annotations), StartsAt: time.Now(), GeneratorURL: p.o.ExternalURL}
	if a.Labels == nil {
		a.Labels = map[string]string{}
	}
	if a.Name() == "" {
		a.Labels["alertname"] = TestAlert
	}
	if len(a.Annotations) == 0 {
		a.Annotations = map[string]string{"summary": "A test, sent by hand: alerts of these labels arrive here.", alerting.ValueAnnotation: "1"}
	}
	over := a
	over.EndsAt = a.StartsAt.Add(time.Second)
	p.mu.Lock()
	firing, ended := p.core.Try(a.StartsAt, a), p.core.Try(over.EndsAt, over)
	senders := p.senders
	p.mu.Unlock()
	results := make([]alerting.TestResult, len(firing))
	done := make(chan struct{})
	for i, trial := range firing {
		go func() {
			results[i] = p.try(ctx, senders[laneKey(trial.Receiver, trial.Integration)], trial, ended[i])
			done <- struct{}{}
		}()
	}
	for range firing {
		<-done
	}
	return results
}

func (p *Pipeline) try(ctx context.Context, sender Sender, firing, ended dispatch.Trial) alerting.TestResult {
	r := alerting.TestResult{Receiver: firing.Receiver, Integration: firing.Integration, Group: firing.Key, HeldBack: firing.HeldBack}
	start := time.Now()
	for _, n := range [...]*dispatch.Notification{firing.Notification, ended.Notification} {
		n.Key = testKey + n.Key // or the end of a test would end the incident of the group
		bounded, cancel := context.WithTimeout(ctx, p.o.Timeout)
		err := sender.Send(bounded, Notification{Notification: n})
		cancel()
		if err != nil {
			r.Error = err.Error()
			break
		}
	}
	r.Took = time.Since(start)
	return r
}

package notify

import (
	"context"
	"errors"
	"time"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// begin writes down that an attempt is made, before it is made; n is nil when
// nothing is owed any more.
func (p *Pipeline) begin(c *change, d dispatch.Due, n *dispatch.Notification) {
	lane := laneKey(d.Group, d.Receiver, d.Integration)
	if id := p.open[lane]; id != "" && (n == nil || n.ID != id) {
		p.close(c, id, alerting.Superseded)
		delete(p.open, lane)
	}
	if n == nil {
		return
	}
	p.open[lane] = n.ID
	entry := p.history.open(n)
	entry.Time, entry.Result, entry.Next = n.At, alerting.Sending, time.Time{}
	entry.Attempts++
	p.history.put(c, entry)
}

// close ends an unfinished delivery without an attempt.
func (p *Pipeline) close(c *change, id string, result alerting.Result) {
	i := p.history.find(id)
	if i < 0 || p.history.entries[i].Result == alerting.Sent {
		return
	}
	d := p.history.entries[i].Delivery
	d.Result, d.Next = result, time.Time{}
	p.history.put(c, d)
}

// deliver makes one attempt and writes down what became of it.
func (p *Pipeline) deliver(ctx context.Context, sender Sender, n *dispatch.Notification) {
	start := time.Now()
	bounded, cancel := context.WithTimeout(ctx, p.o.Timeout)
	err := sender.Send(bounded, p.detailed(bounded, n))
	cancel()
	took := time.Since(start)
	stopped := err != nil && ctx.Err() != nil // it is owed as before
	if p.o.Events.Attempt != nil && !stopped {
		p.o.Events.Attempt(n.Receiver, took, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.kick()
	key := laneKey(n.Receiver, n.Integration)
	delete(p.busy, key)
	if stopped {
		p.core.Stop(n)
		return
	}
	var c change
	entry := p.history.open(n)
	entry.Took = took
	if err == nil {
		p.succeed(&entry, n)
	} else {
		p.fail(&entry, n, err)
	}
	p.history.put(&c, entry)
	p.save(&c)
}

// detailTime is how long an attempt may wait for what others know: a message
// without its chart is better than one that is late.
const detailTime = 2 * time.Second

// detailed asks what others know of the alerts.
func (p *Pipeline) detailed(ctx context.Context, n *dispatch.Notification) Notification {
	out := Notification{Notification: n}
	if p.o.Detail == nil {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, min(detailTime, p.o.Timeout/3))
	defer cancel()
	out.Details = map[string]Detail{}
	for i, a := range n.Alerts {
		if i == shownItems {
			break
		}
		out.Details[a.Fingerprint] = p.o.Detail(ctx, a.Alert)
	}
	return out
}

func (p *Pipeline) succeed(entry *alerting.Delivery, n *dispatch.Notification) {
	delete(p.pauses, laneKey(n.Receiver, n.Integration))
	delete(p.open, laneKey(n.Group, n.Receiver, n.Integration))
	p.core.Succeed(time.Now(), n)
	entry.Result, entry.Error = alerting.Sent, ""
	p.o.Log.Info("notification sent", "receiver", n.Receiver, "integration", n.Integration, "what", entry.What, "reason", n.Reason,
		"alert", entry.Name, "service", entry.Service, "alerts", len(n.Alerts), "attempts", entry.Attempts)
}

func (p *Pipeline) fail(entry *alerting.Delivery, n *dispatch.Notification, err error) {
	now := time.Now()
	key := laneKey(n.Receiver, n.Integration)
	if n.Resolved() && now.Sub(n.Since) > p.o.GiveUp {
		p.core.GiveUp(now, n)
		delete(p.open, laneKey(n.Group, n.Receiver, n.Integration))
		entry.Result, entry.Error, entry.Next = alerting.GaveUp, err.Error(), time.Time{}
		p.o.Log.Error("notification given up", "receiver", n.Receiver, "alert", entry.Name, "service", entry.Service, "err", err)
		return
	}
	var wait time.Duration
	var retry *RetryError
	if errors.As(err, &retry) && retry.Refused {
		delete(p.pauses, key)
		wait = max(p.o.MaxBackoff, min(retry.After, time.Hour))
		p.core.Fail(now, n, now.Add(wait), err.Error())
	} else {
		if p.pauses[key] == nil {
			p.pauses[key] = &pause{}
		}
		var asked time.Duration
		if retry != nil {
			asked = retry.After
		}
		wait = p.pauses[key].fail(now, &p.o, asked)
		p.core.Fail(now, n, now, err.Error())
	}
	entry.Result, entry.Error, entry.Next = alerting.Retrying, err.Error(), now.Add(wait)
	p.o.Log.Warn("notification not sent", "receiver", n.Receiver, "integration", n.Integration, "what", entry.What,
		"alert", entry.Name, "service", entry.Service, "attempts", entry.Attempts, "again_in", wait, "err", err)
}

package notify

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"tripod/alerting"
)

// maxItems bounds the alerts of one notification; further ones are counted.
const maxItems = 100

// job is a notification on its way.
type job struct {
	Notification
	lane    string
	records []*record
	starts  []time.Time // of each record's alert when the job was made
	entry   alerting.Delivery
}

// begin writes down that an attempt is made, before it is made.
func (p *Pipeline) begin(key string, waiting map[string][]*record, now time.Time) *job {
	records := waiting[key]
	slices.SortFunc(records, func(a, b *record) int {
		return cmp.Or(a.Alert.StartsAt.Compare(b.Alert.StartsAt), cmp.Compare(a.key, b.key))
	})
	j := &job{lane: key, records: records}
	j.What, j.At = Resolved, now
	if records[0].firing() {
		j.What = Firing
		if !slices.ContainsFunc(records, func(r *record) bool { return r.Sent.IsZero() }) {
			j.What = Repeat
		}
	}
	j.Name, j.Service = records[0].Alert.Name(), records[0].Alert.Service()
	j.ID = identify(key, j.What, records)
	var c change
	for i, r := range records {
		if i < maxItems {
			j.Items = append(j.Items, r.item())
		} else {
			j.More++
		}
		r.Tried = r.Tried || r.firing()
		r.ResolveTried = r.ResolveTried || !r.firing()
		j.starts = append(j.starts, r.Alert.StartsAt)
		c.put = append(c.put, r)
	}
	l := p.lanes[key]
	if l == nil {
		l = &lane{}
		p.lanes[key] = l
	}
	if l.id != "" && l.id != j.ID {
		p.close(&c, l.id, alerting.Superseded)
	}
	l.id, l.last = j.ID, now
	j.entry = p.history.open(&j.Notification, p.o.Receiver.Name())
	j.entry.Time, j.entry.Result, j.entry.Next = now, alerting.Sending, time.Time{}
	j.entry.Attempts++
	p.history.put(&c, j.entry)
	p.save(&c)
	return j
}

// deliver makes one attempt and writes down what became of it.
func (p *Pipeline) deliver(ctx context.Context, j *job) {
	start := time.Now()
	bounded, cancel := context.WithTimeout(ctx, p.o.Timeout)
	err := p.o.Receiver.Send(bounded, j.Notification)
	cancel()
	took := time.Since(start)
	if err != nil && ctx.Err() != nil {
		return // being stopped; it is owed as before
	}
	if p.o.Events.Attempt != nil {
		p.o.Events.Attempt(p.o.Receiver.Name(), took, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var c change
	j.entry.Took = took
	if err == nil {
		p.succeed(&c, j)
	} else {
		p.fail(&c, j, err)
	}
	p.history.put(&c, j.entry)
	p.save(&c)
}

func (p *Pipeline) succeed(c *change, j *job) {
	now := time.Now()
	p.pause = pause{}
	p.lanes[j.lane] = &lane{last: now}
	j.entry.Result, j.entry.Error = alerting.Sent, ""
	for i, r := range j.records {
		// While the post was under way the alert may have ended or begun anew.
		if p.records[r.key] != r || !r.Alert.StartsAt.Equal(j.starts[i]) {
			continue
		}
		switch {
		case j.What != Resolved:
			r.Sent = now
			c.put = append(c.put, r)
		case !r.firing():
			p.drop(c, r)
		}
	}
	p.o.Log.Info("notification sent", "receiver", j.entry.Receiver, "what", j.What,
		"alert", j.Name, "service", j.Service, "alerts", len(j.records), "attempts", j.entry.Attempts)
}

func (p *Pipeline) fail(c *change, j *job, err error) {
	now := time.Now()
	var retry *RetryError
	var wait time.Duration
	l := p.lanes[j.lane]
	if errors.As(err, &retry) && retry.Refused {
		p.pause = pause{}
		wait = l.fail(now, &p.o, max(retry.After, p.o.MaxBackoff))
	} else {
		var asked time.Duration
		if retry != nil {
			asked = retry.After
		}
		wait = p.pause.fail(now, &p.o, asked)
	}
	j.entry.Result, j.entry.Error, j.entry.Next = alerting.Retrying, err.Error(), now.Add(wait)
	p.o.Log.Warn("notification not sent", "receiver", j.entry.Receiver, "what", j.What,
		"alert", j.Name, "service", j.Service, "attempts", j.entry.Attempts, "again_in", wait, "err", err)
}

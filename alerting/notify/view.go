package notify

import (
	"crypto/rand"
	"fmt"
	"maps"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
)

// Alerts are those that fire now, with what holds them back.
func (p *Pipeline) Alerts() []alerting.AlertStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Alerts(time.Now())
}

// Groups are the alerts that are told together.
func (p *Pipeline) Groups() []alerting.AlertGroup {
	p.mu.Lock()
	defer p.mu.Unlock()
	groups := p.core.Groups(time.Now())
	for i := range groups {
		groups[i].RouteLabels = maps.Clone(groups[i].RouteLabels)
	}
	return groups
}

// Silences are all of them, active ones first.
func (p *Pipeline) Silences() []alerting.Silence {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Silences(time.Now())
}

// Silenced are the alerts that fire now and that the matchers would silence.
func (p *Pipeline) Silenced(list []alerting.Matcher) ([]alerting.AlertStatus, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Silenced(time.Now(), list)
}

// Coming are those of some alerts, which need not fire yet, that the matchers
// would silence, with whom they would be told to.
func (p *Pipeline) Coming(list []alerting.Matcher, alerts []alerting.Alert) ([]alerting.AlertStatus, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Coming(time.Now(), list, alerts)
}

// Outlooks says of each group with an alert that fires what its integrations
// were told, and when they are told again.
func (p *Pipeline) Outlooks() []alerting.Outlook {
	p.mu.Lock()
	ahead := p.core.Outlooks(time.Now())
	p.mu.Unlock()
	return ahead() // nobody's notification waits for it
}

// Routed says where alerts with these labels would go.
func (p *Pipeline) Routed(labels map[string]string) []alerting.Outlook {
	p.mu.Lock()
	core := p.core
	p.mu.Unlock()
	return core.Routed(time.Now(), labels)
}

// SetSilence makes or changes a silence and returns its id. It is on disk then.
func (p *Pipeline) SetSilence(s alerting.Silence) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, err := p.core.SetSilence(time.Now(), s, newID())
	if err == nil {
		err = p.keep()
	}
	return id, err
}

// ExpireSilence ends a silence now. That is on disk then.
func (p *Pipeline) ExpireSilence(id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.core.ExpireSilence(time.Now(), id); err != nil {
		return err
	}
	return p.keep()
}

// keep is save for somebody who waits and must hear that it failed.
func (p *Pipeline) keep() error {
	c := change{State: p.core.Changes()}
	if err := p.db.write(&c); err != nil {
		return fmt.Errorf("not kept over a restart: %w", err)
	}
	return nil
}

// newID is a random UUID, RFC 9562 version 4.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Config is the configuration of the moment; nobody changes it.
func (p *Pipeline) Config() *config.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg
}

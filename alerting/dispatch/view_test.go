package dispatch

import (
	"errors"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
)

// TestPreviewOfASilence says which alerts a silence would mute before it is made.
func TestPreviewOfASilence(t *testing.T) {
	cfg, err := config.Parse([]byte("route: {receiver: a}\nreceivers: [{name: a}]"), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	c := New(cfg, Options{})
	over := alertOf([]string{"A", "zone=3"}, midnight)
	c.Put(midnight, alertOf([]string{"A", "zone=1"}, midnight), alertOf([]string{"A", "zone=2"}, midnight), alertOf([]string{"B"}, midnight), over)
	over.EndsAt = midnight.Add(time.Second)
	now := midnight.Add(time.Minute)
	c.Put(now, over)
	found, err := c.Silenced(now, []alerting.Matcher{{Name: "alertname", Value: "A", IsEqual: true}, {Name: "zone", Value: "2|3", IsRegex: true, IsEqual: true}})
	if err != nil || len(found) != 1 || found[0].Labels["zone"] != "2" {
		t.Errorf("got %v, %v; want the one of zone 2", found, err)
	}
	if _, err := c.Silenced(now, []alerting.Matcher{{Name: "x", Value: "(", IsRegex: true, IsEqual: true}}); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("a broken matcher gives %v", err)
	}
	coming := []alerting.Alert{alertOf([]string{"A", "zone=9"}, now), alertOf([]string{"B", "zone=9"}, now)}
	found, err = c.Coming(now, []alerting.Matcher{{Name: "alertname", Value: "A", IsEqual: true}}, coming)
	if err != nil || len(found) != 1 || found[0].Labels["zone"] != "9" || len(found[0].Receivers) != 1 || found[0].Receivers[0] != "a" {
		t.Errorf("of those to come %v, %v; want the A, told to a", found, err)
	}
}

// TestStepsTellTheChain reads what happened to one alert from beginning to end.
func TestStepsTellTheChain(t *testing.T) {
	s, err := parseStory("chain\nroute: {receiver: team, group_wait: 10s, group_interval: 1m}\nreceivers: [{name: team, webhook_configs: [{url: 'http://x'}]}]\n---\n" +
		"at 0s silence s1 alertname=A for 65s\nat 1s fire A\nat 60s down team\nat 80s up team\nat 2m resolve A\nat 5m end\n")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(s.config), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	p := newTeller(t, cfg)
	for _, e := range s.events {
		p.until(midnight.Add(e.at))
		p.do(e)
	}
	got := ""
	for _, step := range p.core.Steps() {
		got += string(step.Kind) + " "
	}
	const want = "received routed silenced unmuted due sending retried sending sent resolved due sending sent "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package dispatch

import (
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
)

const outlookConfig = `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 90s
  routes: [{receiver: calm, matchers: [zone="2"], mute_time_intervals: [early], group_by: ['...']}]
receivers:
  - {name: team, webhook_configs: [{url: 'http://x'}]}
  - {name: calm, webhook_configs: [{url: 'http://x'}]}
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '07:00'}]}]}]
`

// TestOutlookIsWhatHappens compares the repeat that is foretold with the one
// that comes.
func TestOutlookIsWhatHappens(t *testing.T) {
	cfg, err := config.Parse([]byte(outlookConfig), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	p := newTeller(t, cfg)
	p.core.Put(midnight, alertOf([]string{"A"}, midnight), alertOf([]string{"A", "zone=2"}, midnight))
	p.until(midnight.Add(30 * time.Second))
	now := midnight.Add(30 * time.Second)
	got := p.core.Outlooks(now)
	if len(got) != 2 {
		t.Fatalf("got %+v, want one for each receiver", got)
	}
	if got[0].Receiver == "calm" {
		got[0], got[1] = got[1], got[0]
	}
	team, calm := got[0], got[1]
	// told at 10 s; looks at 70, 130, 190 …; 90 s after 10 s is 100 s
	if !team.Told.Equal(midnight.Add(10*time.Second)) || !team.NextRepeat.Equal(midnight.Add(130*time.Second)) || team.Owed || len(team.MutedBy) != 0 || team.GroupBy[0] != "alertname" {
		t.Errorf("team: %+v", team)
	}
	if !calm.Told.IsZero() || !calm.NextRepeat.IsZero() || len(calm.MutedBy) != 1 || !calm.MutedUntil.Equal(midnight.Add(7*time.Hour)) || !calm.ByAll {
		t.Errorf("calm: %+v", calm)
	}
	p.until(team.NextRepeat.Add(-time.Second))
	if again := p.core.Outlooks(team.NextRepeat.Add(-time.Second)); !toldAt(again, "team").Equal(team.Told) {
		t.Errorf("told before the repeat that was foretold: %+v", again)
	}
	p.until(team.NextRepeat.Add(time.Second))
	if again := p.core.Outlooks(team.NextRepeat.Add(time.Second)); !toldAt(again, "team").Equal(team.NextRepeat) {
		t.Errorf("not told at %s: %+v", team.NextRepeat, again)
	}
	routed := p.core.Routed(now, map[string]string{"zone": "2"})
	if len(routed) != 1 || routed[0].Receiver != "calm" || len(routed[0].MutedBy) != 1 {
		t.Errorf("routed %+v", routed)
	}
}

func toldAt(all []alerting.Outlook, receiver string) time.Time {
	for _, o := range all {
		if o.Receiver == receiver {
			return o.Told
		}
	}
	return time.Time{}
}

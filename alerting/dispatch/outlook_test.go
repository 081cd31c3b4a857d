package dispatch

import (
	"fmt"
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
	got := p.core.Outlooks(now)()
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
	if again := p.core.Outlooks(team.NextRepeat.Add(-time.Second))(); !toldAt(again, "team").Equal(team.Told) {
		t.Errorf("told before the repeat that was foretold: %+v", again)
	}
	p.until(team.NextRepeat.Add(time.Second))
	if again := p.core.Outlooks(team.NextRepeat.Add(time.Second))(); !toldAt(again, "team").Equal(team.NextRepeat) {
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

const mutesConfig = `
route:
  receiver: team
  group_by: ['...']
  routes: [{matchers: [zone="%s"], mute_time_intervals: [%s], active_time_intervals: [%s]}]
receivers: [{name: team, webhook_configs: [{url: 'http://x'}, {url: 'http://y'}]}]
time_intervals:
- {name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '07:07'}]}]}
- {name: late, time_intervals: [{times: [{start_time: '07:01', end_time: '23:59'}], weekdays: [sunday, saturday]}]}
- {name: nepal, time_intervals: [{times: [{start_time: '09:00', end_time: '17:10'}], location: Asia/Kathmandu}]}
- {name: spring, time_intervals: [{times: [{start_time: '01:00', end_time: '24:00'}], location: Europe/Berlin}]}
- {name: days, time_intervals: [{days_of_month: ['1:9'], location: Australia/Lord_Howe}]}
- {name: ever, time_intervals: [{years: ['2000:2100']}]}
`

// TestMutedUntilIsTheFirstMinute compares it with a look at every minute.
func TestMutedUntilIsTheFirstMinute(t *testing.T) {
	for _, c := range [][2]string{{"early", ""}, {"early, late", ""}, {"", "nepal"}, {"spring, early", ""}, {"days", ""}, {"late", "nepal, early"}, {"ever", ""}} {
		cfg, err := config.Parse(fmt.Appendf(nil, mutesConfig, "1", c[0], c[1]), config.Source{File: "x"})
		if err != nil {
			t.Fatal(err)
		}
		core := newTeller(t, cfg).core
		r := core.root.Routes[0]
		muted := 0
		for _, day := range []time.Time{midnight, time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)} {
			for now := day.Add(7 * time.Second); now.Before(day.Add(36 * time.Hour)); now = now.Add(197 * time.Minute) {
				if by, _ := core.mutedBy(now, r); len(by) == 0 {
					continue
				}
				muted++
				var want time.Time
				for at := now.Truncate(time.Minute).Add(time.Minute); at.Before(now.Add(maxMuted)) && want.IsZero(); at = at.Add(time.Minute) {
					if by, _ := core.mutedBy(at, r); len(by) == 0 {
						want = at
					}
				}
				if got := core.mutedUntil(now, r); !got.Equal(want) {
					t.Errorf("%s at %s: until %s, want %s", c, now, got, want)
				}
			}
		}
		if muted == 0 {
			t.Errorf("%s: never muted", c)
		}
	}
}

// TestOutlooksLookAheadOncePerRoute: what they cost hardly depends on the number of
// groups; each look at a minute allocates.
func TestOutlooksLookAheadOncePerRoute(t *testing.T) {
	cfg, err := config.Parse(fmt.Appendf(nil, mutesConfig, "1", "ever", ""), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	p := newTeller(t, cfg)
	for i := range 20 {
		p.core.Put(midnight, alertOf([]string{"A", "zone=1", fmt.Sprint("pod=", i)}, midnight))
	}
	looks := testing.AllocsPerRun(1, func() {
		if got := p.core.Outlooks(midnight.Add(time.Minute))(); len(got) != 40 || len(got[39].MutedBy) != 1 || !got[39].MutedUntil.IsZero() {
			t.Errorf("%d outlooks, the last %+v", len(got), got[39])
		}
	})
	if looks > 5000 {
		t.Errorf("%.0f allocations for 20 groups of a route", looks)
	}
}

// TestOutlooksAreOfTheirMoment: what happens while they look ahead does not show.
func TestOutlooksAreOfTheirMoment(t *testing.T) {
	cfg, err := config.Parse([]byte(outlookConfig), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	play := func(then func(p *teller)) string {
		p := newTeller(t, cfg)
		for i := range 5 {
			p.core.Put(midnight, alertOf([]string{"A", fmt.Sprint("zone=", i)}, midnight), alertOf([]string{fmt.Sprint("B", i)}, midnight))
		}
		p.until(midnight.Add(30 * time.Second))
		ahead := p.core.Outlooks(p.clock())
		then(p)
		return fmt.Sprintf("%+v", ahead())
	}
	calm := play(func(*teller) {})
	moved := play(func(p *teller) {
		for i := range 5 {
			a := alertOf([]string{fmt.Sprint("B", i)}, midnight)
			a.EndsAt = p.clock()
			p.core.Put(p.clock(), a, alertOf([]string{"A", fmt.Sprint("zone=", i+7)}, p.clock()))
		}
		p.until(midnight.Add(3 * time.Hour))
	})
	if calm != moved || len(calm) < 1000 {
		t.Errorf("got\n%s\nwant\n%s", moved, calm)
	}
}

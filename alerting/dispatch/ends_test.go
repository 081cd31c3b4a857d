package dispatch

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tripod/alerting/config"
)

const endsConfig = `route:
  receiver: team
  group_by: [%s]
  group_wait: %s
  group_interval: %s
  repeat_interval: %s
  routes:
  - {receiver: pager, matchers: [zone=~"1|2"], continue: true, mute_time_intervals: [%s]}
  - {receiver: night, matchers: [zone!="3"], active_time_intervals: [nights], continue: true}
  - {receiver: team}
receivers:
- {name: team, webhook_configs: [{url: "http://x"}]}
- {name: pager, webhook_configs: [{url: "http://x"}]}
- {name: night, webhook_configs: [{url: "http://x"}]}
inhibit_rules:
- {source_matchers: [alertname="A"], target_matchers: [alertname="B"], equal: [zone]}
time_intervals:
- {name: lunch, time_intervals: [{times: [{start_time: '00:10', end_time: '01:30'}]}]}
- {name: nights, time_intervals: [{times: [{start_time: '00:20', end_time: '05:00'}]}]}
`

// TestEveryEndIsTold makes stories by chance, of alerts, silences, inhibitions,
// time intervals, receivers that are down, restarts and clocks that are set, and
// ends them well: whoever may have heard that an alert fires hears last that it
// is over.
func TestEveryEndIsTold(t *testing.T) {
	rounds := 80
	if testing.Short() {
		rounds = 20
	}
	ends := 0
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 9))
			s := trouble(r)
			cfg, err := config.Parse([]byte(s.config), config.Source{File: "story"})
			if err != nil {
				t.Fatal(err)
			}
			p := newTeller(t, cfg)
			for _, e := range s.events {
				p.until(midnight.Add(e.at))
				p.do(e)
			}
			ends += p.checkEnds(t)
			if t.Failed() {
				t.Log(s.config)
				for _, e := range s.events {
					t.Log(e)
				}
				for _, x := range p.got {
					t.Log(x)
				}
			}
		})
	}
	if ends < rounds {
		t.Errorf("only %d ends were told", ends)
	}
}

// trouble makes a story that ends well, a day later.
func trouble(r *rand.Rand) (s story) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	s.config = fmt.Sprintf(endsConfig, pick("alertname", "alertname, zone", "zone", "'...'", ""), pick("0s", "7s", "30s"), pick("20s", "1m", "5m"), pick("2m", "11m", "4h"), pick("lunch", ""))
	at := time.Duration(0)
	add := func(verb string, words ...string) { s.events = append(s.events, event{at, verb, words}) }
	firing, silences, downs := map[string]bool{}, []string{}, map[string]bool{}
	for i := range 50 {
		at += time.Duration(1+r.IntN(120_000)) * time.Millisecond
		alert := pick("A", "B", "C") + " zone=" + pick("1", "2", "3")
		switch n := r.IntN(20); {
		case n < 2:
			name := fmt.Sprint("s", i)
			silences = append(silences, name)
			add("silence", name, "alertname="+pick("A", "B", "C"), "zone="+pick("1", "2"), "for", pick("3m", "20m", "2h"))
		case n == 2:
			where := pick("team", "pager", "night")
			downs[where] = !downs[where]
			add(map[bool]string{true: "down", false: "up"}[downs[where]], where)
		case n == 3:
			add("restart")
		case n == 4:
			add("restart", "after", pick("10s", "3m", "1h"))
			at += time.Hour
		case n == 5:
			add("clock", pick("-2h", "-40s", "30s", "3h"))
		case firing[alert]:
			add("resolve", strings.Fields(alert)...)
			firing[alert] = false
		default:
			add("fire", append(strings.Fields(alert), map[bool][]string{true: {"for", pick("40s", "9m")}}[r.IntN(4) == 0]...)...)
			firing[alert] = true
		}
	}
	at += time.Minute
	for _, where := range []string{"team", "pager", "night"} {
		add("up", where)
	}
	for alert, on := range firing {
		if on {
			add("resolve", strings.Fields(alert)...)
		}
	}
	at += 30 * time.Hour // all intervals, silences and spans are over by then
	add("end")
	return s
}

// checkEnds returns how many ends were told.
func (p *teller) checkEnds(t *testing.T) (ends int) {
	last := map[string]byte{} // of a receiver and an alert
	for _, told := range p.got {
		receiver, alerts, _ := strings.Cut(told.text, ": ")
		for word := range strings.FieldsSeq(alerts) {
			key := receiver + " " + word[1:]
			if word[0] == '-' {
				ends++
			}
			last[key] = word[0]
		}
	}
	for key := range p.tried {
		if last[key] != '-' {
			t.Errorf("%s: the end was never told", key)
		}
	}
	return ends
}

// TestPromisedEndsHold: an end that a sender named stays although later
// sendings name none, also when the configuration is read again.
func TestPromisedEndsHold(t *testing.T) {
	cfg, err := config.Parse([]byte("route: {receiver: a}\nreceivers: [{name: a}]"), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	c := New(cfg, Options{})
	a := alertOf([]string{"A"}, midnight)
	a.EndsAt = midnight.Add(2 * time.Hour)
	c.Put(midnight, a)
	now := midnight.Add(time.Minute)
	a.EndsAt = time.Time{}
	c.Put(now, a)
	again := New(cfg, Options{})
	if err := again.Restore(now.Add(time.Second), c.Changes(), false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Core{c, again} {
		if got := c.alerts[a.Fingerprint()].EndsAt; !got.Equal(midnight.Add(2 * time.Hour)) {
			t.Errorf("it ends at %s, want two hours after midnight", got)
		}
	}
}

// TestSetBackIsWritten: an end that a clock set back has moved is to be written.
func TestSetBackIsWritten(t *testing.T) {
	cfg, err := config.Parse([]byte("route: {receiver: a}\nreceivers: [{name: a}]"), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	a := alertOf([]string{"A"}, midnight)
	a.EndsAt = midnight.Add(time.Hour)
	kept := &Alert{Alert: a} // ended by then, for its last sending promised nothing
	c := New(cfg, Options{})
	if err := c.Restore(midnight.Add(time.Minute), State{Alerts: map[string]*Alert{a.Fingerprint(): kept}}, true); err != nil {
		t.Fatal(err)
	}
	if got := c.Changes().Alerts[a.Fingerprint()]; got == nil || !got.EndsAt.Equal(midnight.Add(time.Minute)) {
		t.Errorf("to be written is %+v", got)
	}
}

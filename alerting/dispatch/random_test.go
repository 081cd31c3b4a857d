package dispatch

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tripod/alerting/config"
)

// TestUpstreamTellsTheSameOfAnything makes stories by chance and has both tell
// them. Alerts named S are silenced and never end; those are where we differ.
func TestUpstreamTellsTheSameOfAnything(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := chance(rand.New(rand.NewPCG(uint64(seed), 2)))
			theirs := tellUpstream(t, &s)
			ours := tellOurs(t, &s)
			for _, list := range [][]told{theirs, ours} { // what comes at one moment has no order
				slices.SortStableFunc(list, func(a, b told) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.text, b.text)) })
			}
			for _, x := range theirs {
				s.wants = append(s.wants, want{x.at, x.at, len(s.wants), x.text})
			}
			s.check(t, ours)
			if len(theirs) == 0 {
				t.Error("nothing was told")
			}
			if t.Failed() {
				t.Log(s.config)
				for _, e := range s.events {
					t.Log(e)
				}
			}
		})
	}
}

// chance makes a story. Every event has a millisecond of its own, so that none
// falls on the opening of a group that another made.
func chance(r *rand.Rand) (s story) {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	s.config = fmt.Sprintf(`route:
  receiver: team
  group_by: [%s]
  group_wait: %s
  group_interval: %s
  repeat_interval: %s
  routes:
  - {receiver: pager, matchers: [zone=~"1|2"], continue: %s, group_by: [%s], group_wait: %s}
  - {matchers: [zone!="3"], group_interval: %s}
receivers:
- {name: team, webhook_configs: [{url: "http://x", send_resolved: %s}]}
- {name: pager, webhook_configs: [{url: "http://x"}]}
`, pick("alertname", "alertname, zone", "'...'", ""), pick("0s", "7s", "30s"), pick("20s", "1m", "5m"), pick("2m", "11m", "1h"),
		pick("true", "false"), pick("alertname", "zone"), pick("1s", "40s"), pick("13s", "2m"), pick("true", "false"))
	at := time.Duration(0)
	firing := map[string]bool{}
	for i := range 60 {
		at = at.Truncate(time.Second) + time.Duration(r.IntN(90))*time.Second + time.Duration(i+1)*time.Millisecond
		alert := pick("A", "B", "S") + " zone=" + pick("1", "2", "3")
		e := event{at: at, verb: "fire", words: strings.Fields(alert)}
		switch {
		case r.IntN(12) == 0:
			e = event{at, "silence", []string{fmt.Sprint("s", i), "alertname=S", "zone=" + pick("1", "2"), "for", pick("3m", "20m")}}
		case firing[alert] && alert[0] != 'S':
			e.verb = "resolve"
			firing[alert] = false
		case firing[alert]:
			continue
		default:
			firing[alert] = true
		}
		s.events = append(s.events, e)
	}
	s.events = append(s.events, event{at: at + 2*time.Hour, verb: "end"})
	return s
}

func tellUpstream(t *testing.T, s *story) (got []told) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, s.config)
		for _, e := range s.events {
			time.Sleep(time.Until(midnight.Add(e.at)))
			synctest.Wait()
			u.do(e)
		}
		synctest.Wait()
		u.stop()
		got = u.got
	})
	return got
}

func tellOurs(t *testing.T, s *story) []told {
	cfg, err := config.Parse([]byte(s.config), config.Source{File: "story"})
	if err != nil {
		t.Fatal(err)
	}
	p := newTeller(t, cfg)
	for _, e := range s.events {
		p.until(midnight.Add(e.at))
		p.do(e)
	}
	return p.got
}

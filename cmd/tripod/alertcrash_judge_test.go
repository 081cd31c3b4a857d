package main

import (
	"maps"
	"slices"
)

// judge holds what every receiver took against what was accepted.
func (d *driver) judge() {
	patient := 0
	for _, a := range d.alerts {
		if !a.hasty {
			patient++
		}
	}
	d.t.Logf("%d kills, %d alerts in %d groups, %d of which ended before all knew", d.life-1, len(d.alerts), d.groups, len(d.alerts)-patient)
	if d.life > 3 && patient < 5 {
		d.t.Error("too few alerts came to their end: the test saw nothing")
	}
	for _, p := range d.places.all() {
		d.judgeOne(p)
	}
}

func (d *driver) judgeOne(p place) {
	messages := d.messages(p)
	lastOf := map[string]int{} // of a life, the message that it sent last
	for i, m := range messages {
		lastOf[m.life] = i
	}
	state := map[string]map[string]bool{} // of a group, what was told of its parts
	said := map[string][]int{}            // of a group, messages to which success was said
	windows, unsaid := map[int]bool{}, 0
	for i, m := range messages {
		if !m.said {
			unsaid++
		}
		if state[m.group] == nil {
			state[m.group] = map[string]bool{}
		}
		for part, resolved := range m.resolved {
			if state[m.group][part] && !resolved {
				d.t.Errorf("%s: message %d says that %s fires, after its end", p.name, i, part)
			}
			state[m.group][part] = resolved
		}
		for _, before := range slices.Backward(said[m.group]) { // the last of them: each may have met a kill
			b := messages[before]
			if !maps.Equal(b.resolved, m.resolved) {
				continue
			}
			if b.life == m.life || lastOf[b.life] != before {
				d.t.Errorf("%s: message %d of life %s came again as %d of life %s: %s %v", p.name, before, b.life, i, m.life, m.group, m.resolved)
			}
			windows[before] = true
			break
		}
		if m.said {
			said[m.group] = append(said[m.group], i)
		}
	}
	for _, a := range d.alerts {
		resolved, knows := state[a.group][a.part]
		switch {
		case !a.hasty && !knows:
			d.t.Errorf("%s was never told of %s", p.name, a.part)
		case knows && !resolved:
			d.t.Errorf("%s was never told that %s is over", p.name, a.part)
		}
	}
	d.t.Logf("%s: %d messages, %d of them without a success that was said; %d came again because the process died after the success and before it was written down",
		p.name, len(messages), unsaid, len(windows))
}

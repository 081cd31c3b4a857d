package pages

import (
	"context"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	changesBefore = time.Hour // an alert, in which it is looked for what changed
	maxChanges    = 30
)

// alertChanges are what happened from an hour before a rule's first alert to
// now; nil of one that has no alerts.
func (p *Pages) alertChanges(ctx context.Context, st State, r alerting.Rule) *screens.EvidenceChanges {
	if len(r.Alerts) == 0 || p.o.Changes == nil {
		return nil
	}
	at, word := r.Alerts[0].ActiveAt, "it was pending"
	if r.State == alerting.Firing {
		at, word = r.Alerts[0].FiredAt, "it fired"
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	all, err := p.o.Changes.Changes(ctx, at.Add(-changesBefore), st.Now)
	out := &screens.EvidenceChanges{Hint: "since an hour before " + word}
	all = slices.DeleteFunc(all, func(c alerting.Change) bool { return c.Kind == alerting.ChangeAlert && c.Text == r.Name })
	slices.SortStableFunc(all, func(a, b alerting.Change) int { return b.Time.Compare(a.Time) })
	all, times := foldChanges(all)
	if len(all) > maxChanges {
		out.Hint += ", the newest " + chart.Count(maxChanges)
		all = all[:maxChanges]
	}
	for i := range all {
		row := p.alertChange(st, &all[i], at, word)
		if n := times[all[i].Detail]; n > 1 {
			row.Text += ", " + chart.Count(int64(n)) + " times"
		}
		out.Rows = append(out.Rows, row)
	}
	if err != nil {
		out.Failed = p.reason(ctx, "changes", err)
	} else if len(out.Rows) == 0 {
		out.None = "Nothing that is known changed"
	}
	return out
}

// foldChanges leaves the first of those that say the same, and gives how often
// each was said: an alert that comes and goes must not hide a new version.
func foldChanges(all []alerting.Change) (once []alerting.Change, times map[string]int) {
	times = map[string]int{}
	for _, c := range all {
		if times[c.Detail]++; times[c.Detail] == 1 {
			once = append(once, c)
		}
	}
	return once, times
}

// alertChange is one change, with what it leads to: traces of a new version
// and the service then, the other alert, the logs of a reading.
func (p *Pages) alertChange(st State, c *alerting.Change, at time.Time, word string) screens.EvidenceChange {
	row := screens.EvidenceChange{Time: clock(c.Time, st.Now), Exact: chart.Exact(c.Time.UTC()), Icon: "flag", Text: c.Detail}
	switch d := at.Sub(c.Time); {
	case d >= time.Second:
		row.Before = chart.Long(d) + " before " + word
	case d <= -time.Second:
		row.Before = chart.Long(-d) + " after " + word
	default:
		row.Before = "when " + word
	}
	around := ui.Carry{}.Between(msText(c.Time.Add(-alertMargin).UnixNano()), msText(min(c.Time.Add(alertMargin).UnixNano(), st.Now.UnixNano())))
	there := st
	there.Problems, there.Values = nil, map[string][]string{"from": {around.From}, "to": {around.To}}
	row.Href = flagLink(&there, c)
	switch {
	case c.Kind == alerting.ChangeAlert:
		row.Icon = "alerts"
	case c.Kind == alerting.ChangeConfig:
		row.Href = around.Href("/logs", "q", "service:tripod")
	}
	if c.Service != "" {
		around = around.In(c.Service)
		row.Service = &ui.Service{Name: c.Service, Slot: p.o.Slots(c.Service), Href: around.Href("/services")}
		row.Logs = around.Href("/logs")
	}
	return row
}

package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/ui/chart"
)

// Changes says what happened to what runs: new versions, the configuration
// read again, alerts that began to fire.
type Changes interface {
	Changes(ctx context.Context, from, to time.Time) ([]alerting.Change, error)
}

const (
	flagTime  = time.Second // for the question: a chart says enough without flags
	maxFlags  = 24
	wideChart = 900 // px of a plot over the whole screen; a narrower one has room for fewer words
)

// flags are what happened in a range, within the scope, as marks of a chart
// that is about so many px wide. What cannot be had is left out.
func (p *Pages) flags(ctx context.Context, st *State, from, to time.Time, width int) []chart.Mark {
	if p.o.Changes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flagTime)
	defer cancel()
	all, _ := p.o.Changes.Changes(ctx, from, to) // beside an error stands what is known
	all = slices.DeleteFunc(all, func(c alerting.Change) bool {
		return c.Service != "" && len(st.Services) > 0 && !st.HasService(c.Service)
	})
	out := marksOf(all, func(c *alerting.Change) string { return flagLink(st, c) })
	thin(out, from, to, width)
	return out
}

// flagLink is where a flag leads: to the change.
func flagLink(st *State, c *alerting.Change) string {
	switch c.Kind {
	case alerting.ChangeVersion:
		return st.Carry().In(c.Service).Href("/traces", "q", fmt.Sprintf("{resource.service.version=%q}", c.Text))
	case alerting.ChangeAlert:
		return st.Carry().Href("/alerts", "sel", c.Text)
	}
	return ""
}

// marksOf makes one mark of changes that say the same at the same time, in
// order of time; of too many the newest stay.
func marksOf(all []alerting.Change, link func(*alerting.Change) string) []chart.Mark {
	type key struct {
		text string
		at   int64
	}
	seen := map[key]int{}
	var out []chart.Mark
	for i := range all {
		c := &all[i]
		k := key{c.Text, c.Time.Unix()}
		if at, known := seen[k]; known {
			out[at].Title += "; " + c.Detail
			continue
		}
		seen[k] = len(out)
		m := chart.Mark{At: c.Time.UnixNano(), Text: cut(c.Text, 20), Title: c.Detail + " at " + c.Time.UTC().Format("15:04:05"), Href: link(c)}
		if c.Kind == alerting.ChangeAlert {
			m.Class = "k-err"
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b chart.Mark) int { return cmp.Compare(a.At, b.At) })
	return out[max(0, len(out)-maxFlags):]
}

// thin takes the words from flags that would stand on those of another: those
// of versions stay before those of alerts, and these before others.
func thin(marks []chart.Mark, from, to time.Time, width int) {
	order := make([]int, len(marks))
	for i := range order {
		order[i] = i
	}
	rank := func(m *chart.Mark) int {
		switch {
		case m.Class == "" && m.Href != "":
			return 0
		case m.Class != "":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(&marks[a]), rank(&marks[b])) })
	type span struct{ from, to int }
	var taken []span
	for _, i := range order {
		m := &marks[i]
		at := int(float64(m.At-from.UnixNano()) / max(1, float64(to.Sub(from))) * float64(width))
		s := span{at, at + 14 + 6*len([]rune(m.Text))}
		if at > width*17/20 { // its words stand at the left of it there
			s = span{2*at - s.to, at}
		}
		if slices.ContainsFunc(taken, func(t span) bool { return s.from < t.to && t.from < s.to }) {
			m.Low = true
			continue
		}
		taken = append(taken, s)
	}
}

// widthOf is a panel's plot in px, by its columns of twenty.
func widthOf(columns int) int { return max(wideChart*columns/20-60, 100) }

package planweb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"tripod/planner"
	"tripod/ui/screens"
)

// listed bounds the tasks of one page; further ones are a page away.
const listed = 200

// model asks for everything that the page shows. The model is of use even with
// an error: it then says what is missing.
func (p *Pages) model(ctx context.Context, token, view, cursor string) (screens.Planner, error) {
	m := screens.Planner{Title: "Planner", Assets: p.assets(), View: view}
	if token == "" {
		return m, planner.ErrUnauthorized
	}
	u, err := p.api.Me(ctx, token)
	if err != nil {
		return p.away(m, err)
	}
	now := p.o.Now().In(u.Location())
	m.Name, m.Email, m.Zone, m.Initials = u.Name, u.Email, u.Zone, initials(u.Name)
	m.Heading = now.Format("Monday, 2 January")

	open, err := p.api.Tasks(ctx, token, planner.Filter{Status: planner.Open, Limit: listed})
	if err != nil {
		return p.away(m, err)
	}
	done, err := p.api.Tasks(ctx, token, planner.Filter{Status: planner.Done, Limit: listed, Cursor: cursor})
	if err != nil {
		return p.away(m, err)
	}
	cal, err := p.api.Streak(ctx, token)
	if err != nil {
		return p.away(m, err)
	}
	lists := share(open.Tasks, now)
	doneToday := doneOn(done.Tasks, now)
	m.Streak = streak(cal)
	m.Nav = nav(lists, doneToday)
	m.Done, m.Total = len(doneToday), len(doneToday)+len(lists.late)+len(lists.today)
	m.Keeps = keeps(cal, len(doneToday))
	switch view {
	case "today":
		m.Groups = todayGroups(lists, doneToday, now)
		m.Rest = "Nothing to do. Add a task above."
	case "upcoming":
		m.Heading, m.Groups = "Upcoming", byDay(lists.later, now, func(t planner.Task) time.Time { return t.Due })
		m.Rest = "Nothing planned after today."
	case "done":
		m.Heading, m.Groups = "Done", byDay(done.Tasks, now, func(t planner.Task) time.Time { return t.Completed })
		m.Rest = "Nothing done yet."
		if done.Next != "" {
			m.Older = "/planner/?" + url.Values{"view": {"done"}, "cursor": {done.Next}}.Encode()
		}
	}
	m.Faults, err = p.faults(ctx)
	return m, err
}

// away is the page without what the API did not give.
func (p *Pages) away(m screens.Planner, err error) (screens.Planner, error) {
	if errors.Is(err, planner.ErrUnauthorized) {
		return m, err
	}
	if m.Heading == "" {
		m.Heading = p.o.Now().UTC().Format("Monday, 2 January")
	}
	m.ReadOnly, m.Rest = true, ""
	m.Problem = "Your tasks cannot be shown right now. They are safe; please try again in a moment."
	m.Faults, _ = p.faults(context.Background())
	return m, err
}

func (p *Pages) faults(ctx context.Context) ([]screens.PlannerFault, error) {
	if !p.o.Guest {
		return nil, nil
	}
	all, err := p.api.Faults(ctx)
	if err != nil {
		return nil, err
	}
	var out []screens.PlannerFault
	for _, f := range all {
		out = append(out, screens.PlannerFault{Name: f.Name, Title: f.Title, Description: f.Description, On: f.On})
	}
	return out, nil
}

// lists are the open tasks, shared out by when they are due.
type lists struct{ late, today, later, anytime []planner.Task }

func share(tasks []planner.Task, now time.Time) lists {
	var l lists
	tomorrow := midnight(now).AddDate(0, 0, 1)
	for _, t := range tasks {
		switch {
		case t.Due.IsZero():
			l.anytime = append(l.anytime, t)
		case t.Due.Before(now):
			l.late = append(l.late, t)
		case t.Due.Before(tomorrow):
			l.today = append(l.today, t)
		default:
			l.later = append(l.later, t)
		}
	}
	return l
}

func doneOn(tasks []planner.Task, now time.Time) []planner.Task {
	var out []planner.Task
	for _, t := range tasks {
		if !t.Completed.Before(midnight(now)) {
			out = append(out, t)
		}
	}
	return out
}

func nav(l lists, doneToday []planner.Task) []screens.PlannerNav {
	return []screens.PlannerNav{
		{View: "today", Href: "/planner/", Icon: "sun", Text: "Today", Count: len(l.late) + len(l.today)},
		{View: "upcoming", Href: "/planner/?view=upcoming", Icon: "planner", Text: "Upcoming", Count: len(l.later)},
		{View: "done", Href: "/planner/?view=done", Icon: "check", Text: "Done", Count: len(doneToday)},
	}
}

func todayGroups(l lists, done []planner.Task, now time.Time) []screens.PlannerGroup {
	tomorrow := midnight(now).AddDate(0, 0, 1)
	var next []planner.Task
	for _, t := range l.later {
		if t.Due.Before(tomorrow.AddDate(0, 0, 1)) {
			next = append(next, t)
		}
	}
	var out []screens.PlannerGroup
	for _, g := range []struct {
		title, note string
		tasks       []planner.Task
	}{
		{"Overdue", "%d", l.late}, {"Today", "%d left", l.today}, {"Tomorrow", "%d", next}, {"Any time", "%d", l.anytime}, {"Done", "%d", done},
	} {
		if len(g.tasks) > 0 {
			out = append(out, screens.PlannerGroup{Title: g.title, Note: fmt.Sprintf(g.note, len(g.tasks)), Tasks: rows(g.tasks, now)})
		}
	}
	return out
}

// byDay heads tasks with their days, in the order they come.
func byDay(tasks []planner.Task, now time.Time, when func(planner.Task) time.Time) []screens.PlannerGroup {
	var out []screens.PlannerGroup
	var day []planner.Task
	var title string
	end := func() {
		if len(day) > 0 {
			out = append(out, screens.PlannerGroup{Title: title, Note: fmt.Sprint(len(day)), Tasks: rows(day, now)})
		}
	}
	for _, t := range tasks {
		if next := dayName(when(t).In(now.Location()), now); next != title {
			end()
			title, day = next, nil
		}
		day = append(day, t)
	}
	end()
	return out
}

func dayName(t, now time.Time) string {
	switch days := int(midnight(t).Sub(midnight(now)).Round(24*time.Hour) / (24 * time.Hour)); days {
	case -1:
		return "Yesterday"
	case 0:
		return "Today"
	case 1:
		return "Tomorrow"
	}
	if t.Year() != now.Year() {
		return t.Format("Mon 2 January 2006")
	}
	return t.Format("Mon 2 January")
}

func rows(tasks []planner.Task, now time.Time) []screens.PlannerTask {
	out := make([]screens.PlannerTask, len(tasks))
	for i, t := range tasks {
		out[i] = screens.PlannerTask{
			ID: t.ID, Title: t.Title, Note: note(t), Priority: string(t.Priority), Done: t.Done(),
			Late: !t.Done() && !t.Due.IsZero() && t.Due.Before(now),
			Due:  due(t, now),
		}
	}
	return out
}

func note(t planner.Task) string {
	first, _, _ := strings.Cut(t.Notes, "\n")
	rhythm := map[planner.Repeat]string{
		planner.Daily: "Every day", planner.Weekdays: "Every weekday", planner.Weekly: "Every week", planner.Monthly: "Every month",
	}[t.Repeat]
	switch {
	case t.Done() || rhythm == "":
		return first
	case first == "":
		return rhythm
	}
	return rhythm + ". " + first
}

// due is when, as people say it; 23:59 stands for a whole day.
func due(t planner.Task, now time.Time) string {
	at := t.Due
	if t.Done() {
		at = t.Completed
	}
	if at.IsZero() {
		return ""
	}
	at = at.In(now.Location())
	clock := at.Format("15:04")
	if !t.Done() && at.Hour()*60+at.Minute() == endOfDay {
		clock = ""
	}
	switch days := int(midnight(at).Sub(midnight(now)).Round(24*time.Hour) / (24 * time.Hour)); {
	case days == 0:
		return clock
	case days == -1:
		return "yesterday"
	case days > 0 && days < 7:
		return strings.TrimSpace(at.Format("Mon ") + clock)
	case at.Year() == now.Year():
		return at.Format("2 Jan")
	}
	return at.Format("2 Jan 2006")
}

func initials(name string) string {
	var out []rune
	for word := range strings.FieldsSeq(name) {
		if len(out) < 2 {
			out = append(out, unicode.ToUpper([]rune(word)[0]))
		}
	}
	return string(out)
}

// keeps is what the day means for the streak.
func keeps(c planner.Calendar, doneToday int) string {
	switch {
	case doneToday > 0 && c.Current > 1:
		return fmt.Sprintf("Your %d-day streak is safe today.", c.Current)
	case doneToday > 0:
		return "A streak begins today."
	case c.Current > 0:
		return fmt.Sprintf("One keeps your %d-day streak.", c.Current)
	}
	return "One starts a streak."
}

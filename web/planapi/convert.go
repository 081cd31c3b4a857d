package planapi

import (
	"time"

	"tripod/planner"
)

func userOut(u planner.User) User {
	return User{ID: u.ID, Email: u.Email, Name: u.Name, Zone: u.Zone, Created: u.Created}
}

func grantOut(g planner.Grant) Grant {
	return Grant{User: userOut(g.User), Token: g.Token, Expires: g.Expires}
}

func taskOut(t planner.Task) Task {
	out := Task{ID: t.ID, Title: t.Title, Notes: t.Notes, Priority: string(t.Priority), Due: orNull(t.Due),
		Repeat: string(t.Repeat), Status: string(planner.Open), Created: t.Created, Updated: t.Updated,
		Completed: orNull(t.Completed), Reminded: orNull(t.Reminded)}
	if t.Done() {
		out.Status = string(planner.Done)
	}
	return out
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func listOut(p planner.Page, c planner.Counts) TaskList {
	l := TaskList{Tasks: make([]Task, len(p.Tasks)), Next: p.Next, Counts: Counts(c)}
	for i, t := range p.Tasks {
		l.Tasks[i] = taskOut(t)
	}
	return l
}

func streakOut(c planner.Calendar) Streak {
	s := Streak{Current: c.Current, Best: c.Best, Today: c.Today.String(), Days: daysOut(c.Days), Weeks: daysOut(c.Weeks)}
	if c.Last != 0 {
		s.LastDay = c.Last.String()
	}
	if n := len(c.Days); n > 0 {
		s.DoneToday = c.Days[n-1].Done
	}
	return s
}

func daysOut(in []planner.DayCount) []DayCount {
	out := make([]DayCount, len(in))
	for i, d := range in {
		out[i] = DayCount{Day: d.Day.String(), Done: d.Done}
	}
	return out
}

func faultOut(f planner.Fault) Fault {
	return Fault{Name: f.Name, Title: f.Title, Description: f.Description, On: f.On, Until: orNull(f.Until)}
}

func draftIn(d Draft, u planner.User) planner.Draft {
	return planner.Draft{Title: d.Title, Notes: d.Notes, Priority: planner.Priority(d.Priority),
		Due: d.Due.in(u.Location()), Repeat: planner.Repeat(d.Repeat)}
}

func patchIn(p Patch, u planner.User) (planner.Patch, error) {
	out := planner.Patch{Title: p.Title, Notes: p.Notes, Priority: (*planner.Priority)(p.Priority), Repeat: (*planner.Repeat)(p.Repeat)}
	if p.Due.Set {
		at := p.Due.in(u.Location())
		out.Due = &at
	}
	if p.Status != nil {
		done := *p.Status == string(planner.Done)
		if !done && *p.Status != string(planner.Open) {
			return out, &planner.FieldError{Field: "status", Reason: "is neither open nor done"}
		}
		out.Done = &done
	}
	return out, nil
}

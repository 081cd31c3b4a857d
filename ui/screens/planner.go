package screens

import (
	"fmt"

	"tripod/ui"
)

// Planner is the application's own screen: a day, a list, or the streak.
type Planner struct {
	Title    string
	Assets   ui.Assets
	View     string // today, upcoming, streaks or done
	Nav      []PlannerNav
	Name     string // of the user
	Initials string
	Email    string
	Zone     string

	Heading  string // "Thursday, 12 March"
	Done     int    // today
	Total    int
	Keeps    string // what the done share means for the streak
	Draft    PlannerDraft
	Groups   []PlannerGroup
	Rest     string // what to say when there is no task at all
	Older    string // address of the next page, empty on the last
	Problem  string // why the list could not be had
	Streak   PlannerStreak
	Faults   []PlannerFault // demo only
	Seen     string         // address of the fragment that shows this request to its maker
	ReadOnly bool           // the API is away: nothing can be added now
}

// PlannerNav is one list of the rail.
type PlannerNav struct {
	View, Href, Icon, Text string
	Count                  int
}

// PlannerDraft is the line being added, as typed, and what was wrong with it.
type PlannerDraft struct {
	Text, Error string
}

// PlannerGroup is a headed part of the list.
type PlannerGroup struct {
	Title, Note string
	Tasks       []PlannerTask
}

// PlannerTask is one row.
type PlannerTask struct {
	ID, Title, Note string
	Priority        string // low, normal or high
	Due             string // as people say it
	Late, Done      bool
	Repeats         bool
}

// PlannerStreak is the card with the flame and the calendar.
type PlannerStreak struct {
	Days   string // "17 days"
	Note   string // "best 41"
	Months []PlannerMonth
	Cells  []PlannerCell // by column, Monday first
	Week   []PlannerBar
	Total  int // this week
}

// PlannerMonth is a name over columns From to To, 1-based, To excluded.
type PlannerMonth struct {
	Name     string
	From, To int
}

// PlannerCell is one day of the calendar.
type PlannerCell struct {
	Level int // 0 to 4, −1 for a day to come
	Today bool
	Title string
}

// PlannerBar is one day of the week.
type PlannerBar struct {
	Letter string
	Share  int // per cent of the week's best day
	Done   int
	Now    bool
}

// PlannerFault is a fault that the demo can switch.
type PlannerFault struct {
	Name, Title, Description string
	On                       bool
}

// PlannerGate is the screen before signing in.
type PlannerGate struct {
	Assets          ui.Assets
	Guest           bool // offer an account with one click
	Email, Name     string
	LoginError      string
	SignupError     string
	SignupField     string
	Seen            string
	SignupFieldText string
}

func (t PlannerTask) check() string {
	class := "ck p3"
	switch t.Priority {
	case "high":
		class = "ck p1"
	case "normal":
		class = "ck p2"
	}
	if t.Done {
		class += " on"
	}
	return class
}

func (t PlannerTask) priorityClass() string {
	return map[string]string{"high": "t-err", "normal": "t-warn"}[t.Priority]
}

func (t PlannerTask) priorityTitle() string {
	switch t.Priority {
	case "high":
		return "High priority"
	case "low":
		return "Low priority"
	}
	return "Normal priority"
}

// off says which of the three priority bars stay empty.
func (t PlannerTask) off(bar int) bool {
	return bar > map[string]int{"low": 1, "normal": 2, "high": 3}[t.Priority]
}

func (c PlannerCell) class() string {
	class := "qx"
	if c.Level >= 0 {
		class = fmt.Sprintf("q%d", c.Level)
	}
	if c.Today {
		class += " today"
	}
	return class
}

func (p Planner) share() int {
	if p.Total == 0 {
		return 0
	}
	return 100 * p.Done / p.Total
}

func (b PlannerBar) height() string { return fmt.Sprintf("height:%dpx", 2+b.Share*56/100) }

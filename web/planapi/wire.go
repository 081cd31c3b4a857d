package planapi

import (
	"encoding/json"
	"time"

	"tripod/planner"
)

// The JSON forms. Times are RFC 3339 in UTC, days are 2026-03-12.
type (
	// SignUp is the body of POST signup.
	SignUp struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Name     string `json:"name"`
		Zone     string `json:"zone,omitempty"`
	}
	// Login is the body of POST login.
	Login struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	// Grant answers signup and login.
	Grant struct {
		User    User      `json:"user"`
		Token   string    `json:"token"`
		Expires time.Time `json:"expires"`
	}
	// User answers me.
	User struct {
		ID      string    `json:"id"`
		Email   string    `json:"email"`
		Name    string    `json:"name"`
		Zone    string    `json:"zone"`
		Created time.Time `json:"created"`
	}
	// Profile is the body of PATCH me.
	Profile struct {
		Name *string `json:"name,omitempty"`
		Zone *string `json:"zone,omitempty"`
	}
	// Task is one task. Status is open or done.
	Task struct {
		ID        string     `json:"id"`
		Title     string     `json:"title"`
		Notes     string     `json:"notes,omitempty"`
		Priority  string     `json:"priority"`
		Due       *time.Time `json:"due"`
		Repeat    string     `json:"repeat"`
		Status    string     `json:"status"`
		Created   time.Time  `json:"created"`
		Updated   time.Time  `json:"updated"`
		Completed *time.Time `json:"completed"`
		Reminded  *time.Time `json:"reminded"`
	}
	// Draft is the body of POST tasks.
	Draft struct {
		Title    string `json:"title"`
		Notes    string `json:"notes,omitempty"`
		Priority string `json:"priority,omitempty"`
		Due      Due    `json:"due,omitzero"`
		Repeat   string `json:"repeat,omitempty"`
	}
	// Patch is the body of PATCH tasks/{id}; what is absent stays. A Due of null
	// takes the due time away, Status "open" takes a completion back.
	Patch struct {
		Title    *string `json:"title,omitempty"`
		Notes    *string `json:"notes,omitempty"`
		Priority *string `json:"priority,omitempty"`
		Due      Due     `json:"due,omitzero"`
		Repeat   *string `json:"repeat,omitempty"`
		Status   *string `json:"status,omitempty"`
	}
	// TaskList answers GET tasks.
	TaskList struct {
		Tasks  []Task `json:"tasks"`
		Next   string `json:"next,omitempty"` // cursor of the next page
		Counts Counts `json:"counts"`
	}
	// Counts are the sizes of the user's lists.
	Counts struct {
		Open      int `json:"open"`
		Overdue   int `json:"overdue"`
		Today     int `json:"today"`
		Upcoming  int `json:"upcoming"`
		DoneToday int `json:"doneToday"`
	}
	// Completed answers POST tasks/{id}/complete.
	Completed struct {
		Task Task  `json:"task"`
		Next *Task `json:"next"` // the next occurrence of a repeating task
	}
	// Streak answers GET streak: 18 weeks from a Monday to today.
	Streak struct {
		Current   int        `json:"current"`
		Best      int        `json:"best"`
		LastDay   string     `json:"lastDay,omitempty"`
		Today     string     `json:"today"`
		DoneToday int        `json:"doneToday"`
		Days      []DayCount `json:"days"`
		Weeks     []DayCount `json:"weeks"`
	}
	// DayCount is how many tasks were completed on a day, or in the week of a Monday.
	DayCount struct {
		Day  string `json:"day"`
		Done int    `json:"done"`
	}
	// Fault is one way to make the planner fail.
	Fault struct {
		Name        string     `json:"name"`
		Title       string     `json:"title"`
		Description string     `json:"description"`
		On          bool       `json:"on"`
		Until       *time.Time `json:"until"`
	}
	// FaultList answers GET faults.
	FaultList struct {
		Faults []Fault `json:"faults"`
	}
	// Switch is the body of POST faults/{name}; without a body it is on for 15 minutes.
	Switch struct {
		On      *bool `json:"on,omitempty"`
		Minutes int   `json:"minutes,omitempty"`
	}
)

// Due is a time, or a day, which ends where the user is, or null.
type Due struct {
	Set bool // it was there, null included
	Day planner.Day
	At  time.Time
}

// IsZero is true for a Due that was not there.
func (d Due) IsZero() bool { return !d.Set }

func (d Due) MarshalJSON() ([]byte, error) {
	switch {
	case !d.At.IsZero():
		return json.Marshal(d.At)
	case d.Day != 0:
		return json.Marshal(d.Day.String())
	}
	return []byte("null"), nil
}

func (d *Due) UnmarshalJSON(b []byte) error {
	*d = Due{Set: true}
	if string(b) == "null" {
		return nil
	}
	bad := &planner.FieldError{Field: "due", Reason: "is neither a time like 2026-03-12T09:00:00Z nor a day like 2026-03-12"}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return bad
	}
	var err error
	if len(s) == len(time.DateOnly) {
		d.Day, err = planner.ParseDay(s)
	} else {
		d.At, err = time.Parse(time.RFC3339, s)
	}
	if err != nil || d.At.IsZero() && d.Day <= 0 { // nothing is due before 1970-01-02
		return bad
	}
	return nil
}

// in is the instant: of a day, its last minute.
func (d Due) in(loc *time.Location) time.Time {
	if d.Day != 0 {
		return (d.Day + 1).Start(loc).Add(-time.Minute)
	}
	return d.At
}

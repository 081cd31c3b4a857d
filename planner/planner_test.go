package planner

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skip("no time zone data here: ", err)
	}
	return loc
}

func TestDraftRulesNameTheField(t *testing.T) {
	due := at(t, "2026-03-12T09:00:00Z")
	for name, c := range map[string]struct {
		draft Draft
		field string // "" is allowed
	}{
		"a title is enough":                     {Draft{Title: "Call the dentist"}, ""},
		"a title of blanks is missing":          {Draft{Title: "  "}, "title"},
		"200 characters of any width fit":       {Draft{Title: strings.Repeat("å", 200)}, ""},
		"201 do not":                            {Draft{Title: strings.Repeat("å", 201)}, "title"},
		"a title is one line":                   {Draft{Title: "a\nb"}, "title"},
		"notes have lines":                      {Draft{Title: "a", Notes: "b\nc"}, ""},
		"notes hold no control characters":      {Draft{Title: "a", Notes: "b\x00"}, "notes"},
		"notes are UTF-8":                       {Draft{Title: "a", Notes: "\xff"}, "notes"},
		"notes end somewhere":                   {Draft{Title: "a", Notes: strings.Repeat("b", 4001)}, "notes"},
		"a priority is one of three":            {Draft{Title: "a", Priority: "urgent"}, "priority"},
		"a repetition is one of five":           {Draft{Title: "a", Repeat: "yearly", Due: due}, "repeat"},
		"what repeats is due some time":         {Draft{Title: "a", Repeat: Daily}, "due"},
		"what repeats may be due in the past":   {Draft{Title: "a", Repeat: Daily, Due: due}, ""},
		"nothing is due in the time of Charles": {Draft{Title: "a", Due: at(t, "1660-01-01T00:00:00Z")}, "due"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.draft.check()
			wantField(t, err, c.field)
		})
	}
}

func TestAccountRulesNameTheField(t *testing.T) {
	good := NewUser{Email: "ada@example.com", Password: "correct horse", Name: "Ada"}
	for name, c := range map[string]struct {
		change func(*NewUser)
		field  string
	}{
		"a usual account":                {func(*NewUser) {}, ""},
		"an address may shout":           {func(n *NewUser) { n.Email = " ADA@Example.com " }, ""},
		"an address has a domain":        {func(n *NewUser) { n.Email = "ada" }, "email"},
		"an address has a whole domain":  {func(n *NewUser) { n.Email = "ada@example" }, "email"},
		"a name is not in the address":   {func(n *NewUser) { n.Email = "Ada <ada@example.com>" }, "email"},
		"an address ends somewhere":      {func(n *NewUser) { n.Email = strings.Repeat("a", 250) + "@example.com" }, "email"},
		"a short password":               {func(n *NewUser) { n.Password = "1234567" }, "password"},
		"bcrypt must see all of it":      {func(n *NewUser) { n.Password = strings.Repeat("x", 73) }, "password"},
		"a name is given":                {func(n *NewUser) { n.Name = "" }, "name"},
		"a name is one line":             {func(n *NewUser) { n.Name = "A\nB" }, "name"},
		"a zone is known":                {func(n *NewUser) { n.Zone = "Mars/Olympus" }, "zone"},
		"the zone of the server is none": {func(n *NewUser) { n.Zone = "Local" }, "zone"},
	} {
		t.Run(name, func(t *testing.T) {
			n := good
			c.change(&n)
			_, err := n.check()
			wantField(t, err, c.field)
		})
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return
	}
	var fe *FieldError
	if !errors.As(err, &fe) || fe.Field != field || !errors.Is(err, ErrInvalid) {
		t.Fatalf("got %v, want an invalid %s", err, field)
	}
}

func TestRepeatFindsTheNextOccurrence(t *testing.T) {
	for name, c := range map[string]struct {
		repeat    Repeat
		due, now  string
		zone      string
		want      string
		wantNever bool
	}{
		"never comes back":                      {repeat: Never, due: "2026-03-12T09:00:00Z", now: "2026-03-12T10:00:00Z", wantNever: true},
		"the day after":                         {repeat: Daily, due: "2026-03-12T09:00:00Z", now: "2026-03-12T10:00:00Z", want: "2026-03-13T09:00:00Z"},
		"done early, still the day after":       {repeat: Daily, due: "2026-03-12T09:00:00Z", now: "2026-03-10T10:00:00Z", want: "2026-03-13T09:00:00Z"},
		"missed days are skipped":               {repeat: Daily, due: "2026-03-01T09:00:00Z", now: "2026-03-12T10:00:00Z", want: "2026-03-13T09:00:00Z"},
		"Friday's goes on on Monday":            {repeat: Weekdays, due: "2026-03-13T09:00:00Z", now: "2026-03-13T10:00:00Z", want: "2026-03-16T09:00:00Z"},
		"a week later":                          {repeat: Weekly, due: "2026-03-12T09:00:00Z", now: "2026-03-12T10:00:00Z", want: "2026-03-19T09:00:00Z"},
		"the 31st comes on the last of a month": {repeat: Monthly, due: "2026-01-31T09:00:00Z", now: "2026-02-01T10:00:00Z", want: "2026-02-28T09:00:00Z"},
		"and on the 31st again":                 {repeat: Monthly, due: "2026-01-31T09:00:00Z", now: "2026-03-01T10:00:00Z", want: "2026-03-31T09:00:00Z"},
		"December leads into January":           {repeat: Monthly, due: "2026-12-15T09:00:00Z", now: "2026-12-20T10:00:00Z", want: "2027-01-15T09:00:00Z"},
		"9:00 stays 9:00 when clocks change":    {repeat: Daily, zone: "Europe/Stockholm", due: "2026-03-28T08:00:00Z", now: "2026-03-28T09:00:00Z", want: "2026-03-29T07:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			loc := time.UTC
			if c.zone != "" {
				loc = zone(t, c.zone)
			}
			got, ok := c.repeat.Next(at(t, c.due), at(t, c.now), loc)
			if c.wantNever {
				if ok {
					t.Fatalf("got %v, want never", got)
				}
				return
			}
			if !ok || !got.Equal(at(t, c.want)) {
				t.Fatalf("got %v %v, want %v", got.UTC(), ok, c.want)
			}
		})
	}
}

func TestStreakCountsDaysInARow(t *testing.T) {
	const today = Day(20000)
	for name, c := range map[string]struct {
		days []Day // as distance from today
		want Streak
	}{
		"nothing done yet":                {nil, Streak{}},
		"today is the first":              {[]Day{0}, Streak{1, 1, today}},
		"yesterday still counts":          {[]Day{-2, -1}, Streak{2, 2, today - 1}},
		"the day before is too long ago":  {[]Day{-3, -2}, Streak{0, 2, today - 2}},
		"a gap begins anew":               {[]Day{-5, -4, -3, -1, 0}, Streak{2, 3, today}},
		"best is now":                     {[]Day{-9, -3, -2, -1, 0}, Streak{4, 4, today}},
		"a day that has not come is none": {[]Day{0, 1}, Streak{1, 1, today}},
	} {
		t.Run(name, func(t *testing.T) {
			var days []DayCount
			for _, d := range c.days {
				days = append(days, DayCount{today + d, 2})
			}
			if got := StreakOf(days, today); got != c.want {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestCalendarCoversEighteenWholeWeeks(t *testing.T) {
	today, err := ParseDay("2026-03-12") // a Thursday
	if err != nil {
		t.Fatal(err)
	}
	days := []DayCount{{today - 400, 9}, {today - 7, 1}, {today - 1, 2}, {today, 3}}
	c := CalendarOf(StreakOf(days, today), days, today)
	if got := c.Days[0].Day.String(); got != "2025-11-10" {
		t.Errorf("first day: got %s, want the Monday 17 weeks ago, 2025-11-10", got)
	}
	if got := c.Days[len(c.Days)-1]; got != (DayCount{today, 3}) {
		t.Errorf("last day: got %v, want today with 3", got)
	}
	if got, want := len(c.Days), 17*7+4; got != want {
		t.Errorf("days: got %d, want %d", got, want)
	}
	if len(c.Weeks) != Weeks || c.Weeks[Weeks-1].Done != 5 || c.Weeks[Weeks-2].Done != 1 {
		t.Errorf("weeks: got %v, want 18 ending in 1, 5", c.Weeks)
	}
}

func TestDayIsWhereTheUserIs(t *testing.T) {
	zone(t, "Pacific/Auckland")
	now := at(t, "2026-03-12T13:00:00Z")
	for name, c := range map[string]struct{ zone, want string }{
		"UTC":             {"UTC", "2026-03-12"},
		"already morning": {"Pacific/Auckland", "2026-03-13"},
		"unknown is UTC":  {"Mars/Olympus", "2026-03-12"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (User{Zone: c.zone}).Today(now).String(); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("MTIzLnRfMDE")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePosition(s)
		if err != nil {
			return
		}
		if again, err := parsePosition(p.String()); err != nil || again != p {
			t.Fatalf("%q: %v became %v, %v", s, p, again, err)
		}
	})
}

package planner

// Weeks is how far the calendar of a streak looks back, this week included.
const Weeks = 18

// Streak is a run of days with at least one completed task.
type Streak struct {
	Current int
	Best    int
	Last    Day // the last day that counted; 0 when none did
}

// DayCount is how many tasks were completed on a day.
type DayCount struct {
	Day  Day
	Done int
}

// Calendar is a streak and what it was made of.
type Calendar struct {
	Streak
	Today Day
	Days  []DayCount // every day from the Monday 17 weeks ago to today, zeros included
	Weeks []DayCount // the same by week; Day is its Monday
}

// StreakOf counts over days in ascending order, each with Done > 0, as seen on
// today. A run that reached yesterday is still alive: today is not over yet.
func StreakOf(days []DayCount, today Day) Streak {
	var s Streak
	run := 0
	for _, d := range days {
		if d.Done <= 0 || d.Day > today {
			continue
		}
		if run > 0 && d.Day == s.Last+1 {
			run++
		} else {
			run = 1
		}
		s.Last = d.Day
		s.Best = max(s.Best, run)
	}
	s.Current = run
	return s.On(today)
}

// On is the same streak as seen on a day: one that missed a whole day is over.
func (s Streak) On(today Day) Streak {
	if s.Last < today-1 {
		s.Current = 0
	}
	return s
}

// CalendarOf spreads counted days, in ascending order, over the last 18 weeks.
func CalendarOf(s Streak, days []DayCount, today Day) Calendar {
	first := today.Monday() - 7*(Weeks-1)
	c := Calendar{
		Streak: s.On(today),
		Today:  today,
		Days:   make([]DayCount, today-first+1),
		Weeks:  make([]DayCount, Weeks),
	}
	for i := range c.Days {
		c.Days[i].Day = first + Day(i)
	}
	for i := range c.Weeks {
		c.Weeks[i].Day = first + Day(7*i)
	}
	for _, d := range days {
		if i := int(d.Day - first); i >= 0 && i < len(c.Days) {
			c.Days[i].Done += d.Done
			c.Weeks[i/7].Done += d.Done
		}
	}
	return c
}

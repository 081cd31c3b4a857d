package planweb

import (
	"fmt"
	"time"

	"tripod/planner"
	"tripod/ui/screens"
)

// streak is the calendar as the card draws it.
func streak(c planner.Calendar) screens.PlannerStreak {
	s := screens.PlannerStreak{Days: days(c.Current), Note: fmt.Sprintf("best %d", c.Best)}
	if c.Best == 0 {
		s.Note = "complete a task to light it"
	}
	var first time.Time
	for i, d := range c.Days {
		at := d.Day.Start(time.UTC)
		if i == 0 {
			first = at
		}
		s.Cells = append(s.Cells, screens.PlannerCell{
			Level: min(d.Done, 4), Today: d.Day == c.Today, Title: fmt.Sprintf("%s: %d done", at.Format("Mon 2 January"), d.Done),
		})
	}
	for len(s.Cells)%7 != 0 {
		s.Cells = append(s.Cells, screens.PlannerCell{Level: -1})
	}
	s.Months = months(first, len(s.Cells)/7)
	s.Week, s.Total = week(c)
	return s
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// months names runs of columns by the month of their Monday; a run of one
// column has no room for a name.
func months(first time.Time, columns int) []screens.PlannerMonth {
	var out []screens.PlannerMonth
	for col := 0; col < columns; {
		month, from := first.AddDate(0, 0, 7*col).Month(), col
		for col < columns && first.AddDate(0, 0, 7*col).Month() == month {
			col++
		}
		if col-from > 1 {
			out = append(out, screens.PlannerMonth{Name: month.String()[:3], From: from + 1, To: col + 1})
		}
	}
	return out
}

func week(c planner.Calendar) (bars []screens.PlannerBar, total int) {
	monday, best := c.Today.Monday(), 1
	counts := map[planner.Day]int{}
	for _, d := range c.Days {
		if d.Day >= monday {
			counts[d.Day] = d.Done
			best = max(best, d.Done)
			total += d.Done
		}
	}
	for i, letter := range "MTWTFSS" {
		day := monday + planner.Day(i)
		bars = append(bars, screens.PlannerBar{Letter: string(letter), Done: counts[day], Share: 100 * counts[day] / best, Now: day == c.Today})
	}
	return bars, total
}

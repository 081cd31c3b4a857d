package planweb

import (
	"strings"
	"testing"
	"time"
)

// a Thursday
var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func TestParseDraft(t *testing.T) {
	for line, want := range map[string]struct{ title, due, priority, repeat string }{
		"Call the dentist tomorrow 9:00 !high": {"Call the dentist", "2026-03-13 09:00", "high", ""},
		"Buy milk":                             {"Buy milk", "", "", ""},
		"Read the Friday paper":                {"Read the Friday paper", "", "", ""},
		"Pay rent today":                       {"Pay rent", "2026-03-12 23:59", "", ""},
		"Run 18:30 every weekday":              {"Run", "2026-03-12 18:30", "", "weekdays"},
		"Run 9:00":                             {"Run", "2026-03-13 09:00", "", ""},
		"Run 9am daily !low":                   {"Run", "2026-03-13 09:00", "low", "daily"},
		"Plan the sprint fri 10:00":            {"Plan the sprint", "2026-03-13 10:00", "", ""},
		"Meet thu":                             {"Meet", "2026-03-19 23:59", "", ""},
		"Birthday 3 May":                       {"Birthday", "2026-05-03 23:59", "", ""},
		"Birthday March 1":                     {"Birthday", "2027-03-01 23:59", "", ""},
		"Nonsense 31 february":                 {"Nonsense 31 february", "", "", ""},
		"Water the plants every day":           {"Water the plants", "2026-03-12 23:59", "", "daily"},
		"tomorrow":                             {"tomorrow", "", "", ""},
		"!high !low":                           {"!high", "", "low", ""},
		"  spaced   out  ":                     {"spaced out", "", "", ""},
		"":                                     {"", "", "", ""},
	} {
		t.Run(line, func(t *testing.T) {
			d := parseDraft(line, noon)
			due := ""
			if !d.Due.IsZero() {
				due = d.Due.Format("2006-01-02 15:04")
			}
			if d.Title != want.title || due != want.due || d.Priority != want.priority || d.Repeat != want.repeat {
				t.Errorf("got %q due %q %q %q, want %+v", d.Title, due, d.Priority, d.Repeat, want)
			}
		})
	}
}

func FuzzParseDraft(f *testing.F) {
	f.Add("Call the dentist tomorrow 9:00 !high")
	f.Add("every every day day 3 May May 3")
	f.Fuzz(func(t *testing.T, line string) {
		d := parseDraft(line, noon)
		if strings.TrimSpace(line) != "" && d.Title == "" {
			t.Errorf("%q lost its title", line)
		}
		if !d.Due.IsZero() && d.Due.Before(midnight(noon)) {
			t.Errorf("%q is due in the past: %v", line, d.Due)
		}
	})
}

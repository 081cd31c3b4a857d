package planweb

import (
	"strconv"
	"strings"
	"time"
)

// draft is a line of the add field taken apart.
type draft struct {
	Title    string
	Priority string    // low, normal, high, or empty
	Repeat   string    // daily, weekdays, weekly, monthly, or empty
	Due      time.Time // zero when the line names no day and no time
}

// endOfDay stands for "that day, no particular time": 23:59.
const endOfDay = 23*60 + 59

// parseDraft takes the words that mean something off the end of a line: a day
// (today, tomorrow, fri, 13 March), a time (9:00, 9am), a priority (!high) and
// a rhythm (every day). Words before the last ordinary one belong to the title,
// so "Read the Friday paper" stays what it is.
func parseDraft(line string, now time.Time) draft {
	words := strings.Fields(line)
	p := draftParser{now: now, minute: -1}
	for len(words) > 1 {
		n := p.take(words)
		if n == 0 {
			break
		}
		words = words[:len(words)-n]
	}
	d := draft{Title: strings.Join(words, " "), Priority: p.priority, Repeat: p.repeat}
	d.Due = p.due()
	return d
}

type draftParser struct {
	now              time.Time
	day              time.Time // midnight of the day named, zero for none
	minute           int       // of the day, −1 for none
	priority, repeat string
}

// take reads the last one or two words and says how many it understood.
func (p *draftParser) take(words []string) int {
	last := strings.ToLower(words[len(words)-1])
	before := ""
	if len(words) > 2 {
		before = strings.ToLower(words[len(words)-2])
	}
	switch {
	case before == "every" && p.takeRhythm(last):
		return 2
	case p.takeDate(before, last):
		return 2
	case p.takeDay(last), p.takeTime(last), p.takePriority(last), p.takeRhythm(map[string]string{"daily": "day", "weekly": "week", "monthly": "month"}[last]):
		return 1
	}
	return 0
}

func (p *draftParser) takeRhythm(word string) bool {
	r, ok := map[string]string{"day": "daily", "weekday": "weekdays", "week": "weekly", "month": "monthly"}[word]
	if !ok || p.repeat != "" {
		return false
	}
	p.repeat = r
	return true
}

func (p *draftParser) takePriority(word string) bool {
	switch word {
	case "!high", "!normal", "!low":
		if p.priority == "" {
			p.priority = word[1:]
			return true
		}
	}
	return false
}

func (p *draftParser) takeDay(word string) bool {
	if !p.day.IsZero() {
		return false
	}
	switch word {
	case "today":
		p.day = midnight(p.now)
		return true
	case "tomorrow":
		p.day = midnight(p.now).AddDate(0, 0, 1)
		return true
	}
	for d := range time.Weekday(7) {
		name := strings.ToLower(d.String())
		if word == name || word == name[:3] {
			ahead := (int(d-p.now.Weekday()) + 7) % 7
			if ahead == 0 {
				ahead = 7
			}
			p.day = midnight(p.now).AddDate(0, 0, ahead)
			return true
		}
	}
	return false
}

// takeDate reads "13 march" and "march 13", in the next twelve months.
func (p *draftParser) takeDate(a, b string) bool {
	if !p.day.IsZero() || a == "" {
		return false
	}
	month, day := monthOf(b), dayOf(a)
	if month == 0 {
		month, day = monthOf(a), dayOf(b)
	}
	if month == 0 || day == 0 {
		return false
	}
	for year := p.now.Year(); year <= p.now.Year()+1; year++ {
		t := time.Date(year, month, day, 0, 0, 0, 0, p.now.Location())
		if t.Day() == day && !t.Before(midnight(p.now)) {
			p.day = t
			return true
		}
	}
	return false
}

func monthOf(word string) time.Month {
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if word == name || word == name[:3] {
			return m
		}
	}
	return 0
}

func dayOf(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > 31 {
		return 0
	}
	return n
}

// takeTime reads 9:00, 17:30, 9am and 5pm.
func (p *draftParser) takeTime(word string) bool {
	if p.minute >= 0 {
		return false
	}
	for _, layout := range []string{"15:04", "3pm", "3:04pm"} {
		if t, err := time.Parse(layout, word); err == nil {
			p.minute = t.Hour()*60 + t.Minute()
			return true
		}
	}
	return false
}

func (p *draftParser) due() time.Time {
	day, minute := p.day, p.minute
	switch {
	case day.IsZero() && minute < 0 && p.repeat == "":
		return time.Time{}
	case day.IsZero():
		day = midnight(p.now)
		if minute >= 0 && !at(day, minute).After(p.now) {
			day = day.AddDate(0, 0, 1) // 9:00 said at noon is tomorrow's
		}
	}
	if minute < 0 {
		minute = endOfDay
	}
	return at(day, minute)
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// at is a wall-clock time of a day, also on days when clocks change.
func at(day time.Time, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minute/60, minute%60, 0, 0, day.Location())
}

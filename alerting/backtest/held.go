package backtest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
)

// Held is a time at which something began to hold an alert back that fired.
type Held struct {
	Time     time.Time
	Labels   map[string]string // of the alert
	Receiver string
	Why      string // inhibited by …, silenced by …, the time is …
}

// Reason is why alerts were held back, and how often that began.
type Reason struct {
	Why   string
	Times int
}

// Reasons are those of Held, the most frequent first. An alert that is held
// back from several receivers at one time counts once.
func (r *Report) Reasons() []Reason {
	times, seen := map[string]int{}, map[string]bool{}
	for _, h := range r.Held {
		key := alerting.Fingerprint(h.Labels) + strconv.FormatInt(h.Time.UnixNano(), 36) + h.Why
		if !seen[key] {
			seen[key] = true
			times[h.Why]++
		}
	}
	var out []Reason
	for why, n := range times {
		out = append(out, Reason{why, n})
	}
	slices.SortFunc(out, func(a, b Reason) int { return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Why, b.Why)) })
	return out
}

// maxReasons is how many a sentence names.
const maxReasons = 3

// SayHeld puts the reasons into words, or is empty.
func SayHeld(reasons []Reason) string {
	var parts []string
	all := 0
	for i, r := range reasons {
		all += r.Times
		part := r.Why
		if r.Times > 1 {
			part += " (" + strconv.Itoa(r.Times) + " times)"
		}
		if i < maxReasons {
			parts = append(parts, part)
		}
	}
	switch more := len(reasons) - maxReasons; {
	case all == 0:
		return ""
	case more > 0:
		parts = append(parts, strconv.Itoa(more)+" more")
	}
	often := "once"
	if all > 1 {
		often = strconv.Itoa(all) + " times"
	}
	return "held back " + often + ": " + strings.Join(parts, ", ")
}

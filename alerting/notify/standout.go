package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
)

// maxStandout bounds what a stranger's text takes up in a message, in characters.
const maxStandout = 240

// standout is what the evidence of an alert tells most, as one line each; empty
// for what there is not.
type standout struct{ trace, logs string }

func (d *Detail) standout() standout {
	var out standout
	if t := d.Trace; t != nil {
		out.trace = traceLine(t)
	}
	if p := d.Pattern; p != nil {
		out.logs = patternLine(p)
	}
	return out
}

// traceLine reads "failing: POST /basket (shop), 912 ms, 3 of 12 spans failed: disk full".
func traceLine(t *alerting.KeptTrace) string {
	s := t.Why + ": " + clip(oneLine(cmp.Or(t.Name, "unnamed")), maxStandout/3)
	if t.Service != "" {
		s += " (" + clip(oneLine(t.Service), maxStandout/4) + ")"
	}
	s += ", " + took(t.Duration)
	if t.Errors > 0 {
		s += fmt.Sprintf(", %d of %d spans failed", t.Errors, t.Spans)
	}
	if fault := oneLine(t.Fault()); fault != "" {
		s += ": " + fault
	}
	return clip(s, maxStandout)
}

// patternLine reads "error from shop, 212 lines, 3 before: basket ‹n› could not be saved".
func patternLine(p *alerting.KeptPattern) string {
	s := cmp.Or(p.Level, "log")
	if p.Service != "" {
		s += " from " + clip(oneLine(p.Service), maxStandout/4)
	}
	lines, before := fmt.Sprintf("%d lines", p.Lines), "none before"
	if p.Lines == 1 {
		lines = "1 line"
	}
	if p.Before > 0 {
		before = fmt.Sprintf("%d before", p.Before)
	}
	return clip(s+", "+lines+", "+before+": "+oneLine(cmp.Or(p.Shown, p.Text)), maxStandout)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// took is how long a trace took.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return duration(d)
}

// standsOut is the first alert that a message shows of which there is something
// to tell; -1 for none.
func standsOut(items []item) int {
	return slices.IndexFunc(items[:min(len(items), shownItems)], func(i item) bool {
		return !i.Resolved && i.Detail.standout() != standout{}
	})
}

func standoutBlock(s standout) block {
	var parts []string
	for _, part := range [...]struct{ name, text string }{{"Trace", s.trace}, {"Logs", s.logs}} {
		if part.text != "" {
			parts = append(parts, "*"+part.name+"* "+escape(part.text, maxStandout*5))
		}
	}
	return section(strings.Join(parts, "\n"))
}

// firstTrace is where the trace can be seen that a message shows, or empty.
func firstTrace(items []item) string {
	if i := standsOut(items); i >= 0 && items[i].Detail.Trace != nil {
		return link(items[i].Detail.TraceURL)
	}
	return ""
}

// The annotations in which those who read annotations find it; a rule may fill
// them itself.
const (
	traceAnnotation = "evidence_trace"
	logsAnnotation  = "evidence_logs"
)

package pages

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// silenceSpans are how long a silence may last without a date.
var silenceSpans = []struct {
	name, text string
	length     time.Duration
}{{"30m", "30 min", 30 * time.Minute}, {"1h", "1 h", time.Hour}, {"4h", "4 h", 4 * time.Hour}, {"1d", "1 day", 24 * time.Hour}}

// silencePick is the choice of a date.
const silencePick = "pick"

// typedTime is how a form writes a time, in UTC.
const typedTime = "2006-01-02 15:04:05"

// silenceForm is what the form of a silence holds.
type silenceForm struct {
	silence      alerting.Silence
	span         string
	begin, until string            // as typed
	back         string            // sel of the rule to which it leads back
	faults       map[string]string // by field
}

// operators are the four of a matcher: what it asks, and of what kind it is.
var operators = []struct {
	text         string
	regex, equal bool
}{{"=", false, true}, {"!=", false, false}, {"=~", true, true}, {"!~", true, false}}

// readSilence reads the fields of a form or an address.
func readSilence(v url.Values, now time.Time) silenceForm {
	f := silenceForm{
		silence: alerting.Silence{ID: v.Get("id"), Comment: strings.TrimSpace(v.Get("comment")), CreatedBy: strings.TrimSpace(v.Get("by"))},
		span:    cmp.Or(v.Get("span"), "1h"), begin: strings.TrimSpace(v.Get("begin")), until: strings.TrimSpace(v.Get("until")), back: v.Get("back"),
		faults: map[string]string{},
	}
	f.matchers(v["m.name"], v["m.op"], v["m.value"])
	begins := now // a silence without a start begins when it is made
	if f.begin != "" {
		begins = f.time("begin", f.begin, now)
		f.silence.StartsAt = begins
	}
	from := later(now, begins) // of one that has begun the rest counts
	f.silence.EndsAt = from
	i := slices.IndexFunc(silenceSpans, func(s struct {
		name, text string
		length     time.Duration
	}) bool {
		return s.name == f.span
	})
	switch {
	case i >= 0:
		f.silence.EndsAt = from.Add(silenceSpans[i].length)
	case f.until == "":
		f.faults["until"] = "Is missing: the time at which it ends"
	default:
		f.silence.EndsAt = f.time("until", f.until, now)
	}
	if f.faults["until"] == "" && !f.silence.EndsAt.After(from) {
		f.faults["until"] = chart.Exact(f.silence.EndsAt) + " is over already"
	}
	return f
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (f *silenceForm) time(field, text string, now time.Time) time.Time {
	t, err := ParseTime(text, now)
	if err != nil {
		f.faults[field] = fmt.Sprintf("%.40q: want a time like 18:00, 2026-03-12 18:00 or now+2h", text)
		return now
	}
	return t
}

func (f *silenceForm) matchers(names, ops, values []string) {
	for i := range min(len(names), len(ops), len(values), 100) {
		m := alerting.Matcher{Name: strings.TrimSpace(names[i]), Value: values[i], IsEqual: true}
		for _, o := range operators {
			if o.text == ops[i] {
				m.IsRegex, m.IsEqual = o.regex, o.equal
			}
		}
		switch {
		case m.Name == "" && m.Value == "":
			continue
		case m.Name == "":
			f.faults["matchers"] = fmt.Sprintf("%.60q has no label", m.Value)
		}
		f.silence.Matchers = append(f.silence.Matchers, m)
	}
	if len(f.silence.Matchers) == 0 {
		f.faults["matchers"] = "At least one label is needed: else it would mute everything"
	}
}

// editSilence is the form of a silence that there is. It ends on a whole second
// there, the next one, so that it is never shorter for being saved again.
func editSilence(s alerting.Silence, now time.Time) silenceForm {
	until := s.EndsAt.Add(time.Second - 1).Truncate(time.Second)
	f := silenceForm{silence: s, span: silencePick, until: until.UTC().Format(typedTime), faults: map[string]string{}}
	if s.State(now) == alerting.SilenceExpired { // again, as long as it was
		f.silence.ID, f.until, f.span = "", "", "1h"
		return f
	}
	f.begin = s.StartsAt.UTC().Format(time.RFC3339Nano)
	return f
}

// model is the form as the screen shows it.
func (f *silenceForm) model(now time.Time) screens.SilenceForm {
	m := screens.SilenceForm{
		ID: f.silence.ID, Comment: f.silence.Comment, By: f.silence.CreatedBy, Begin: f.begin, Until: f.until, Back: f.back, Errors: f.faults,
	}
	for _, s := range silenceSpans {
		m.Spans = append(m.Spans, screens.RuleSpan{Value: s.name, Text: s.text, On: s.name == f.span})
	}
	m.Spans = append(m.Spans, screens.RuleSpan{Value: silencePick, Text: "Pick", On: f.span == silencePick})
	for _, x := range append(slices.Clone(f.silence.Matchers), alerting.Matcher{IsEqual: true}) {
		m.Matchers = append(m.Matchers, screens.SilenceMatcher{Name: x.Name, Op: operatorOf(x), Value: x.Value})
	}
	return m
}

func operatorOf(m alerting.Matcher) string {
	for _, o := range operators {
		if o.regex == m.IsRegex && o.equal == m.IsEqual {
			return o.text
		}
	}
	return "="
}

// silenceQuery are fields for an address that fits alerts of these labels.
func silenceQuery(labels [][2]string) url.Values {
	v := url.Values{}
	for _, l := range labels {
		v.Add("m.name", l[0])
		v.Add("m.op", "=")
		v.Add("m.value", l[1])
	}
	return v
}

// silenceItem is a silence on a list.
func (p *Pages) silenceItem(s alerting.Silence, now time.Time) screens.SilenceItem {
	out := screens.SilenceItem{ID: s.ID, Comment: s.Comment, By: s.CreatedBy, Edit: "/alerts/silences?edit=" + urlQuery(s.ID)}
	for _, m := range s.Matchers {
		if m.Name == "service_name" && m.IsEqual && !m.IsRegex {
			out.Service = &ui.Service{Name: m.Value, Slot: p.o.Slots(m.Value)}
			continue
		}
		out.Matchers = append(out.Matchers, m.Name+operatorOf(m)+m.Value)
	}
	switch s.State(now) {
	case alerting.SilenceActive:
		out.Tone, out.Word, out.When, out.Exact = "", "active", "until "+untilText(s.EndsAt, now), chart.Exact(s.EndsAt.UTC())
		out.Left, out.Can = brief(s.EndsAt.Sub(now))+" left", true
	case alerting.SilencePending:
		out.Tone, out.Word, out.When, out.Exact = "warn", "to come", "from "+untilText(s.StartsAt, now)+" to "+untilText(s.EndsAt, now), chart.Exact(s.StartsAt.UTC())
		out.Left, out.Can = "in "+brief(s.StartsAt.Sub(now)), true
	default:
		out.Tone, out.Word, out.When, out.Exact = "idle", "ended", untilText(s.EndsAt, now), chart.Exact(s.EndsAt.UTC())
		out.Left = brief(now.Sub(s.EndsAt)) + " ago"
	}
	return out
}

// untilText is a moment to come or near: only the time on the same day.
func untilText(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Sub(now).Abs() < 6*24*time.Hour:
		return t.Format("Mon 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

package alerting

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome says in one word whether somebody was told.
type Outcome string

// The outcomes of an episode.
const (
	OutcomeTold    Outcome = "told"
	OutcomeHeld    Outcome = "held back"
	OutcomeFailed  Outcome = "not delivered"
	OutcomeNobody  Outcome = "nobody to tell"
	OutcomeWaiting Outcome = "waiting"
	OutcomeNever   Outcome = "never fired"
	OutcomeFault   Outcome = "rule failed"
)

// Verdict is the answer to "why was I, or was I not, paged?", in a sentence.
type Verdict struct {
	Outcome  Outcome
	Sentence string
}

// story is what the steps of an episode come to.
type story struct {
	fired, over, resolved time.Time
	routed                bool
	nobody                []string // receivers that tell nobody
	told                  []telling
	held                  map[string]Step // by receiver, what held it back last
	failed                *Step           // last attempt that failed
	attempts              int
	opening               string
}

// telling is the first notification of an integration that the alert fires.
type telling struct {
	receiver string
	at       time.Time
	attempts int
	held     *Step // what held it back before
}

// Verdict reads the steps.
func (e *Episode) Verdict() Verdict {
	if e.Alert == "" {
		return e.faultVerdict()
	}
	s := e.read()
	switch {
	case s.fired.IsZero() && e.End.IsZero():
		return Verdict{OutcomeWaiting, "Nobody is told yet: it is pending since " + clock(e.Start) + "."}
	case s.fired.IsZero():
		return Verdict{OutcomeNever, "Nobody was told: its condition ended after " + span(e.End.Sub(e.Start)) + ", before it fired."}
	case len(s.told) > 0:
		return Verdict{OutcomeTold, s.toldSentence()}
	case s.failed != nil && !s.heldSince(s.failed.Time):
		return s.failedVerdict(e)
	case len(s.held) > 0:
		return Verdict{OutcomeHeld, "Nobody " + was(e) + " told: " + s.heldSentence() + "."}
	case len(s.nobody) > 0:
		return Verdict{OutcomeNobody, "Nobody " + was(e) + " told: the route leads to " + strings.Join(s.nobody, ", ") + ", which tells nobody."}
	case !e.End.IsZero():
		return Verdict{OutcomeNever, "Nobody was told: it was over before its group opened."}
	case s.routed:
		return Verdict{OutcomeWaiting, "Nobody is told yet: its group waits for others before it is told."}
	}
	return Verdict{OutcomeWaiting, "Nobody is told yet."}
}

func (e *Episode) faultVerdict() Verdict {
	first := Step{}
	if len(e.Steps) > 0 {
		first = e.Steps[0]
	}
	if e.End.IsZero() {
		return Verdict{OutcomeFault, "Nobody can be told: the rule cannot be evaluated since " + clock(e.Start) + ": " + first.Detail}
	}
	return Verdict{OutcomeFault, "Nobody could be told for " + span(e.End.Sub(e.Start)) + ": the rule could not be evaluated: " + first.Detail}
}

// read walks the steps once.
func (e *Episode) read() story {
	s := story{held: map[string]Step{}}
	tries, before := map[string]int{}, map[string]*Step{}
	for i := range e.Steps {
		step := e.Steps[i]
		receiver, _, _ := strings.Cut(step.Receiver, "/")
		switch step.Kind {
		case StepFiring, StepReceived:
			if s.fired.IsZero() {
				s.fired = step.Time
			}
		case StepOver:
			s.over = step.Time
		case StepResolved:
			if s.resolved.IsZero() {
				s.resolved = step.Time
			}
		case StepRouted:
			s.routed = true
			if step.Detail == TellsNobody {
				s.nobody = append(s.nobody, receiver)
			}
		case StepInhibited, StepSilenced, StepMuted:
			s.held[receiver], before[receiver] = step, &step
		case StepUnmuted:
			delete(s.held, receiver)
		case StepSending:
			tries[step.Receiver]++
			s.attempts = tries[step.Receiver]
		case StepRetried:
			s.failed = &step
		case StepGaveUp:
			if s.failed != nil {
				step.Detail = s.failed.Detail // it says how the last attempt failed
			}
			s.failed = &step
		case StepSent:
			first := !slices.ContainsFunc(s.told, func(t telling) bool { return t.receiver == step.Receiver })
			if s.resolved.IsZero() && first {
				s.told = append(s.told, telling{step.Receiver, step.Time, tries[step.Receiver], before[receiver]})
			}
			tries[step.Receiver] = 0
			s.failed = nil
		}
	}
	return s
}

func (s *story) toldSentence() string {
	var parts []string
	for _, t := range s.told {
		part := t.receiver + " was told at " + clock(t.at) + ", " + span(t.at.Sub(s.fired)) + " after it fired"
		if t.attempts > 1 {
			part += fmt.Sprintf(", with %d attempts", t.attempts)
		}
		if t.held != nil {
			part += ", held back before: " + Held(*t.held)
		}
		parts = append(parts, part)
	}
	out := strings.Join(parts, "; ")
	for _, receiver := range sorted(s.held) {
		out += "; now held back from " + receiver + ": " + Held(s.held[receiver])
	}
	return out + "."
}

func (s *story) failedVerdict(e *Episode) Verdict {
	begin := "Nobody is told yet: "
	if s.failed.Kind == StepGaveUp || !e.End.IsZero() {
		begin = "Nobody was told: "
	}
	attempts := "the attempt at " + s.failed.Receiver + " at " + clock(s.failed.Time) + " failed: "
	if s.attempts > 1 {
		attempts = fmt.Sprintf("%d attempts at %s failed, the last at %s: ", s.attempts, s.failed.Receiver, clock(s.failed.Time))
	}
	return Verdict{OutcomeFailed, begin + attempts + s.failed.Detail}
}

// heldSince says that something has begun to hold the alert back since then.
func (s *story) heldSince(at time.Time) bool {
	for _, step := range s.held {
		if !step.Time.Before(at) {
			return true
		}
	}
	return false
}

func was(e *Episode) string {
	if e.End.IsZero() {
		return "is"
	}
	return "was"
}

func (s *story) heldSentence() string {
	var parts []string
	for _, receiver := range sorted(s.held) {
		step := s.held[receiver]
		part := Held(step) + " since " + clock(step.Time)
		if len(s.held) > 1 {
			part = receiver + ": " + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func sorted(m map[string]Step) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Held says in words what a step of holding back is due to.
func Held(s Step) string {
	switch s.Kind {
	case StepSilenced:
		return "silenced by " + s.Detail
	case StepInhibited:
		return "inhibited by " + s.Detail
	}
	if s.Kind == StepMuted && len(s.By) == 0 {
		return "the route does not want it any more"
	}
	return "the time is " + s.Detail
}

// Say puts a step into words.
func (s *Step) Say() string {
	detail := func(before string) string {
		if s.Detail == "" {
			return ""
		}
		return before + s.Detail
	}
	switch s.Kind {
	case StepPending, StepFiring, StepKept:
		return string(s.Kind) + detail(": ")
	case StepOver:
		return "the rule has ended it" + detail(" ")
	case StepFailing:
		return "the rule cannot be evaluated" + detail(": ")
	case StepWorks:
		return "the rule can be evaluated again"
	case StepReceived:
		return "handed to notifications" + detail(" with value ")
	case StepRouted:
		return "routed to " + s.Receiver + detail(", ") + ", group " + s.Group
	case StepInhibited, StepSilenced, StepMuted:
		return "held back from " + s.Receiver + ": " + Held(*s)
	case StepUnmuted:
		return "nothing holds it back from " + s.Receiver
	case StepDue:
		return "a notification is due to " + s.Receiver + detail(": ")
	case StepSending:
		return "sending to " + s.Receiver + detail(": ")
	case StepSent:
		return s.Receiver + " took it"
	case StepRetried:
		return s.Receiver + " did not take it" + detail(": ") + "; tried again later"
	case StepSuperseded:
		return "a later notification to " + s.Receiver + " says it all"
	case StepGaveUp:
		return "given up on " + s.Receiver + detail(": ")
	case StepResolved:
		return "resolved"
	case StepUnsent:
		return "nothing is owed to " + s.Receiver + " any more"
	}
	return string(s.Kind) + detail(": ")
}

// clock is a moment of the day in UTC.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// span is a duration in words, to the second.
func span(d time.Duration) string {
	if d < time.Second {
		return "less than 1 s"
	}
	return strings.TrimSuffix(strings.TrimSuffix(spaced(d.Round(time.Second)), " 0 s"), " 0 min")
}

func spaced(d time.Duration) string {
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	}
	return fmt.Sprintf("%d s", s)
}

package pages

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// AlertChronicle gives what happened about alerts, newest first.
type AlertChronicle interface {
	Episodes(ctx context.Context, q alerting.EpisodeQuery) ([]alerting.Episode, error)
}

const alertEpisodes = 20 // shown of one rule

// alertWhy are the alerts of a rule within the time range, each with the
// sentence that says why people were told of it or not.
func (p *Pages) alertWhy(ctx context.Context, st State, r alerting.Rule) screens.AlertWhy {
	out := screens.AlertWhy{Name: r.Name}
	if p.o.Alerts.Chronicle == nil {
		out.Failed = p.reason(ctx, "chronicle of alerts", errNoDoor)
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	episodes, err := p.o.Alerts.Chronicle.Episodes(ctx, alerting.EpisodeQuery{
		Name: r.Name, From: time.Unix(0, st.Range.From), To: time.Unix(0, st.Range.To), Limit: alertEpisodes + 1,
	})
	if err != nil {
		out.Failed = p.reason(ctx, "chronicle of alerts", err)
		return out
	}
	if out.More = len(episodes) > alertEpisodes; out.More {
		episodes = episodes[:alertEpisodes]
	}
	kept := p.keptEvidence(ctx, r.Name)
	for i := range episodes {
		e := p.alertEpisode(st, &episodes[i])
		e.Evidence = kept.during(episodes[i].Alert, episodes[i].Start, episodes[i].End)
		e.Open = i == 0
		out.Episodes = append(out.Episodes, e)
	}
	return out
}

func (p *Pages) alertEpisode(st State, e *alerting.Episode) screens.AlertEpisode {
	verdict := e.Verdict()
	out := screens.AlertEpisode{
		ID: "why-" + e.Alert + "-" + e.Start.UTC().Format("20060102T150405.000000000"), Tone: outcomeTone(verdict.Outcome), Outcome: string(verdict.Outcome),
		Sentence: verdict.Sentence, When: chart.When(e.Start.UTC(), st.Now), Exact: chart.Exact(e.Start.UTC()),
	}
	if e.End.IsZero() {
		out.When = "since " + out.When
	} else {
		out.When += ", " + chart.Age(e.End.Sub(e.Start))
	}
	if name := alerting.ServiceOf(e.Labels); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		switch name {
		case "alertname", "severity", "service_name", "service":
		default:
			out.Labels = append(out.Labels, name+"="+e.Labels[name])
		}
	}
	out.Steps = alertSteps(e, st.Now)
	if e.Cut > 0 {
		out.Cut = chart.Count(int64(e.Cut)) + " further steps are not shown"
	}
	return out
}

func outcomeTone(o alerting.Outcome) string {
	switch o {
	case alerting.OutcomeTold:
		return ""
	case alerting.OutcomeFailed, alerting.OutcomeFault:
		return "err"
	case alerting.OutcomeNever:
		return "idle"
	}
	return "warn"
}

// alertSteps leaves out what the next step says again, and makes one of
// attempts that fail in a row.
func alertSteps(e *alerting.Episode, now time.Time) []screens.AlertStep {
	var out []screens.AlertStep
	failed := map[string]int{} // attempts in a row, by receiver
	row := map[string]int{}    // where they stand in out
	for i := range e.Steps {
		s := &e.Steps[i]
		text := s.Say()
		switch s.Kind {
		case alerting.StepSending:
			if failed[s.Receiver] > 0 {
				continue
			}
		case alerting.StepRetried:
			if failed[s.Receiver]++; failed[s.Receiver] > 1 {
				out[row[s.Receiver]].Text = s.Receiver + " did not take it " + chart.Count(int64(failed[s.Receiver])) + " times, the last at " + noticeTime(s.Time.UTC(), now) + ": " + s.Detail
				continue
			}
			row[s.Receiver] = len(out)
		case alerting.StepSent, alerting.StepGaveUp:
			failed[s.Receiver] = 0
		}
		out = append(out, screens.AlertStep{
			Time: noticeTime(s.Time.UTC(), now), Exact: chart.Exact(s.Time.UTC()), Text: sentenceOf(text, s.Receiver), Tone: stepTone(s.Kind),
		})
	}
	return out
}

// sentenceOf begins with a capital, unless it does with the name of a receiver.
func sentenceOf(s, receiver string) string {
	if s == "" || receiver != "" && strings.HasPrefix(s, receiver) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func stepTone(k alerting.StepKind) string {
	switch k {
	case alerting.StepFiring, alerting.StepRetried, alerting.StepGaveUp, alerting.StepFailing:
		return "err"
	case alerting.StepPending, alerting.StepKept, alerting.StepSilenced, alerting.StepInhibited, alerting.StepMuted:
		return "warn"
	case alerting.StepSent, alerting.StepOver, alerting.StepResolved, alerting.StepWorks:
		return "ok"
	}
	return ""
}

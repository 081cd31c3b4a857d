package dispatch

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"tripod/alerting"
)

// keepExpired is how long an expired silence can be looked up. Alertmanager has
// five days; a back-test over a week asks for those of that time.
const keepExpired = 8 * 24 * time.Hour

// maxSilences bounds silences, expired ones included.
const maxSilences = 10_000

// SetSilence makes a silence under newID, or changes the one with s.ID when
// nothing but its end, its words and a start to come differ; otherwise the old
// one expires and the new one takes its place. It returns the id.
func (c *Core) SetSilence(now time.Time, s alerting.Silence, newID string) (string, error) {
	if s.StartsAt.IsZero() {
		s.StartsAt = now
	}
	if err := checkSilence(s, now); err != nil {
		return "", err
	}
	old := c.silences[s.ID]
	if s.ID != "" && old == nil {
		return "", fmt.Errorf("silence %.100q: %w", s.ID, alerting.ErrNotFound)
	}
	s.UpdatedAt = now
	if old != nil && old.canBecome(s, now) {
		return s.ID, c.putSilence(s)
	}
	if len(c.silences) >= maxSilences {
		return "", fmt.Errorf("%d silences, at most %d: %w", len(c.silences), maxSilences, alerting.ErrInvalid)
	}
	if old != nil {
		if err := c.ExpireSilence(now, s.ID); err != nil {
			return "", err
		}
	}
	s.ID = newID
	if s.StartsAt.Before(now) {
		s.StartsAt = now
	}
	return s.ID, c.putSilence(s)
}

// ExpireSilence ends a silence now; one that has ended stays as it is.
func (c *Core) ExpireSilence(now time.Time, id string) error {
	old := c.silences[id]
	if old == nil {
		return fmt.Errorf("silence %.100q: %w", id, alerting.ErrNotFound)
	}
	s := old.Silence
	switch s.State(now) {
	case alerting.SilenceExpired:
		return nil
	case alerting.SilencePending:
		s.StartsAt = now
	}
	s.EndsAt, s.UpdatedAt = now, now
	return c.putSilence(s)
}

// Silences are all of them: active ones first, those that end next first.
func (c *Core) Silences(now time.Time) []alerting.Silence {
	out := make([]alerting.Silence, 0, len(c.silences))
	for _, s := range c.silences {
		out = append(out, s.Silence)
	}
	rank := map[alerting.SilenceState]int{alerting.SilencePending: 1, alerting.SilenceExpired: 2}
	slices.SortFunc(out, func(a, b alerting.Silence) int {
		by := a.EndsAt.Compare(b.EndsAt)
		switch a.State(now) {
		case alerting.SilencePending:
			by = a.StartsAt.Compare(b.StartsAt)
		case alerting.SilenceExpired:
			by = -by
		}
		return cmp.Or(cmp.Compare(rank[a.State(now)], rank[b.State(now)]), by, cmp.Compare(a.ID, b.ID))
	})
	return out
}

// silence is a silence with its matchers ready.
type silence struct {
	alerting.Silence
	matchers labels.Matchers
}

func (c *Core) putSilence(s alerting.Silence) error {
	ms, err := compile(s.Matchers)
	if err != nil {
		return err
	}
	c.silences[s.ID] = &silence{s, ms}
	c.changed.silences[s.ID] = true
	return nil
}

func (s *silence) canBecome(n alerting.Silence, now time.Time) bool {
	if !slices.Equal(s.Matchers, n.Matchers) {
		return false
	}
	switch s.State(now) {
	case alerting.SilenceActive:
		return s.StartsAt.Unix() == n.StartsAt.Unix() && !n.EndsAt.Before(now)
	case alerting.SilencePending:
		return !n.StartsAt.Before(now)
	}
	return false
}

func checkSilence(s alerting.Silence, now time.Time) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf(format+": %w", append(args, alerting.ErrInvalid)...)
	}
	switch {
	case !s.EndsAt.After(s.StartsAt):
		return bad("start time must be before end time")
	case s.EndsAt.Before(now):
		return bad("end time can't be in the past")
	case len(s.Matchers) == 0:
		return bad("at least one matcher required")
	case len(s.Matchers) > 100 || len(s.Comment) > 10_000 || len(s.CreatedBy) > 1000:
		return bad("a silence of more than 100 matchers or with too long words")
	}
	ms, err := compile(s.Matchers)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches("") }) {
		return bad("at least one matcher must not match the empty string")
	}
	return nil
}

func compile(list []alerting.Matcher) (labels.Matchers, error) {
	var out labels.Matchers
	var faults []error
	for i, m := range list {
		kind := labels.MatchEqual
		switch {
		case m.IsRegex && m.IsEqual:
			kind = labels.MatchRegexp
		case m.IsRegex:
			kind = labels.MatchNotRegexp
		case !m.IsEqual:
			kind = labels.MatchNotEqual
		}
		compiled, err := labels.NewMatcher(kind, m.Name, m.Value)
		if err == nil && !model.LabelName(m.Name).IsValid() {
			err = fmt.Errorf("invalid label name %q", m.Name)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("invalid label matcher %d: %w: %w", i, err, alerting.ErrInvalid))
			continue
		}
		out = append(out, compiled)
	}
	return out, errors.Join(faults...)
}

// silencedBy names the silences that hold an alert back now, sorted.
func (c *Core) silencedBy(set map[string]string, now time.Time) []string {
	var ids []string
	for id, s := range c.silences {
		if s.State(now) == alerting.SilenceActive && matches(s.matchers, set) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// forgetSilences drops those that expired long ago.
func (c *Core) forgetSilences(now time.Time) {
	for id, s := range c.silences {
		if s.EndsAt.Add(keepExpired).Before(now) {
			delete(c.silences, id)
			c.changed.silences[id] = true
		}
	}
}

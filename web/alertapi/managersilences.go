package alertapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/store"
	"tripod/web"
)

func (m *Manager) listSilences(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	wanted, _, err := config.Filter(append(q["filter"], q["filter[]"]...))
	states := map[alerting.SilenceState]bool{}
	for _, s := range [...]alerting.SilenceState{alerting.SilenceActive, alerting.SilencePending, alerting.SilenceExpired} {
		on, flagErr := yes(q, string(s))
		err = errors.Join(err, flagErr)
		states[s] = on
	}
	if err != nil {
		sorry(w, err)
		return
	}
	now := time.Now()
	out := []silenceForm{}
	for _, s := range m.doors.Silences.Silences() {
		if states[s.State(now)] && !slices.ContainsFunc(wanted, func(m alerting.Matcher) bool { return !slices.Contains(s.Matchers, m) }) {
			out = append(out, silenceOf(s, now))
		}
	}
	web.JSON(w, http.StatusOK, out)
}

func (m *Manager) getSilence(w http.ResponseWriter, r *http.Request) {
	for _, s := range m.doors.Silences.Silences() {
		if s.ID == r.PathValue("id") {
			web.JSON(w, http.StatusOK, silenceOf(s, time.Now()))
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (m *Manager) deleteSilence(w http.ResponseWriter, r *http.Request) {
	switch err := m.doors.Silences.ExpireSilence(r.PathValue("id")); {
	case errors.Is(err, alerting.ErrNotFound):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		sorry(w, err)
	}
}

func (m *Manager) postSilence(w http.ResponseWriter, r *http.Request) {
	form, err := readJSON[silenceForm](w, r)
	if err != nil {
		sorry(w, err)
		return
	}
	s, err := form.silence()
	if err != nil {
		sorry(w, err)
		return
	}
	id, err := m.doors.Silences.SetSilence(s)
	switch {
	case errors.Is(err, alerting.ErrNotFound):
		web.JSON(w, http.StatusNotFound, err.Error())
	case errors.Is(err, alerting.ErrInvalid):
		web.JSON(w, http.StatusBadRequest, err.Error())
	case err != nil:
		sorry(w, err)
	default:
		web.JSON(w, http.StatusOK, map[string]string{"silenceID": id})
	}
}

func (f *silenceForm) silence() (alerting.Silence, error) {
	s := alerting.Silence{ID: f.ID, CreatedBy: f.CreatedBy, Comment: f.Comment, Annotations: f.Annotations}
	for name, at := range map[string]struct {
		text string
		to   *time.Time
	}{"startsAt": {f.StartsAt, &s.StartsAt}, "endsAt": {f.EndsAt, &s.EndsAt}} {
		if at.text == "" {
			return s, fmt.Errorf("%s is required: %w", name, store.ErrInvalid)
		}
		var err error
		if *at.to, err = time.Parse(time.RFC3339, at.text); err != nil {
			return s, fmt.Errorf("%s %.60q: want a time such as 2026-03-12T14:06:00Z: %w", name, at.text, store.ErrInvalid)
		}
	}
	for _, m := range f.Matchers {
		s.Matchers = append(s.Matchers, alerting.Matcher{Name: m.Name, Value: m.Value, IsRegex: m.IsRegex, IsEqual: m.IsEqual == nil || *m.IsEqual})
	}
	return s, nil
}

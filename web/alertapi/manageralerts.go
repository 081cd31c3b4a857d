package alertapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/store"
	"tripod/web"
)

// choice is what the parameters of /alerts and /alerts/groups leave.
type choice struct {
	active, silenced, inhibited, unprocessed, muted bool
	fits                                            func(map[string]string) bool
	receiver                                        *regexp.Regexp // nil takes all
	receivers                                       func(map[string]string) bool
}

func parseChoice(q url.Values) (c choice, err error) {
	for name, to := range map[string]*bool{"active": &c.active, "silenced": &c.silenced, "inhibited": &c.inhibited, "unprocessed": &c.unprocessed, "muted": &c.muted} {
		if *to, err = yes(q, name); err != nil {
			return c, err
		}
	}
	if _, c.fits, err = config.Filter(append(q["filter"], q["filter[]"]...)); err != nil {
		return c, err
	}
	if _, c.receivers, err = config.Filter(q["receiver_matchers"]); err != nil {
		return c, err
	}
	if s := q.Get("receiver"); s != "" {
		if c.receiver, err = regexp.Compile("^(?:" + s + ")$"); err != nil {
			return c, fmt.Errorf("failed to parse receiver param: %w: %w", err, store.ErrInvalid)
		}
	}
	return c, nil
}

// yes is a parameter that is true unless it is given.
func yes(q url.Values, name string) (bool, error) {
	s := q.Get(name)
	if s == "" {
		return true, nil
	}
	v, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%s %.40q: want true or false: %w", name, s, store.ErrInvalid)
	}
	return v, nil
}

func (c *choice) takes(a alerting.AlertStatus) bool {
	return (c.active || a.Held()) && (c.silenced || len(a.SilencedBy) == 0) && (c.inhibited || len(a.InhibitedBy) == 0) && c.fits(a.Labels)
}

func (m *Manager) takesReceiver(c *choice, name string) bool {
	if c.receiver != nil && !c.receiver.MatchString(name) {
		return false
	}
	for _, r := range m.doors.Config().Receivers {
		if r.Name == name {
			return c.receivers(receiverLabels(r))
		}
	}
	return c.receivers(nil)
}

func (m *Manager) listAlerts(w http.ResponseWriter, r *http.Request) {
	c, err := parseChoice(r.URL.Query())
	if err != nil {
		sorry(w, err)
		return
	}
	out := []managedAlert{}
	for _, a := range m.doors.Alerts.Alerts() {
		if c.takes(a) && slices.ContainsFunc(a.Receivers, func(name string) bool { return m.takesReceiver(&c, name) }) {
			out = append(out, alertForm(a))
		}
	}
	web.JSON(w, http.StatusOK, out)
}

func (m *Manager) listGroups(w http.ResponseWriter, r *http.Request) {
	c, err := parseChoice(r.URL.Query())
	if err != nil {
		sorry(w, err)
		return
	}
	out := []alertGroup{}
	for _, g := range m.doors.Alerts.Groups() {
		form := alertGroup{Alerts: []managedAlert{}, Labels: filled(g.Labels), RouteLabels: filled(g.RouteLabels), Receiver: receiver{Name: g.Receiver}}
		if !c.muted && len(g.MutedBy) > 0 || !m.takesReceiver(&c, g.Receiver) {
			continue
		}
		for _, a := range g.Alerts {
			if c.takes(a) {
				form.Alerts = append(form.Alerts, alertForm(a))
			}
		}
		if len(form.Alerts) > 0 {
			out = append(out, form)
		}
	}
	web.JSON(w, http.StatusOK, out)
}

// postAlerts takes the good ones and names the faults of the others.
func (m *Manager) postAlerts(w http.ResponseWriter, r *http.Request) {
	posted, err := readJSON[[]postedAlert](w, r)
	if err != nil {
		sorry(w, err)
		return
	}
	var faults []error
	var alerts []alerting.Alert
	for i, p := range posted {
		for name, value := range p.Labels {
			if value == "" {
				delete(p.Labels, name)
			}
		}
		if err := p.check(); err != nil {
			faults = append(faults, fmt.Errorf("alert %d: %w: %w", i, err, store.ErrInvalid))
			continue
		}
		alerts = append(alerts, alerting.Alert{Labels: p.Labels, Annotations: p.Annotations, StartsAt: p.StartsAt, EndsAt: p.EndsAt, GeneratorURL: p.GeneratorURL})
	}
	if len(alerts) > 0 {
		m.doors.Alerts.Send(r.Context(), alerts...)
	}
	if err := errors.Join(faults...); err != nil {
		sorry(w, err)
	}
}

// maxLabels bounds the labels and annotations of one alert.
const maxLabels = 1000

func (p *postedAlert) check() error {
	switch {
	case len(p.Labels) == 0:
		return errors.New("at least one label pair required")
	case len(p.Labels)+len(p.Annotations) > maxLabels:
		return fmt.Errorf("more than %d labels and annotations", maxLabels)
	case !p.StartsAt.IsZero() && !p.EndsAt.IsZero() && p.EndsAt.Before(p.StartsAt):
		return errors.New("start time must be before end time")
	}
	for _, set := range [...]map[string]string{p.Labels, p.Annotations} {
		for name, value := range set {
			if !model.LabelName(name).IsValid() || !model.LabelValue(value).IsValid() {
				return fmt.Errorf("invalid label or annotation %.100q", name)
			}
		}
	}
	return nil
}

func readJSON[T any](w http.ResponseWriter, r *http.Request) (v T, err error) {
	body, err := web.Body(w, r)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("JSON: %w: %w", err, store.ErrInvalid)
	}
	return v, nil
}

// test sends an alert through the real routes: {"labels": {…}, "annotations": {…}}.
func (m *Manager) test(w http.ResponseWriter, r *http.Request) {
	asked, err := readJSON[postedAlert](w, r)
	if err == nil && len(asked.Labels) > 0 {
		err = asked.check()
	}
	if err != nil {
		refuse(w, fmt.Errorf("%w: %w", err, store.ErrInvalid))
		return
	}
	type result struct {
		Receiver    string  `json:"receiver"`
		Integration string  `json:"integration"`
		Group       string  `json:"group"`
		HeldBack    string  `json:"heldBack,omitempty"`
		Error       string  `json:"error,omitempty"`
		Seconds     float64 `json:"seconds"`
	}
	out := []result{}
	for _, t := range m.doors.Tester.Test(r.Context(), asked.Labels, asked.Annotations) {
		out = append(out, result{t.Receiver, t.Integration, t.Group, t.HeldBack, t.Error, t.Took.Seconds()})
	}
	answer(w, out)
}

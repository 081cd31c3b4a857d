package pages

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// Silences hold notifications back; what changes is kept when it returns.
type Silences interface {
	Silences() []alerting.Silence // active ones first
	SetSilence(s alerting.Silence) (id string, err error)
	ExpireSilence(id string) error
}

// Muted says what silences hold back, and would hold back.
type Muted interface {
	Alerts() []alerting.AlertStatus // that fire
	Silenced(list []alerting.Matcher) ([]alerting.AlertStatus, error)
	Coming(list []alerting.Matcher, alerts []alerting.Alert) ([]alerting.AlertStatus, error)
}

func (p *Pages) silences(mux *http.ServeMux) {
	p.get(mux, "GET /alerts/silences", p.silencesPage)
	p.get(mux, "POST /alerts/silences", p.silenceSave)
	p.get(mux, "POST /alerts/silences/preview", p.silencePreview)
	p.get(mux, "POST /alerts/silences/{id}/expire", p.silenceExpire)
}

// silencesPage lists silences beside the form of a new one, or of the one that
// the address names.
func (p *Pages) silencesPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Silences == nil {
		return errNoDoor
	}
	q, now := r.URL.Query(), p.o.Now()
	f := readSilence(q, now)
	clear(f.faults) // nobody has filled it in yet
	if id := q.Get("edit"); id != "" {
		all := p.o.Alerts.Silences.Silences()
		i := slices.IndexFunc(all, func(s alerting.Silence) bool { return s.ID == id })
		if i < 0 {
			return fmt.Errorf("there is no silence %.80q, or it ended long ago: %w", id, store.ErrNotFound)
		}
		f = editSilence(all[i], now)
	}
	return p.showSilences(w, r, http.StatusOK, f)
}

func (p *Pages) showSilences(w http.ResponseWriter, r *http.Request, status int, f silenceForm) error {
	st := p.state(r)
	m := screens.Silences{Form: f.model(st.Now), Look: p.silenceLook(&f), Back: st.Carry().Href("/alerts")}
	for _, s := range p.o.Alerts.Silences.Silences() {
		item := p.silenceItem(s, st.Now)
		if s.State(st.Now) == alerting.SilenceExpired {
			m.Over = append(m.Over, item)
		} else {
			m.Items = append(m.Items, item)
		}
	}
	pg := p.page(r.Context(), st, "alerts", "Silences", "alerts.css", "silence.css", "alerts.js")
	pg.Crumbs = []ui.Crumb{{Text: "Alerts", Href: m.Back}, {Text: "Silences"}}
	pg.Time, pg.Scope, pg.Refresh = nil, nil, 0
	return p.send(w, r, status, ui.Shell(pg), screens.SilencesPage(m))
}

func (p *Pages) postedSilence(w http.ResponseWriter, r *http.Request) (silenceForm, error) {
	if p.o.Alerts.Silences == nil {
		return silenceForm{}, errNoDoor
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRuleForm)
	if err := r.ParseForm(); err != nil {
		return silenceForm{}, fmt.Errorf("the form cannot be read: %w: %w", err, store.ErrInvalid)
	}
	return readSilence(r.PostForm, p.o.Now()), nil
}

func (p *Pages) silenceSave(w http.ResponseWriter, r *http.Request) error {
	f, err := p.postedSilence(w, r)
	if err != nil {
		return err
	}
	if r.PostForm.Get("do") == "preview" {
		return p.showSilences(w, r, http.StatusOK, f)
	}
	if len(f.faults) == 0 {
		_, err := p.o.Alerts.Silences.SetSilence(f.silence)
		switch {
		case err == nil:
			http.Redirect(w, r, silenceBack(f.back), http.StatusSeeOther)
			return nil
		case !errors.Is(err, alerting.ErrInvalid) && !errors.Is(err, alerting.ErrNotFound):
			return err
		}
		f.faults[""] = sentence(strings.TrimSuffix(err.Error(), ": "+alerting.ErrInvalid.Error()))
	}
	return p.showSilences(w, r, http.StatusBadRequest, f)
}

func silenceBack(sel string) string {
	if sel == "" {
		return "/alerts/silences"
	}
	return "/alerts?sel=" + urlQuery(sel) + "#silence"
}

func (p *Pages) silenceExpire(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Silences == nil {
		return errNoDoor
	}
	if err := p.o.Alerts.Silences.ExpireSilence(r.PathValue("id")); err != nil {
		return ruleFault(err)
	}
	http.Redirect(w, r, silenceBack(r.FormValue("back")), http.StatusSeeOther)
	return nil
}

// silencePreview answers the form while it is being filled in.
func (p *Pages) silencePreview(w http.ResponseWriter, r *http.Request) error {
	f, err := p.postedSilence(w, r)
	if err != nil {
		return err
	}
	m := p.silenceLook(&f)
	m.Errors = f.faults
	return p.fragment(w, r, http.StatusOK, screens.SilenceLook(m))
}

// silenceAlerts bounds the alerts that a preview names.
const silenceAlerts = 12

// silenceLook says which alerts of this moment the form's silence mutes, and
// who does not hear of them.
func (p *Pages) silenceLook(f *silenceForm) screens.SilenceLooks {
	var out screens.SilenceLooks
	if p.o.Alerts.Muted == nil || len(f.silence.Matchers) == 0 || f.faults["matchers"] != "" {
		return out
	}
	firing, err := p.o.Alerts.Muted.Silenced(f.silence.Matchers)
	var pending []alerting.AlertStatus
	if err == nil {
		pending, err = p.o.Alerts.Muted.Coming(f.silence.Matchers, p.pendingAlerts())
	}
	if err != nil {
		f.faults["matchers"] = sentence(strings.TrimSuffix(err.Error(), ": "+alerting.ErrInvalid.Error()))
		return out
	}
	now := p.o.Now()
	out.Say = silenceSays(len(firing), len(pending), f, now)
	receivers := map[string]bool{}
	for i, a := range slices.Concat(firing, pending) {
		for _, name := range a.Receivers {
			receivers[name] = true
		}
		if i == silenceAlerts {
			out.More = len(firing) + len(pending) - silenceAlerts
		}
		if i < silenceAlerts {
			out.Alerts = append(out.Alerts, p.silencedAlert(a, i < len(firing), f.silence.ID))
		}
	}
	out.Receivers = slices.Sorted(maps.Keys(receivers))
	return out
}

func silenceSays(firing, pending int, f *silenceForm, now time.Time) string {
	when := " until " + untilText(f.silence.EndsAt, now) + "."
	if f.faults["until"] != "" || f.faults["begin"] != "" {
		when = "."
	} else if f.silence.StartsAt.After(now.Add(time.Second)) {
		when = " from " + untilText(f.silence.StartsAt, now) + " to " + untilText(f.silence.EndsAt, now) + "."
	}
	switch {
	case firing == 0 && pending == 0:
		return "Matches no alert of this moment; mutes those that come" + when
	case pending == 0:
		return "Mutes " + alertsOf(firing, "firing") + when
	case firing == 0:
		return "Mutes " + alertsOf(pending, "pending") + when
	}
	return fmt.Sprintf("Mutes %d firing and %s%s", firing, alertsOf(pending, "pending"), when)
}

func alertsOf(n int, state string) string {
	if n == 1 {
		return "1 " + state + " alert"
	}
	return fmt.Sprintf("%d %s alerts", n, state)
}

func (p *Pages) silencedAlert(a alerting.AlertStatus, firing bool, self string) screens.SilencedAlert {
	out := screens.SilencedAlert{Name: a.Name(), Tone: "warn", Word: "pending", Receivers: a.Receivers}
	if firing {
		out.Tone, out.Word = "err", "firing"
	}
	if name := a.Service(); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
	}
	if slices.ContainsFunc(a.SilencedBy, func(id string) bool { return id != self }) {
		out.Already = true
	}
	return out
}

// pendingAlerts are those of all rules.
func (p *Pages) pendingAlerts() (out []alerting.Alert) {
	if p.o.Alerts.Rules == nil {
		return nil
	}
	for _, g := range p.o.Alerts.Rules.Groups() {
		for _, r := range g.Rules {
			for _, a := range r.Alerts {
				if a.State == alerting.Pending {
					out = append(out, alerting.Alert{Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.ActiveAt})
				}
			}
		}
	}
	return out
}

// alertSilence is the silence form of a rule, filled in with what its alerts
// have in common, and the silences that hold it back.
func (p *Pages) alertSilence(st State, e alertEntry) *screens.AlertSilence {
	if p.o.Alerts.Silences == nil {
		return nil
	}
	f := readSilence(silenceQuery(commonLabels(e.rule)), st.Now)
	f.back = e.key
	out := &screens.AlertSilence{Form: f.model(st.Now), Look: p.silenceLook(&f)}
	for _, s := range p.silencesOf(e.rule, st.Now) {
		out.Items = append(out.Items, p.silenceItem(s, st.Now))
	}
	return out
}

// commonLabels are alertname, and the service and severity that all alerts share.
func commonLabels(r alerting.Rule) [][2]string {
	out := [][2]string{{"alertname", r.Name}}
	for _, name := range [...]string{"service_name", "service", "severity"} {
		value := ""
		for i, a := range r.Alerts {
			if v := a.Labels[name]; i == 0 {
				value = v
			} else if v != value {
				value = ""
				break
			}
		}
		if value != "" && (name != "severity" || r.Labels["severity"] == "") {
			out = append(out, [2]string{name, value})
		}
	}
	return out
}

// silencesOf are those to come or active that hold alerts of a rule back, or
// name it.
func (p *Pages) silencesOf(r alerting.Rule, now time.Time) (out []alerting.Silence) {
	if p.o.Alerts.Silences == nil {
		return nil
	}
	holding := map[string]bool{}
	if p.o.Alerts.Muted != nil {
		for _, a := range p.o.Alerts.Muted.Alerts() {
			for _, id := range a.SilencedBy {
				holding[id] = holding[id] || a.Name() == r.Name
			}
		}
	}
	for _, s := range p.o.Alerts.Silences.Silences() {
		names := slices.ContainsFunc(s.Matchers, func(m alerting.Matcher) bool {
			return m.Name == "alertname" && m.IsEqual && !m.IsRegex && m.Value == r.Name
		})
		if s.State(now) != alerting.SilenceExpired && (holding[s.ID] || names) {
			out = append(out, s)
		}
	}
	return out
}

// heldRules are the rules all of whose firing alerts are silenced, with the
// silence that ends last, by name.
func (p *Pages) heldRules() map[string]alerting.Silence {
	if p.o.Alerts.Muted == nil || p.o.Alerts.Silences == nil {
		return nil
	}
	by := map[string]alerting.Silence{}
	for _, s := range p.o.Alerts.Silences.Silences() {
		by[s.ID] = s
	}
	out, loud := map[string]alerting.Silence{}, map[string]bool{}
	for _, a := range p.o.Alerts.Muted.Alerts() {
		if len(a.SilencedBy) == 0 {
			loud[a.Name()] = true
		}
		for _, id := range a.SilencedBy {
			if s := by[id]; s.EndsAt.After(out[a.Name()].EndsAt) {
				out[a.Name()] = s
			}
		}
	}
	for name := range loud {
		delete(out, name)
	}
	return out
}

// silenceNote is what the list says of a rule that is silenced.
func silenceNote(s alerting.Silence, now time.Time) string {
	note := "until " + untilText(s.EndsAt, now)
	if why := cmp.Or(s.Comment, s.CreatedBy); why != "" {
		note += ", " + cut(why, 40)
	}
	return note
}

// silenceHref leads to the form of a silence for one alert.
func silenceHref(labels map[string]string) string {
	var list [][2]string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, [2]string{name, labels[name]})
	}
	return (&url.URL{Path: "/alerts/silences", RawQuery: silenceQuery(list).Encode()}).String()
}

// silencesWords are how many silences hold something back or will.
func (p *Pages) silencesWords(now time.Time) string {
	if p.o.Alerts.Silences == nil {
		return ""
	}
	n := 0
	for _, s := range p.o.Alerts.Silences.Silences() {
		if s.State(now) != alerting.SilenceExpired {
			n++
		}
	}
	if n == 0 {
		return "Silences"
	}
	return plural(n, "silence")
}
